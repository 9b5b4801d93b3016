/* sweep.h: a sweep: an experiment, varied along axes, run after run into one directory.
 *
 * A sweep file is text as an experiment file is:
 *
 *     [sweep]
 *     name = Moments
 *     question = Does the type of Adam's moments decide who freezes?
 *     base = ../demo.conf              # beside this file
 *     grid = product                   # every combination; or each: one value changed at a time
 *     [set]                            # for all runs
 *     train.steps = 4000
 *     [vary]                           # an axis a line, its values separated by commas
 *     optimizer.arithmetic = bf16, f32
 *     seed.embedding = 1, 2, 3
 */
#ifndef AZIMUTH_SWEEP_H
#define AZIMUTH_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/hash.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

#define AZ_SWEEP_AXES 8
#define AZ_SWEEP_VALUES 64   /* of an axis */
#define AZ_SWEEP_SETTINGS 64 /* lines of [set] */
#define AZ_SWEEP_RUNS 4096   /* of a sweep */
#define AZ_SWEEP_NAME_BYTES 200

#define AZ_SWEEP_GRID_TABLE(X)                                                                     \
    X(AZ_SWEEP_PRODUCT, "product", "every combination of the axes' values")                        \
    X(AZ_SWEEP_EACH, "each", "the first value of every axis; then one axis changed at a time")

enum az_sweep_grid {
#define AZ_SWEEP_ENUMERATOR(id, name, meaning) id,
    AZ_SWEEP_GRID_TABLE(AZ_SWEEP_ENUMERATOR)
#undef AZ_SWEEP_ENUMERATOR
};

struct az_sweep_axis {
    char key[80]; /* "optimizer.arithmetic" */
    char *values[AZ_SWEEP_VALUES];
    size_t value_count;
};

struct az_sweep {
    char path[AZ_TEXT_BYTES], name[AZ_TEXT_BYTES], question[AZ_TEXT_BYTES];
    struct az_experiment base;
    enum az_sweep_grid grid;
    char *settings[AZ_SWEEP_SETTINGS]; /* "section.key=value" */
    size_t setting_count;
    struct az_sweep_axis axes[AZ_SWEEP_AXES];
    size_t axis_count;
};

/* Reads a sweep file. AZ_USAGE with file and line: unknown keys, values that an experiment refuses,
 * an axis twice or with a value twice, no axis, more runs than AZ_SWEEP_RUNS. Every run's
 * parameters are checked. Free in any case. */
AZ_API enum az_status az_sweep_read(struct az_sweep *sweep, const char *path,
                                    struct az_error *error);
AZ_API void az_sweep_free(struct az_sweep *sweep);

AZ_API size_t az_sweep_run_count(const struct az_sweep *sweep);
/* The value's number on each axis; the last axis changes fastest. */
AZ_API void az_sweep_indices(const struct az_sweep *sweep, size_t run,
                             size_t indices[AZ_SWEEP_AXES]);
/* The experiment of a run, and its name, which is that of its directory:
 * "arithmetic=bf16,embedding=1" (the key without its section where that is clear). */
AZ_API enum az_status az_sweep_experiment(const struct az_sweep *sweep, size_t run,
                                          struct az_experiment *experiment, struct az_error *error);
AZ_API void az_sweep_name(const struct az_sweep *sweep, size_t run, char name[AZ_SWEEP_NAME_BYTES]);

enum az_sweep_state {
    AZ_SWEEP_WAITING, /* not begun, or begun and stopped: the next call goes on with it */
    AZ_SWEEP_FOUND,   /* had ended before this call */
    AZ_SWEEP_DONE,    /* by this call */
    AZ_SWEEP_FAILED   /* see error */
};

/* What came out of a run, from its run.json. */
struct az_sweep_outcome {
    enum az_sweep_state state;
    char ended[256];
    char fingerprint[AZ_HASH_TEXT_BYTES];
    int64_t steps;
    double last_loss;
    int64_t dead, frozen, guard_steps, first_freeze_step, median_freeze_step, last_freeze_step;
    double steps_per_second;
    struct az_error error;
};

struct az_sweep_options {
    const char *directory;       /* of the sweep; each run gets a directory in it */
    const char *cache_directory; /* NULL: the default */
    const char *isa;             /* NULL: the best */
    int threads;                 /* of all runs together; 0: all */
    int jobs;                    /* runs at a time, at least 1; fewer where memory is short */
};

/* Runs all that has not ended yet, `jobs` at a time, each in a process of its own, so that one that
 * fails takes no other with it. Their memory together stays within the base's budget.memory, their
 * recordings within what is free on the disk: both are looked at before the first run begins.
 * outcomes[az_sweep_run_count]. A stop asked for through progress stops the runs after their
 * current step; AZ_INTERRUPTED. A run that failed does not end the others; its error is in its
 * outcome, and the call returns AZ_OK. AZ_USAGE: the directory holds a run by that name with other
 * parameters. Threads of the caller's process must not hold locks: it forks. */
AZ_API enum az_status az_sweep_execute(const struct az_sweep *sweep,
                                       const struct az_sweep_options *options,
                                       struct az_sweep_outcome *outcomes,
                                       struct az_progress *progress, struct az_error *error);

#endif
