#include "lab/schedule.h"

#include "base/random.h"

double az_schedule_lr(const struct az_experiment *experiment, int64_t step)
{
    double lr = experiment->optimizer.lr, last = experiment->optimizer.final_lr_ratio;
    int64_t warmup = experiment->optimizer.warmup_steps, steps = experiment->train.steps;
    if (step < warmup) return lr * (double)step / (double)warmup;
    int64_t start = warmup > 1 ? warmup : 1;
    double x = steps > start ? (double)(step - start) / (double)(steps - start) : 0;
    switch (experiment->optimizer.schedule) {
    case AZ_SCHEDULE_CONSTANT: break;
    case AZ_SCHEDULE_LINEAR: return lr * (1 - (1 - last) * x);
    case AZ_SCHEDULE_COSINE: return lr * (last + (1 - last) * (1 + az_cosine_turns(x / 2)) / 2);
    }
    return lr;
}
