/* run.json: all that is needed to know a run, and to make it again. docs/formats.md lists it. */
#include <string.h>

#include "azimuth/build.h"
#include "base/memory.h"
#include "lab/train_state.h"
#include "store/file.h"
#include "store/json.h"

static void add_hash(struct az_json *json, const char *key, struct az_hash hash)
{
    char text[AZ_HASH_TEXT_BYTES];
    az_hash_text(hash, text);
    az_json_text(json, key, text);
}

static void add_build(struct az_json *json)
{
    az_json_open(json, "azimuth", '{');
    az_json_text(json, "version", az_build_version());
    az_json_text(json, "revision", az_build_revision());
    az_json_text(json, "compiler", az_build_compiler());
    az_json_text(json, "flags", az_build_flags());
    az_json_close(json, '}');
}

/* Parameters come in table order, section by section. */
struct section {
    struct az_json *json;
    const char *open;
};

static void add_parameter(void *context, const struct az_parameter_view *view)
{
    struct section *section = context;
    if (!section->open || strcmp(section->open, view->section) != 0) {
        if (section->open) az_json_close(section->json, '}');
        az_json_open(section->json, view->section, '{');
        section->open = view->section;
    }
    if (view->quoted)
        az_json_text(section->json, view->key, view->value);
    else
        az_json_literal(section->json, view->key, view->value);
}

static void add_experiment(struct az_json *json, const struct az_experiment *experiment)
{
    struct section section = {.json = json};
    az_json_text(json, "experiment_file", experiment->path);
    az_json_open(json, "parameters", '{');
    az_experiment_visit(experiment, add_parameter, &section);
    if (section.open) az_json_close(json, '}');
    az_json_close(json, '}');
}

static void add_text(struct az_json *json, const struct az_train *train)
{
    az_json_open(json, "corpus", '{');
    az_json_unsigned(json, "bytes", train->corpus->text_bytes);
    az_json_unsigned(json, "tokens", train->corpus->count);
    add_hash(json, "hash", train->corpus->text_hash);
    az_json_close(json, '}');
    az_json_open(json, "tokenizer", '{');
    az_json_unsigned(json, "vocabulary", train->model_plan.vocabulary);
    az_json_unsigned(json, "live", train->tokens.live_count);
    az_json_unsigned(json, "dead", train->tokens.dead_count);
    add_hash(json, "hash", train->corpus->tokenizer_hash);
    az_json_close(json, '}');
}

static void add_types(struct az_json *json, const struct az_train *train)
{
    bool f32 = train->model_plan.compute == AZ_COMPUTE_F32;
    bool wide_state = train->optimizer->state_bytes == sizeof(float);
    az_json_open(json, "dtypes", '{');
    az_json_text(json, "parameters", az_dtype_name(AZ_DTYPE_BF16));
    az_json_text(json, "activations", az_dtype_name(f32 ? AZ_DTYPE_F32 : AZ_DTYPE_BF16));
    az_json_text(json, "gradients",
                 az_dtype_name(train->model_plan.gradient_f32 ? AZ_DTYPE_F32 : AZ_DTYPE_BF16));
    az_json_text(json, "moments", az_dtype_name(wide_state ? AZ_DTYPE_F32 : AZ_DTYPE_BF16));
    az_json_close(json, '}');
}

static void add_result(struct az_json *json, const struct az_train *train,
                       const struct az_train_result *result)
{
    az_json_integer(json, "steps", result->steps);
    if (result->resumed) az_json_integer(json, "resumed_step", result->resumed_step);
    az_json_text(json, "ended", result->ended[0] ? result->ended : "at its last step");
    add_hash(json, "fingerprint", result->fingerprint);
    az_json_real(json, "first_loss", (double)result->first_loss);
    az_json_real(json, "last_loss", (double)result->last_loss);
    az_json_unsigned(json, "parameter_count", train->parameters);
    az_json_open(json, "freeze", '{');
    az_json_unsigned(json, "dead", result->dead);
    az_json_unsigned(json, "frozen", result->frozen);
    az_json_integer(json, "guard_steps", result->guard_steps);
    az_json_integer(json, "first_step", result->first_freeze_step);
    az_json_integer(json, "median_step", result->median_freeze_step);
    az_json_integer(json, "last_step", result->last_freeze_step);
    az_json_close(json, '}');
}

static void add_timings(struct az_json *json, const struct az_train_result *result)
{
    az_json_open(json, "timings", '{');
    az_json_real(json, "steps_per_second", result->steps_per_second);
    az_json_real(json, "processor_seconds", result->processor_seconds);
    az_json_open(json, "seconds", '{');
    for (size_t p = 0; p < result->phase_count; p++)
        az_json_real(json, result->phases[p].name, result->phases[p].seconds);
    az_json_close(json, '}');
    az_json_close(json, '}');
}

enum az_status az_manifest_parameters(const struct az_experiment *experiment, char **text,
                                      struct az_error *error)
{
    struct az_json json;
    size_t length;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    add_experiment(&json, experiment);
    az_json_close(&json, '}');
    enum az_status status = az_json_take(&json, text, &length, error);
    az_json_free(&json);
    return status;
}

enum az_status az_manifest_write(const struct az_train *train, const struct az_train_result *result,
                                 const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_json json;
    char *text = NULL;
    size_t length;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    add_build(&json);
    add_experiment(&json, train->experiment);
    az_json_text(&json, "isa", train->kernels.name);
    az_json_integer(&json, "threads", az_pool_threads(train->pool));
    add_text(&json, train);
    add_types(&json, train);
    add_result(&json, train, result);
    add_timings(&json, result);
    az_json_unsigned(&json, "peak_memory_bytes", result->peak_memory_bytes);
    az_json_unsigned(&json, "planned_memory_bytes", train->plan.memory_bytes);
    az_json_close(&json, '}');
    AZ_TRY(az_json_take(&json, &text, &length, error));
    AZ_TRY(az_file_write(path, text, length, error));
out:
    az_memory_free(text);
    az_json_free(&json);
    return status;
}
