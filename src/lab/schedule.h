/* schedule.h: the learning rate of a step.
 *
 * Warm-up: lr * t / warmup_steps for t <= warmup_steps. After it, with s = max(warmup_steps, 1),
 * T = train.steps and x = (t - s) / (T - s):
 *   constant  lr
 *   linear    lr * (1 - (1 - final_lr_ratio) * x)
 *   cosine    lr * (final_lr_ratio + (1 - final_lr_ratio) * (1 + cos(pi x)) / 2)
 * So the last step has lr * final_lr_ratio. Hugging Face's Trainer without warm-up is linear with
 * final_lr_ratio = 1 / T. */
#ifndef AZ_LAB_SCHEDULE_H
#define AZ_LAB_SCHEDULE_H

#include "azimuth/experiment.h"

/* step: 1..train.steps. */
double az_schedule_lr(const struct az_experiment *experiment, int64_t step);

#endif
