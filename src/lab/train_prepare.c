#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "lab/checkpoint.h"
#include "lab/model_state.h"
#include "lab/train_state.h"
#include "store/system.h"

void az_train_mark(struct az_train *train, enum az_train_clock clock)
{
    int64_t now_ns = az_clock_ns();
    train->clock_ns[clock] += now_ns - train->mark_ns;
    train->mark_ns = now_ns;
}

/* ---- text ---- */

/* az_model_gradient relies on it; a cache file that was tampered with would break it. */
static enum az_status check_ids(const struct az_corpus *corpus, struct az_error *error)
{
    size_t vocabulary = az_tokenizer_size(corpus->tokenizer);
    for (size_t n = 0; n < corpus->count; n++)
        if (corpus->ids[n] >= vocabulary)
            return az_error_raise(error, AZ_FORMAT,
                                  "token %zu of the text has id %" PRIu32
                                  ", beyond the vocabulary of %zu",
                                  n, corpus->ids[n], vocabulary);
    return AZ_OK;
}

static enum az_status open_text(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_experiment *experiment = train->experiment;
    AZ_TRY(az_corpus_open(&train->corpus, experiment, train->options->cache_directory,
                          train->progress, error));
    AZ_TRY(check_ids(train->corpus, error));
    struct az_sampler_plan plan = {.sampler = experiment->train.sampler,
                                   .tokens = train->corpus->count,
                                   .context = (size_t)experiment->model.context,
                                   .batch = (size_t)experiment->train.batch,
                                   .target_offset = (size_t)experiment->train.target_offset,
                                   .seed = experiment->seed.data};
    AZ_TRY(az_batches_create(&train->batches, &plan, error));
out:
    return status;
}

static enum az_status count_tokens(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t vocabulary = az_tokenizer_size(train->corpus->tokenizer);
    struct az_recorder_tokens *tokens = &train->tokens;
    AZ_TRY(az_memory_allocate(&train->counts, vocabulary, sizeof *train->counts, "the token counts",
                              error));
    AZ_TRY(az_batches_count(train->batches, train->corpus->ids, train->experiment->train.steps,
                            vocabulary, train->counts, error));
    AZ_TRY(az_memory_allocate(&tokens->dead, vocabulary, sizeof *tokens->dead, "the dead tokens",
                              error));
    AZ_TRY(az_memory_allocate(&tokens->live, vocabulary, sizeof *tokens->live, "the live tokens",
                              error));
    for (size_t v = 0; v < vocabulary; v++) {
        if (train->counts[v] == 0)
            tokens->dead[tokens->dead_count++] = (int64_t)v;
        else
            tokens->live[tokens->live_count++] = (int64_t)v;
    }
out:
    return status;
}

/* ---- the plan ---- */

static void plan_model(struct az_train *train)
{
    const struct az_experiment *experiment = train->experiment;
    train->model_plan = (struct az_model_plan){
        .layers = (size_t)experiment->model.layers,
        .width = (size_t)experiment->model.width,
        .heads = (size_t)experiment->model.heads,
        .context = (size_t)experiment->model.context,
        .ffn_width = (size_t)(experiment->model.ffn_multiplier * experiment->model.width),
        .vocabulary = az_tokenizer_size(train->corpus->tokenizer),
        .batch = (size_t)experiment->train.batch,
        .tied = experiment->model.tied,
        .compute = experiment->model.compute,
        .gradient_f32 = experiment->model.compute == AZ_COMPUTE_F32};
}

/* Names and shapes of the parameters come from a model that is laid out but has no memory. */
static enum az_status plan_recording(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_model *model = NULL;
    AZ_TRY(az_memory_allocate(&model, 1, sizeof *model, "the plan of the model", error));
    model->plan = train->model_plan;
    AZ_TRY(az_model_check_plan(&model->plan, error));
    AZ_TRY(az_model_lay_out(model, error));
    train->parameters = az_model_size(model);
    struct az_recorder_facts facts = {.experiment = train->experiment,
                                      .model = &train->model_plan,
                                      .parameters = az_model_parameter(model, 0),
                                      .parameter_count = az_model_parameter_count(model),
                                      .tokens = &train->tokens,
                                      .text_hash = train->corpus->text_hash,
                                      .tokenizer_hash = train->corpus->tokenizer_hash};
    AZ_TRY(az_recorder_plan_create(&train->recorder_plan, &facts, error));
out:
    if (model) az_model_release_layout(model);
    az_memory_free(model);
    return status;
}

