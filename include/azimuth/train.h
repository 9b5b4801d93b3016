/* train.h: a run: plan it, check it against the budget, train, record.
 *
 * The run directory is described in docs/formats.md. */
#ifndef AZIMUTH_TRAIN_H
#define AZIMUTH_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/hash.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

/* One line of the budget table: "recording: W", bytes on disk and bytes of memory. */
struct az_budget_line {
    char name[64];
    uint64_t memory_bytes, disk_bytes;
};

#define AZ_BUDGET_LINES 64

struct az_train_plan {
    size_t vocabulary, live, dead;
    size_t corpus_tokens;
    size_t parameters; /* elements, tied counted once */
    size_t frames;     /* steps + 1 */
    struct az_budget_line lines[AZ_BUDGET_LINES];
    size_t line_count;
    uint64_t memory_bytes, disk_bytes; /* totals */
    uint64_t recording_bytes;          /* of the disk total; at most, where it is packed */
    uint64_t recording_least_bytes;    /* an estimate where it is packed, else the same */
    bool resumed; /* the run goes on after resumed_step; disk_held_bytes are there already */
    int64_t resumed_step;
    uint64_t disk_held_bytes; /* of the disk total; frames that must be copied do not count */
    uint64_t memory_limit_bytes, recording_limit_bytes;
    uint64_t memory_free_bytes, disk_free_bytes; /* now, for this run; 0: not known */
    double seconds_estimate; /* of the steps to come, from a few or their floor; 0: not told */
    char warning[256];       /* such as: weight decay does nothing; or "" */
};

struct az_train_options {
    const char *directory;       /* of the run; created; must not hold a run, unless resume */
    bool resume;                 /* goes on from the checkpoint in the directory */
    const char *cache_directory; /* NULL: the default, see corpus.h */
    const char *isa;             /* NULL: the best, or AZ_ISA */
    int threads;                 /* 0: all */
    /* Called once when the plan is known and within the budget, before training; may be NULL. */
    void (*planned)(void *context, const struct az_train_plan *plan);
    void *context;
    bool untimed; /* az_train_plan: leaves seconds_estimate 0, and takes no step */
};

/* Where the time of the run went. Phases of the loop add up to less than its time: the rest is
 * telling the progress and the like. */
enum az_phase_place {
    AZ_PHASE_LOOP,    /* of the training loop */
    AZ_PHASE_PART,    /* part of the phase of the loop that its name says */
    AZ_PHASE_BESIDE,  /* on another thread, while the loop went on */
    AZ_PHASE_OUTSIDE, /* before the loop or after it */
};

struct az_train_phase {
    const char *name; /* "forward", "optimizer", "recording", ...; static */
    enum az_phase_place place;
    double seconds;
};

#define AZ_TRAIN_PHASES 32

struct az_train_result {
    int64_t steps; /* done: fewer than asked when the run ended early */
    bool resumed;  /* then times are of the steps after resumed_step */
    int64_t resumed_step;
    char ended[256]; /* why it ended early, or "" */
    float first_loss, last_loss;
    double steps_per_second;  /* of the training loop alone */
    double processor_seconds; /* that all threads ran in the loop; other programs do not count */
    struct az_hash fingerprint;
    uint64_t peak_memory_bytes;
    /* Dead tokens, and the frozen ones among them: no motion in the last guard_steps = max(100,
     * steps / 10). A token freezes at its last motion step + 1; the three steps are over the frozen
     * ones, the lower median, 0 where none froze. docs/definitions.md, "Motion". */
    size_t dead, frozen;
    int64_t guard_steps, first_freeze_step, median_freeze_step, last_freeze_step;
    struct az_train_phase phases[AZ_TRAIN_PHASES];
    size_t phase_count;
    char recording[AZ_TEXT_BYTES]; /* path of the file */
};

/* Reads the corpus, fills the plan (the table also when it is over the budget, which is AZ_BUDGET),
 * makes the model and takes a few steps for the time estimate. Writes nothing but the cache. With
 * options->resume the plan of going on with the run in the directory: errors as of az_train_run. */
AZ_API enum az_status az_train_plan(const struct az_experiment *experiment,
                                    const struct az_train_options *options,
                                    struct az_train_plan *plan, struct az_progress *progress,
                                    struct az_error *error);

/* The experiment of a run that was begun, from its checkpoint: AZ_MISSING when there is none. */
AZ_API enum az_status az_train_read_experiment(const char *directory,
                                               struct az_experiment *experiment,
                                               struct az_error *error);

/* The whole run. A stop asked for through progress ends after the current step with everything
 * written, and is AZ_OK with result->steps < experiment->train.steps; so does a loss that is not
 * finite. When a frame cannot be written the run ends with that error, and the recording keeps the
 * frames that were whole.
 *
 * options->resume: goes on from the last checkpoint of the directory to the same bits as a run that
 * never stopped, whatever stopped it; frames after the checkpoint are written again. The experiment
 * is that of the run (az_train_read_experiment), but for the parameters that change no bit of the
 * steps done: AZ_USAGE names those that would. AZ_USAGE also when the run is complete or diverged,
 * AZ_FORMAT when a file is damaged or not this run's, AZ_IO when another process runs there. */
AZ_API enum az_status az_train_run(const struct az_experiment *experiment,
                                   const struct az_train_options *options,
                                   struct az_train_result *result, struct az_progress *progress,
                                   struct az_error *error);

#endif
