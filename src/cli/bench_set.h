/* bench_set.h: experiments and the timed runs that are made of them. */
#ifndef AZ_CLI_BENCH_SET_H
#define AZ_CLI_BENCH_SET_H

#include "cli/bench.h"
#include "lab/floor.h"
#include "lab/trial.h"

struct az_bench_experiment {
    char name[64];
    struct az_experiment experiment;
};

struct az_bench_set {
    struct az_bench_experiment **experiments; /* each where it was when it was added */
    size_t experiment_count;
    struct az_trial *trials;
    struct az_bench_peaks *peaks; /* of each trial's instruction set and threads */
    size_t trial_count;
};

/* Adds a preset with overrides ("record.W=1"), a list that NULL ends, or NULL; *number is for
 * az_bench_set_trial. */
enum az_status az_bench_set_experiment(struct az_bench_set *set, const char *name,
                                       const char *const *overrides, size_t *number,
                                       struct az_error *error);
enum az_status az_bench_set_trial(struct az_bench_set *set, size_t experiment, enum az_isa isa,
                                  int threads, bool recording, struct az_error *error);
void az_bench_set_free(struct az_bench_set *set);

/* Measures peaks, then runs all trials with --rounds and --steps of the arguments. */
enum az_status az_bench_set_run(struct az_bench_set *set, const struct az_arguments *arguments,
                                struct az_progress *progress, struct az_error *error);

/* Name of the experiment that a trial is of. */
const char *az_bench_set_name(const struct az_bench_set *set, const struct az_trial *trial);

/* Steps a second if the threads had run all the time and other programs not at all: threads by the
 * processor time of a step. */
double az_bench_undisturbed(const struct az_trial *trial);

enum az_status az_bench_set_write_csv(const struct az_bench_set *set, const char *path,
                                      struct az_error *error);
enum az_status az_bench_set_print_json(const struct az_bench_set *set, struct az_error *error);

#define AZ_OPTION_BENCH_ROUNDS                                                                     \
    {                                                                                              \
        "--rounds", NULL, "N", "3", AZ_COMPLETE_NONE, false, false,                                \
            "runs of each kind, in turn; the median is told"                                       \
    }
#define AZ_OPTION_BENCH_STEPS                                                                      \
    {                                                                                              \
        "--steps", NULL, "N", "those of two seconds", AZ_COMPLETE_NONE, false, false,              \
            "steps of each run"                                                                    \
    }

#endif
