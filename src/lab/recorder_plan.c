#include "lab/recorder_plan.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- rows and steps ---- */

static enum az_status choose_rows(struct az_recorder_plan *plan,
                                  const struct az_recorder_facts *facts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_experiment *experiment = facts->experiment;
    const struct az_recorder_tokens *tokens = facts->tokens;
    if (experiment->record.rows == AZ_ROWS_ALL) {
        plan->row_count = facts->model->vocabulary;
        return AZ_OK;
    }
    if (experiment->record.rows == AZ_ROWS_LIST)
        return az_recorder_read_rows(experiment->record.row_file, facts->model->vocabulary,
                                     &plan->rows, &plan->row_count, error);
    bool dead = experiment->record.rows == AZ_ROWS_DEAD;
    plan->row_count = dead ? tokens->dead_count : tokens->live_count;
    if (plan->row_count == 0)
        AZ_RAISE(AZ_USAGE,
                 "record.rows = %s: all %zu tokens of the vocabulary are %s; take record.rows = "
                 "all, or a text or tokenizer of another kind",
                 dead ? "dead" : "live", facts->model->vocabulary, dead ? "live" : "dead");
    AZ_TRY(az_memory_allocate(&plan->rows, plan->row_count, sizeof *plan->rows, "the recorded rows",
                              error));
    memcpy(plan->rows, dead ? tokens->dead : tokens->live, plan->row_count * sizeof *plan->rows);
out:
    return status;
}

/* first_step: 0, or 1 for the hidden states, which the start does not have. */
static int64_t frames_of(const struct az_cadence *cadence, int64_t steps, int64_t first_step)
{
    return az_cadence_frames(cadence, steps) - (first_step > 0);
}

/* Leaves NULL where frames follow one another step by step. */
static enum az_status list_steps(struct az_recorder_plan *plan, enum az_record record,
                                 const struct az_cadence *cadence, int64_t steps,
                                 int64_t first_step, struct az_error *error)
{
    int64_t frames = frames_of(cadence, steps, first_step);
    if (plan->steps[record] || frames == steps + 1 - first_step) return AZ_OK;
    enum az_status status = az_memory_allocate(&plan->steps[record], (size_t)frames,
                                               sizeof(int64_t), "the recorded steps", error);
    if (status != AZ_OK) return status;
    int64_t frame = 0;
    for (int64_t step = first_step; step <= steps; step++)
        if (az_cadence_records(cadence, step)) plan->steps[record][frame++] = step;
    return AZ_OK;
}

/* ---- tensors ---- */

/* A new source with everything but its shape. */
static struct az_recorder_source *add_source(struct az_recorder_plan *plan, const char *name,
                                             enum az_dtype dtype, struct az_cadence cadence,
                                             struct az_recorder_origin origin)
{
    struct az_recorder_source *source = &plan->sources[plan->source_count];
    plan->origins[plan->source_count++] = origin;
    source->cadence = cadence;
    source->recorded.dtype = dtype;
    source->recorded.frame_bytes = az_dtype_bytes(dtype);
    snprintf(source->recorded.name, sizeof source->recorded.name, "%s", name);
    return source;
}

static enum az_status add_dimension(struct az_recorder_source *source, size_t size,
                                    struct az_error *error)
{
    source->recorded.frame_shape[source->recorded.frame_rank++] = (int64_t)size;
    size_t bytes;
    enum az_status status = az_size_multiply(source->recorded.frame_bytes, size, &bytes, error);
    source->recorded.frame_bytes = bytes;
    return status;
}

static enum az_dtype type_of(const struct az_recorder_facts *facts, enum az_record record)
{
    switch (record) {
    case AZ_RECORD_GRADIENT:
    case AZ_RECORD_UNEMBEDDING_GRADIENT:
        return facts->model->gradient_f32 ? AZ_DTYPE_F32 : AZ_DTYPE_BF16;
    case AZ_RECORD_MOMENTUM:
    case AZ_RECORD_VARIANCE:
    case AZ_RECORD_UNEMBEDDING_MOMENTUM:
    case AZ_RECORD_UNEMBEDDING_VARIANCE:
        return az_arithmetic_state_bytes(facts->experiment->optimizer.arithmetic) == 4
                   ? AZ_DTYPE_F32
                   : AZ_DTYPE_BF16;
    default: return AZ_DTYPE_BF16;
    }
}