/* numerics.md, section 4: p * (1 - lr * wd) rounds back to p for lr * wd below 2^-9. */
static void warn(struct az_train *train)
{
    const struct az_experiment *experiment = train->experiment;
    double product = experiment->optimizer.lr * experiment->optimizer.weight_decay;
    enum az_arithmetic arithmetic = experiment->optimizer.arithmetic;
    bool separate = arithmetic == AZ_ARITHMETIC_BF16 || arithmetic == AZ_ARITHMETIC_BF16_FOREACH ||
                    arithmetic == AZ_ARITHMETIC_BF16_LEGACY;
    if (!separate || !(product > 0) || product >= 0x1p-9) return;
    snprintf(train->plan.warning, sizeof train->plan.warning,
             "weight decay does nothing here: w * (1 - lr * weight_decay) rounds back to w in bf16 "
             "when lr * weight_decay (%.3g) is below 2^-9 = 0.00195",
             product);
}

static enum az_status make_plan(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_train_plan *plan = &train->plan;
    plan_model(train);
    AZ_TRY(plan_recording(train, error));
    plan->vocabulary = train->model_plan.vocabulary;
    plan->live = train->tokens.live_count;
    plan->dead = train->tokens.dead_count;
    plan->corpus_tokens = train->corpus->count;
    plan->parameters = train->parameters;
    plan->frames = (size_t)train->experiment->train.steps + 1;
    warn(train);
    struct az_budget_held held;
    if (train->checkpoint) AZ_TRY(az_train_held(train, &held, error));
    struct az_budget_facts facts = {.experiment = train->experiment,
                                    .model = &train->model_plan,
                                    .recorder = train->recorder_plan,
                                    .parameters = train->parameters,
                                    .dead = train->tokens.dead_count,
                                    .threads = az_pool_threads(train->pool),
                                    .directory = train->options->directory,
                                    .held = train->checkpoint ? &held : NULL};
    AZ_TRY(az_budget_fill(plan, &facts, error));
    AZ_TRY(az_budget_check(plan, &facts, error));
out:
    return status;
}

enum az_status az_train_prepare(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    train->mark_ns = az_clock_ns();
    AZ_TRY(az_experiment_check(train->experiment, error));
    AZ_TRY(az_kernels_default(&train->kernels, train->options->isa, error));
    AZ_TRY(az_pool_create(&train->pool, train->options->threads, error));
    AZ_TRY(open_text(train, error));
    AZ_TRY(count_tokens(train, error));
    if (train->checkpoint) AZ_TRY(az_checkpoint_check_text(train->checkpoint, train, error));
    az_train_mark(train, AZ_CLOCK_TEXT);
    AZ_TRY(make_plan(train, error));
out:
    return status;
}

/* ---- everything that a step needs ---- */

