#include <string.h>

#include "lab/schedule.h"
#include "lab/train_state.h"

static void cut_batch(struct az_train *train, int64_t step)
{
    size_t context = train->model_plan.context;
    size_t offset = (size_t)train->experiment->train.target_offset;
    const uint32_t *ids = train->corpus->ids;
    az_batches_starts(train->batches, step, train->starts);
    for (size_t b = 0; b < train->model_plan.batch; b++) {
        const uint32_t *sequence = ids + train->starts[b];
        memcpy(train->inputs + b * context, sequence, context * sizeof *ids);
        memcpy(train->targets + b * context, sequence + offset, context * sizeof *ids);
    }
}

void az_train_step(struct az_train *train)
{
    int64_t step = train->step + 1;
    cut_batch(train, step);
    az_train_mark(train, AZ_CLOCK_BATCH);
    train->loss = az_model_gradient(train->model, train->inputs, train->targets);
    az_train_mark(train, AZ_CLOCK_GRADIENT);
    train->lr = az_schedule_lr(train->experiment, step);
    az_optimizer_step(train->optimizer, step, train->lr);
    train->clip = (float)train->optimizer->adamw.gradient_scale;
    az_train_mark(train, AZ_CLOCK_OPTIMIZER);
    az_model_values_changed(train->model);
    az_train_mark(train, AZ_CLOCK_PACKING);
    az_train_live_step(train->live, step, az_model_hidden(train->model), train->pool);
    az_train_motion_step(train->motion, step, train->pool);
    az_train_mark(train, AZ_CLOCK_MOTION);
    train->step = step;
    if (step == 1) train->first_loss = train->loss;
}
