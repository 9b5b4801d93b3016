/* again.h: runs that stop on their way and go on, and what of them must be equal. */
#ifndef AZ_TESTS_AGAIN_H
#define AZ_TESTS_AGAIN_H

#include "tiny.h"

enum ending { TO_THE_END, ON_REQUEST, BY_KILL };

/* How a run is to be made: the machine must not matter. */
struct again {
    const char *isa; /* NULL: the best */
    int threads;
    bool resume;
    int64_t at_step; /* where it stops */
    enum ending ending;
};

enum az_status again_run(const struct az_experiment *experiment, const char *name,
                         const struct again *way, struct az_train_result *result,
                         struct az_error *error);
/* It must succeed; `changes` says what is tested. */
void again_run_well(const struct az_experiment *experiment, const char *name,
                    const struct again *way, struct az_train_result *result, const char *changes);
/* In a child process, which must be killed. */
void again_run_and_kill(const struct az_experiment *experiment, const char *name,
                        const struct again *way, const char *changes);
void again_remove(const char *name);

/* The runs in tiny_path("straight") and tiny_path("resumed") have the same files, byte for byte,
 * but for run.json and the last column of metrics.csv, which tell of time; of HDF5 recordings every
 * frame and its sums. */
void again_same_files(const char *recording, const char *changes);
/* So do these, and they had the same results. */
void again_same_run(const struct az_train_result *a, const struct az_train_result *b,
                    const char *changes);

#endif