/* The data of each recorded tensor. Hidden states are looked up at every step. */
static void bind_sources(struct az_train *train)
{
    const struct az_recorder_plan *plan = train->recorder_plan;
    const struct az_optimizer *optimizer = train->optimizer;
    size_t last = az_model_parameter_count(train->model) - 1;
    const void *series[AZ_SERIES_COUNT] = {[AZ_SERIES_LOSS] = &train->loss,
                                           [AZ_SERIES_CLIP] = &train->clip,
                                           [AZ_SERIES_LR] = &train->lr};
    for (size_t s = 0; s < plan->source_count; s++) {
        const struct az_recorder_origin *origin = &plan->origins[s];
        if (origin->is_series) {
            plan->sources[s].data = series[origin->series];
            continue;
        }
        enum az_record record = origin->record;
        bool untied = record >= AZ_RECORD_UNEMBEDDING && record <= AZ_RECORD_UNEMBEDDING_VARIANCE;
        size_t number = record == AZ_RECORD_PARAMETERS ? origin->parameter : untied ? last : 0;
        size_t offset = az_model_parameter(train->model, number)->offset;
        const void *base = optimizer->target.values;
        if (record == AZ_RECORD_GRADIENT || record == AZ_RECORD_UNEMBEDDING_GRADIENT)
            base = optimizer->target.gradients;
        if (record == AZ_RECORD_MOMENTUM || record == AZ_RECORD_UNEMBEDDING_MOMENTUM)
            base = optimizer->m;
        if (record == AZ_RECORD_VARIANCE || record == AZ_RECORD_UNEMBEDDING_VARIANCE)
            base = optimizer->v;
        size_t element_bytes = az_dtype_bytes(plan->sources[s].recorded.dtype);
        plan->sources[s].data = (const unsigned char *)base + offset * element_bytes;
    }
}

static enum az_status make_batch(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t batch = train->model_plan.batch, positions = batch * train->model_plan.context;
    AZ_TRY(az_memory_allocate(&train->starts, batch, sizeof *train->starts, "a batch", error));
    AZ_TRY(az_memory_allocate(&train->inputs, positions, sizeof *train->inputs, "a batch", error));
    AZ_TRY(
        az_memory_allocate(&train->targets, positions, sizeof *train->targets, "a batch", error));
out:
    return status;
}

/* The state of the checkpoint, and what is derived from the parameters. */
static enum az_status take_up(struct az_train *train, struct az_error *error)
{
    enum az_status status = az_checkpoint_load(train->checkpoint, train, error);
    if (status != AZ_OK) return status;
    az_model_values_changed(train->model);
    az_train_motion_begin(train->motion);
    return AZ_OK;
}

enum az_status az_train_make(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_model_create(&train->model, &train->model_plan, &train->kernels, train->pool, error));
    if (!train->checkpoint) AZ_TRY(az_model_initialise(train->model, train->experiment, error));
    struct az_optimizer_target target = {.values = az_model_values(train->model),
                                         .gradients = az_model_gradients(train->model),
                                         .gradients_f32 = train->model_plan.gradient_f32,
                                         .count = az_model_size(train->model),
                                         .parameters = az_model_parameter(train->model, 0),
                                         .parameter_count = az_model_parameter_count(train->model)};
    AZ_TRY(az_optimizer_create(&train->optimizer, train->experiment, &train->kernels, train->pool,
                               &target, error));
    const struct az_parameter *last = &target.parameters[target.parameter_count - 1];
    AZ_TRY(az_train_motion_create(
        &train->motion, train->tokens.dead_count, train->model_plan.width, train->tokens.dead,
        target.values, train->model_plan.tied ? NULL : target.values + last->offset, error));
    AZ_TRY(az_train_live_create(&train->live, train->motion, train->optimizer,
                                train->model_plan.batch * train->model_plan.context, error));
    AZ_TRY(make_batch(train, error));
    train->loss = NAN;
    train->clip = 1;
    bind_sources(train);
    if (train->checkpoint) AZ_TRY(take_up(train, error));
    az_train_mark(train, AZ_CLOCK_SETUP);
out:
    return status;
}

void az_train_release(struct az_train *train)
{
    if (train->checkpoint)
        az_recorder_leave(train->recorder);
    else
        az_recorder_abort(train->recorder);
    az_checkpoint_close(train->checkpoint);
    az_metrics_abort(train->metrics);
    az_memory_free(train->starts);
    az_memory_free(train->inputs);
    az_memory_free(train->targets);
    az_train_live_free(train->live);
    az_train_motion_free(train->motion);
    az_optimizer_free(train->optimizer);
    az_model_free(train->model);
    az_recorder_plan_free(train->recorder_plan);
    az_memory_free(train->tokens.dead);
    az_memory_free(train->tokens.live);
    az_memory_free(train->counts);
    az_batches_free(train->batches);
    az_corpus_close(train->corpus);
    az_pool_free(train->pool);
    az_system_close(train->lock);
}
