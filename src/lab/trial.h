/* trial.h: runs of an experiment that are made for their time, and thrown away. */
#ifndef AZ_LAB_TRIAL_H
#define AZ_LAB_TRIAL_H

#include "azimuth/train.h"
#include "base/raise.h"
#include "lab/floor.h"

struct az_trial {
    const struct az_experiment *experiment; /* its train.steps does not matter */
    enum az_isa isa;
    int threads;    /* 0: all */
    bool recording; /* as the experiment says; false: nothing */
    int64_t steps;  /* of a run; 0: as many as take about two seconds, filled in then */

    /* Filled: steps a second, over the rounds. The writer of the recording is beside the loop; when
     * it is slower, the loop would have to wait for it in a longer run, so its rate counts. */
    double median, least, most;
    struct az_train_result result; /* of the run that was the median one */
    struct az_train_plan plan;
};

/* Runs all trials once to warm up, then `rounds` times in turn, so that what the machine does
 * meanwhile hits all alike; rounds is at most AZ_TRIAL_ROUNDS. Everything goes to a temporary
 * directory, which is removed; tokenizers and texts stay in the cache. AZ_INTERRUPTED when the
 * progress asks to stop. */
#define AZ_TRIAL_ROUNDS 99
enum az_status az_trial_run(struct az_trial *trials, size_t count, unsigned rounds,
                            struct az_progress *progress, struct az_error *error);

/* Floors of one step of a trial that has run. */
void az_trial_floors(const struct az_trial *trial, struct az_floor floors[AZ_FLOOR_COUNT]);

#endif