static enum az_status add_matrix(struct az_recorder_plan *plan,
                                 const struct az_recorder_facts *facts, enum az_record record,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorder_source *source = add_source(
        plan, az_record_name(record), type_of(facts, record),
        facts->experiment->record.cadence[record], (struct az_recorder_origin){.record = record});
    source->zeros_at_start = record != AZ_RECORD_W && record != AZ_RECORD_UNEMBEDDING;
    source->row_bytes = facts->model->width * az_dtype_bytes(source->recorded.dtype);
    source->recorded.token_ids = plan->rows;
    AZ_TRY(add_dimension(source, plan->row_count, error));
    AZ_TRY(add_dimension(source, facts->model->width, error));
out:
    return status;
}

static enum az_status add_hidden(struct az_recorder_plan *plan,
                                 const struct az_recorder_facts *facts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorder_source *source =
        add_source(plan, az_record_name(AZ_RECORD_HIDDEN), AZ_DTYPE_BF16,
                   facts->experiment->record.cadence[AZ_RECORD_HIDDEN],
                   (struct az_recorder_origin){.record = AZ_RECORD_HIDDEN});
    source->recorded.first_step = 1;
    AZ_TRY(add_dimension(source, facts->model->batch, error));
    AZ_TRY(add_dimension(source, facts->model->context, error));
    AZ_TRY(add_dimension(source, facts->model->width, error));
out:
    return status;
}

static bool recorded_elsewhere(const struct az_recorder_facts *facts, size_t parameter)
{
    return parameter == 0 || (!facts->model->tied && parameter + 1 == facts->parameter_count);
}

static enum az_status add_parameters(struct az_recorder_plan *plan,
                                     const struct az_recorder_facts *facts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t p = 0; p < facts->parameter_count; p++) {
        if (recorded_elsewhere(facts, p)) continue;
        const struct az_parameter *parameter = &facts->parameters[p];
        char name[AZ_TENSOR_NAME_BYTES];
        snprintf(name, sizeof name, "%s/%s", az_record_name(AZ_RECORD_PARAMETERS), parameter->name);
        struct az_recorder_source *source = add_source(
            plan, name, AZ_DTYPE_BF16, facts->experiment->record.cadence[AZ_RECORD_PARAMETERS],
            (struct az_recorder_origin){.record = AZ_RECORD_PARAMETERS, .parameter = p});
        for (int d = 0; d < parameter->rank; d++)
            AZ_TRY(add_dimension(source, parameter->shape[d], error));
    }
out:
    return status;
}

static enum az_status add_records(struct az_recorder_plan *plan,
                                  const struct az_recorder_facts *facts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int r = 0; r < AZ_RECORD_COUNT; r++) {
        enum az_record record = (enum az_record)r;
        if (facts->experiment->record.cadence[record].every <= 0) continue;
        if (record == AZ_RECORD_HIDDEN)
            AZ_TRY(add_hidden(plan, facts, error));
        else if (record == AZ_RECORD_PARAMETERS)
            AZ_TRY(add_parameters(plan, facts, error));
        else
            AZ_TRY(add_matrix(plan, facts, record, error));
    }
out:
    return status;
}

static void add_series(struct az_recorder_plan *plan)
{
    static const struct {
        const char *name;
        enum az_dtype dtype;
    } series[AZ_SERIES_COUNT] = {[AZ_SERIES_LOSS] = {"losses", AZ_DTYPE_F32},
                                 [AZ_SERIES_CLIP] = {"clip_coefficients", AZ_DTYPE_F32},
                                 [AZ_SERIES_LR] = {"learning_rates", AZ_DTYPE_F64}};
    for (int s = 0; s < AZ_SERIES_COUNT; s++)
        add_source(
            plan, series[s].name, series[s].dtype, (struct az_cadence){1, 0, 1},
            (struct az_recorder_origin){.is_series = true, .series = (enum az_recorder_series)s});
}

static enum az_status count_frames(struct az_recorder_plan *plan, int64_t steps,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t s = 0; s < plan->source_count; s++) {
        struct az_recorder_source *source = &plan->sources[s];
        struct az_recorded *recorded = &source->recorded;
        recorded->frames = frames_of(&source->cadence, steps, recorded->first_step);
        if (plan->origins[s].is_series) continue;
        enum az_record record = plan->origins[s].record;
        AZ_TRY(list_steps(plan, record, &source->cadence, steps, recorded->first_step, error));
        recorded->steps = plan->steps[record];
    }
