#include "cli/report_run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "store/file.h"
#include "store/json.h"

#define MANIFEST_BYTES ((size_t)1 << 22)
#define PATH_BYTES 4096
#define MOST_PARAMETERS 256

static const json_t *at(const struct az_report_run *run, const char *object, const char *key)
{
    const json_t *inner = run->manifest;
    if (object) inner = json_object_get(inner, object);
    return json_object_get(inner, key);
}

static const char *text_at(const struct az_report_run *run, const char *object, const char *key)
{
    const char *text = json_string_value(at(run, object, key));
    return text ? text : "";
}

static void fill_texts(struct az_report_run *run)
{
    const json_t *parameters = json_object_get(run->manifest, "parameters");
    const json_t *experiment = json_object_get(parameters, "experiment");
    const char *name = json_string_value(json_object_get(experiment, "name"));
    const char *question = json_string_value(json_object_get(experiment, "question"));
    const char *source = json_string_value(json_object_get(experiment, "source"));
    snprintf(run->name, sizeof run->name, "%s", name && *name ? name : run->directory);
    snprintf(run->question, sizeof run->question, "%s", question ? question : "");
    snprintf(run->facts, sizeof run->facts, "%s%sazimuth %s, revision %s, %s, %s, %d threads",
             source ? source : "", source && *source ? " \xc2\xb7 " : "",
             text_at(run, "azimuth", "version"), text_at(run, "azimuth", "revision"),
             text_at(run, "azimuth", "compiler"), text_at(run, NULL, "isa"),
             (int)json_integer_value(at(run, NULL, "threads")));
}

enum az_status az_report_run_read(struct az_report_run *run, const char *directory,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    memset(run, 0, sizeof *run);
    run->directory = directory;
    AZ_TRY(az_path_join(path, sizeof path, directory, "run.json", error));
    if (!az_file_exists(path))
        AZ_RAISE(AZ_MISSING,
                 "%s: there is no run.json: expected the directory of a run that has ended "
                 "(azimuth train EXPERIMENT -o DIR)",
                 directory);
    AZ_TRY(az_json_read(path, MANIFEST_BYTES, &run->manifest, error));
    fill_texts(run);
out:
    return status;
}

void az_report_run_free(struct az_report_run *run)
{
    json_decref(run->manifest);
    run->manifest = NULL;
}

const char *az_report_run_fingerprint(const struct az_report_run *run)
{
    return text_at(run, NULL, "fingerprint");
}

/* ---- numbers ---- */

#define NUMBERS 12
struct texts {
    char value[64], note[128];
};

static void put_count(char *to, size_t capacity, const json_t *value)
{
    char text[AZ_UNIT_TEXT_BYTES] = "-";
    if (json_is_integer(value) && json_integer_value(value) >= 0)
        az_unit_count((uint64_t)json_integer_value(value), text);
    snprintf(to, capacity, "%s", text);
}

static void put_loss(const struct az_report_run *run, struct texts *t)
{
    snprintf(t->value, sizeof t->value, "%.4f", json_number_value(at(run, NULL, "last_loss")));
    snprintf(t->note, sizeof t->note, "nats per token; %.4f at step 1",
             json_number_value(at(run, NULL, "first_loss")));
}

static void put_frozen(const struct az_report_run *run, struct texts *share, struct texts *median)
{
    double dead = json_number_value(at(run, "freeze", "dead"));
    double frozen = json_number_value(at(run, "freeze", "frozen"));
    char count[AZ_UNIT_TEXT_BYTES], first[AZ_UNIT_TEXT_BYTES], last[AZ_UNIT_TEXT_BYTES];
    put_count(count, sizeof count, at(run, "freeze", "frozen"));
    snprintf(share->value, sizeof share->value, dead > 0 ? "%.1f %%" : "-",
             dead > 0 ? 100 * frozen / dead : 0);
    snprintf(share->note, sizeof share->note, "%s of them; still for the last %d steps", count,
             (int)json_integer_value(at(run, "freeze", "guard_steps")));
    snprintf(median->value, sizeof median->value, "-");
    snprintf(median->note, sizeof median->note, "none froze");
    if (!(frozen > 0)) return;
    put_count(median->value, sizeof median->value, at(run, "freeze", "median_step"));
    put_count(first, sizeof first, at(run, "freeze", "first_step"));
    put_count(last, sizeof last, at(run, "freeze", "last_step"));
    snprintf(median->note, sizeof median->note, "first %s, last %s", first, last);
}