out:
    return status;
}

/* ---- constants, as in Thimble 1 ---- */

static struct az_tensor *add_constant(struct az_recorder_plan *plan, const char *name,
                                      enum az_dtype dtype, const void *data)
{
    struct az_tensor *tensor = &plan->constants[plan->recording.constant_count++];
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->dtype = dtype;
    tensor->bytes = az_dtype_bytes(dtype);
    tensor->data = data;
    return tensor;
}

static void add_integer(struct az_recorder_plan *plan, const char *name, int64_t value)
{
    int64_t *place = &plan->integers[plan->recording.constant_count];
    *place = value;
    add_constant(plan, name, AZ_DTYPE_I64, place);
}

static void add_float(struct az_recorder_plan *plan, const char *name, double value)
{
    float *place = &plan->floats[plan->recording.constant_count];
    *place = (float)value;
    add_constant(plan, name, AZ_DTYPE_F32, place);
}

static void add_list(struct az_recorder_plan *plan, const char *name, const int64_t *list,
                     size_t count)
{
    struct az_tensor *tensor = add_constant(plan, name, AZ_DTYPE_I64, list);
    tensor->rank = 1;
    tensor->shape[0] = (int64_t)count;
    tensor->bytes = count * sizeof *list;
}

static void add_constants(struct az_recorder_plan *plan, const struct az_recorder_facts *facts)
{
    const struct az_experiment *experiment = facts->experiment;
    const struct az_recorder_tokens *tokens = facts->tokens;
    add_integer(plan, "vocab_size", (int64_t)facts->model->vocabulary);
    add_integer(plan, "hidden_dim", experiment->model.width);
    add_integer(plan, "n_layers", experiment->model.layers);
    add_integer(plan, "n_heads", experiment->model.heads);
    add_integer(plan, "max_seq_len", experiment->model.context);
    add_integer(plan, "batch_size", experiment->train.batch);
    add_integer(plan, "n_steps", experiment->train.steps);
    add_float(plan, "learning_rate", experiment->optimizer.lr);
    add_float(plan, "weight_decay", experiment->optimizer.weight_decay);
    add_float(plan, "adam_beta1", experiment->optimizer.beta1);
    add_float(plan, "adam_beta2", experiment->optimizer.beta2);
    add_float(plan, "adam_epsilon", experiment->optimizer.eps);
    add_float(plan, "init_sigma", experiment->model.sigma);
    add_integer(plan, "seed_embedding", (int64_t)experiment->seed.embedding);
    add_integer(plan, "seed_body", (int64_t)experiment->seed.body);
    add_integer(plan, "seed_data", (int64_t)experiment->seed.data);
    add_integer(plan, "n_live", (int64_t)tokens->live_count);
    add_integer(plan, "n_dead", (int64_t)tokens->dead_count);
    add_list(plan, "live_indices", tokens->live, tokens->live_count);
    add_list(plan, "dead_indices", tokens->dead, tokens->dead_count);
    plan->recording.constants = plan->constants;
}

/* ---- metadata: every parameter, exactly ---- */

/* A visitor cannot fail: the first failure is kept here. */
struct metadata_writer {
    struct az_recorder_plan *plan;
    enum az_status status;
    struct az_error *error;
};

static enum az_status grow_metadata(struct az_recorder_plan *plan, struct az_error *error)
{
    if (plan->metadata_count + 3 <= plan->metadata_capacity) return AZ_OK;
    size_t capacity = plan->metadata_capacity + 256;
    enum az_status status = az_memory_grow(&plan->metadata, plan->metadata_capacity, capacity,
                                           sizeof(char *), "the recording's metadata", error);
    if (status == AZ_OK) plan->metadata_capacity = capacity;
    return status;
}

static enum az_status add_metadata(struct az_recorder_plan *plan, const char *key,
                                   const char *value, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(grow_metadata(plan, error));
    AZ_TRY(az_memory_copy_string(&plan->metadata[plan->metadata_count], key, error));
    plan->metadata_count++;
    AZ_TRY(az_memory_copy_string(&plan->metadata[plan->metadata_count], value, error));
    plan->metadata_count++;
out:
    return status;
}

static void visit_parameter(void *context, const struct az_parameter_view *view)
{
    struct metadata_writer *writer = context;
    if (writer->status != AZ_OK) return;
    char key[AZ_TEXT_BYTES];
    snprintf(key, sizeof key, "%s.%s", view->section, view->key);
    writer->status = add_metadata(writer->plan, key, view->value, writer->error);
}

/* Stochastic rounding draws by the place in the flat vector, where W begins at 0. */
static enum az_status tell_offset(struct az_recorder_plan *plan,
                                  const struct az_recorder_facts *facts, struct az_error *error)
{
    char text[32];
    if (facts->model->tied) return AZ_OK;
    snprintf(text, sizeof text, "%zu", facts->parameters[facts->parameter_count - 1].offset);
    return add_metadata(plan, AZ_RECORDER_OFFSET_U, text, error);
}

static enum az_status describe(struct az_recorder_plan *plan, const struct az_recorder_facts *facts,
                               struct az_error *error)
{
    struct metadata_writer writer = {plan, AZ_OK, error};
    char text[AZ_HASH_TEXT_BYTES];
    enum az_status status = AZ_OK;
    az_hash_text((struct az_hash){0, 0}, text); /* a place to write it to at the end */
    AZ_TRY(add_metadata(plan, AZ_RECORDER_FINGERPRINT, text, error));
    az_experiment_visit(facts->experiment, visit_parameter, &writer);
    AZ_TRY(writer.status);
    az_hash_text(facts->text_hash, text);
    AZ_TRY(add_metadata(plan, "corpus.hash", text, error));
    az_hash_text(facts->tokenizer_hash, text);
    AZ_TRY(add_metadata(plan, "tokenizer.hash", text, error));
    AZ_TRY(tell_offset(plan, facts, error));
    plan->recording.metadata = (const char *const *)plan->metadata;
out:
    return status;
}

/* ---- the whole ---- */

enum az_status az_recorder_plan_create(struct az_recorder_plan **plan_pointer,
                                       const struct az_recorder_facts *facts,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorder_plan *plan = NULL;
    *plan_pointer = NULL;
    size_t capacity = AZ_RECORD_COUNT + facts->parameter_count + AZ_SERIES_COUNT;
    AZ_TRY(az_memory_allocate(&plan, 1, sizeof *plan, "the plan of the recording", error));
    AZ_TRY(az_memory_allocate(&plan->sources, capacity, sizeof *plan->sources,
                              "the plan of the recording", error));
    AZ_TRY(az_memory_allocate(&plan->origins, capacity, sizeof *plan->origins,
                              "the plan of the recording", error));
    plan->recording.container = facts->experiment->record.container;
    plan->recording.compression = facts->experiment->record.compression;
    AZ_TRY(choose_rows(plan, facts, error));
    AZ_TRY(add_records(plan, facts, error));
    add_series(plan);
    AZ_TRY(count_frames(plan, facts->experiment->train.steps, error));
    add_constants(plan, facts);
    AZ_TRY(describe(plan, facts, error));
    *plan_pointer = plan;
out:
    if (status != AZ_OK) az_recorder_plan_free(plan);
    return status;
}

void az_recorder_plan_free(struct az_recorder_plan *plan)
{
    if (!plan) return;
    for (size_t n = 0; n < plan->metadata_count; n++) az_memory_free(plan->metadata[n]);
    for (int r = 0; r < AZ_RECORD_COUNT; r++) az_memory_free(plan->steps[r]);
    az_memory_free(plan->metadata);
    az_memory_free(plan->rows);
    az_memory_free(plan->origins);
    az_memory_free(plan->sources);
    az_memory_free(plan);
}

enum az_status az_recorder_plan_whole(const struct az_recorder_plan *plan,
                                      struct az_recording_plan *whole, struct az_recorded **tensors,
                                      struct az_error *error)
{
    enum az_status status = az_memory_allocate(tensors, plan->source_count, sizeof **tensors,
                                               "the plan of the recording", error);
    if (status != AZ_OK) return status;
    for (size_t s = 0; s < plan->source_count; s++) (*tensors)[s] = plan->sources[s].recorded;
    *whole = plan->recording;
    whole->tensors = *tensors;
    whole->tensor_count = plan->source_count;
    return AZ_OK;
}