void az_report_run_numbers(const struct az_report_run *run, struct az_report *report)
{
    static struct texts t[NUMBERS];
    char live[AZ_UNIT_TEXT_BYTES], rate[AZ_UNIT_TEXT_BYTES], peak[AZ_UNIT_TEXT_BYTES];
    memset(t, 0, sizeof t);
    put_count(t[0].value, sizeof t[0].value, at(run, NULL, "steps"));
    snprintf(t[0].note, sizeof t[0].note, "ended %.100s", text_at(run, NULL, "ended"));
    put_loss(run, &t[1]);
    put_count(t[2].value, sizeof t[2].value, at(run, NULL, "parameter_count"));
    put_count(t[3].value, sizeof t[3].value, at(run, "tokenizer", "vocabulary"));
    put_count(live, sizeof live, at(run, "tokenizer", "live"));
    snprintf(t[3].note, sizeof t[3].note, "%s live", live);
    put_count(t[4].value, sizeof t[4].value, at(run, "tokenizer", "dead"));
    put_frozen(run, &t[5], &t[6]);
    az_unit_rate(json_number_value(at(run, "timings", "steps_per_second")), rate);
    snprintf(t[7].value, sizeof t[7].value, "%s /s", rate);
    az_unit_bytes((uint64_t)json_integer_value(at(run, NULL, "peak_memory_bytes")), peak);
    snprintf(t[7].note, sizeof t[7].note, "peak memory %s", peak);
    const struct az_report_number numbers[] = {
        {"Steps", t[0].value, t[0].note, "Optimizer steps done. Frame 0 is the initial state."},
        {"Loss", t[1].value, t[1].note,
         "Mean cross-entropy of the step's batch, before the step; not of a held-out text."},
        {"Parameters", t[2].value, "tied counted once", NULL},
        {"Vocabulary", t[3].value, t[3].note,
         "Rows of the embedding. Live: presented to training as an input or a target."},
        {"Dead tokens", t[4].value, "never presented",
         "Tokens that occur neither as an input nor as a target in the sequences presented, "
         "counted there and not in the text file."},
        {"Frozen dead tokens", t[5].value, t[5].note,
         "A token is frozen when it has not moved for the last max(100, T/10) steps: no bit of its "
         "row changed, a sign flip of zero aside."},
        {"Median freeze step", t[6].value, t[6].note,
         "Freeze step of a token: the last step at which it moved, plus one. The lower median over "
         "the frozen tokens."},
        {"Speed", t[7].value, t[7].note,
         "Steps a second of the training loop, recording included."},
    };
    az_report_numbers(report, numbers, sizeof numbers / sizeof *numbers);
}

/* ---- parameters ---- */

struct parameters {
    char texts[MOST_PARAMETERS][2][160];
    const char *cells[MOST_PARAMETERS][2];
    size_t count;
};

static void put_parameter(struct parameters *parameters, const char *section, const char *key,
                          const json_t *value)
{
    if (parameters->count == MOST_PARAMETERS) return;
    char(*texts)[160] = parameters->texts[parameters->count];
    snprintf(texts[0], 160, "%.70s.%.80s", section, key);
    if (json_is_string(value)) {
        snprintf(texts[1], 160, "%.150s", json_string_value(value));
    } else {
        char *dumped = json_dumps(value, JSON_ENCODE_ANY);
        snprintf(texts[1], 160, "%.150s", dumped ? dumped : "");
        free(dumped);
    }
    parameters->cells[parameters->count][0] = texts[0];
    parameters->cells[parameters->count++][1] = texts[1];
}

void az_report_run_parameters(const struct az_report_run *run, struct az_report *report)
{
    static const char *const heads[] = {"parameter", "value"};
    struct parameters *parameters = NULL;
    const char *section, *key;
    json_t *members, *value;
    if (az_memory_allocate(&parameters, 1, sizeof *parameters, "parameters", NULL) != AZ_OK) return;
    json_object_foreach(json_object_get(run->manifest, "parameters"), section, members)
        json_object_foreach(members, key, value) put_parameter(parameters, section, key, value);
    az_report_table(report, &(struct az_report_table){.caption = "all parameters",
                                                      .heads = heads,
                                                      .cells = &parameters->cells[0][0],
                                                      .rows = parameters->count,
                                                      .columns = 2,
                                                      .folded = true});
    az_memory_free(parameters);
}
