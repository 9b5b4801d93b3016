/* train_state.h: everything a run is made of, shared by the train_*.c files. */
#ifndef AZ_LAB_TRAIN_STATE_H
#define AZ_LAB_TRAIN_STATE_H

#include "azimuth/corpus.h"
#include "azimuth/model.h"
#include "azimuth/pool.h"
#include "azimuth/train.h"
#include "lab/budget.h"
#include "lab/metrics.h"
#include "lab/optimizer.h"
#include "lab/recorder.h"
#include "lab/recorder_plan.h"
#include "lab/train_live.h"
#include "lab/train_motion.h"

/* Where time goes, besides the model's own phases and the recorder's. */
#define AZ_TRAIN_CLOCK_TABLE(X)                                                                    \
    X(AZ_CLOCK_TEXT, "reading the text")                                                           \
    X(AZ_CLOCK_SETUP, "setting up")                                                                \
    X(AZ_CLOCK_BATCH, "batch")                                                                     \
    X(AZ_CLOCK_GRADIENT, "gradient") /* all of the model's phases but packing */                   \
    X(AZ_CLOCK_OPTIMIZER, "optimizer")                                                             \
    X(AZ_CLOCK_PACKING, "packing") /* az_model_values_changed */                                   \
    X(AZ_CLOCK_MOTION, "measures")                                                                 \
    X(AZ_CLOCK_RECORDING, "recording")                                                             \
    X(AZ_CLOCK_METRICS, "metrics")                                                                 \
    X(AZ_CLOCK_CHECKPOINT, "checkpoints")                                                          \
    X(AZ_CLOCK_SAVING, "saving")

enum az_train_clock {
#define AZ_TRAIN_CLOCK_ENUMERATOR(id, name) id,
    AZ_TRAIN_CLOCK_TABLE(AZ_TRAIN_CLOCK_ENUMERATOR)
#undef AZ_TRAIN_CLOCK_ENUMERATOR
        AZ_CLOCK_COUNT
};

struct az_checkpoint;

struct az_train {
    const struct az_experiment *experiment;
    const struct az_train_options *options;
    struct az_progress *progress;
    struct az_kernels kernels;
    struct az_pool *pool;

    /* known before the model is made (train_prepare.c) */
    struct az_corpus *corpus;
    struct az_batches *batches;
    uint64_t *counts; /* [vocabulary] times that a token is presented */
    struct az_recorder_tokens tokens;
    struct az_model_plan model_plan;
    size_t parameters; /* elements of the flat vector */
    struct az_recorder_plan *recorder_plan;
    struct az_train_plan plan;

    /* what the next step depends on: checkpoint_state.c has the table of it */
    struct az_model *model;
    struct az_optimizer *optimizer;
    struct az_train_motion *motion;
    struct az_train_live *live;
    int64_t step; /* done */

    size_t *starts;             /* [batch] */
    uint32_t *inputs, *targets; /* [batch][context] */
    float loss, clip;           /* of the last step */
    double lr;
    float first_loss;

    struct az_recorder *recorder;
    struct az_recorder_summary recorded;
    struct az_metrics *metrics;
    int lock;            /* the directory, open and locked; -1: not */
    bool directory_made; /* by this run: removed if it comes to nothing */
    bool directory_ours; /* locked, and no file of a run was in it: what is there now is ours */

    struct az_checkpoint *checkpoint; /* that the run goes on from, or NULL */
    int64_t resumed_step;             /* its step; 0: the run began here */
    int64_t checkpoint_step;          /* of the last one written or read; -1: none */
    unsigned char fingerprint_state[AZ_HASHER_STATE_BYTES]; /* at that step */
    int64_t clock_ns[AZ_CLOCK_COUNT], mark_ns;
    int64_t loop_ns, process_ns; /* of the loop: on the clock, and run by all threads */
    char ended[256];             /* why before train.steps, or "" */
};

/* Charges the time since the last mark to a clock. */
void az_train_mark(struct az_train *train, enum az_train_clock clock);

/* ---- train_prepare.c ---- */
/* Reads the text, counts tokens, plans the recording, fills train->plan and checks it against the
 * budget. The plan is filled as far as it got, also on failure. */
enum az_status az_train_prepare(struct az_train *train, struct az_error *error);
/* Allocates everything that a step needs; the parameters get their initial values. */
enum az_status az_train_make(struct az_train *train, struct az_error *error);
void az_train_release(struct az_train *train);

/* ---- train_step.c ---- */
/* Step train->step + 1: batch, gradient, optimizer. Allocates nothing. */
void az_train_step(struct az_train *train);

/* ---- train_files.c ---- */
/* Makes the run's directory; refuses one that has a file of a run in it. */
enum az_status az_train_open_directory(struct az_train *train, struct az_error *error);
/* For a run that goes on: its directory and checkpoint; refuses one that is complete, or of other
 * parameters. */
enum az_status az_train_open_run(struct az_train *train, struct az_error *error);
/* What it has on the disk: errors as of taking the recording up, which this does not do. */
enum az_status az_train_held(const struct az_train *train, struct az_budget_held *held,
                             struct az_error *error);
/* Begins the recording, with frame 0, and the metrics; writes tokenizer and masks. */
enum az_status az_train_open_files(struct az_train *train, struct az_error *error);
/* The same of a run that goes on: after its checkpoint. */
enum az_status az_train_reopen_files(struct az_train *train, struct az_error *error);
/* Saves the state after train->step, unless that is done. */
enum az_status az_train_save(struct az_train *train, struct az_error *error);
/* Records the state as it is now as the frame of train->step, and adds a row to the metrics. */
enum az_status az_train_record(struct az_train *train, struct az_error *error);
/* The ends, each of them tried whatever became of the others. */
enum az_status az_train_close_recording(struct az_train *train, struct az_train_result *result,
                                        struct az_error *error);
enum az_status az_train_close_metrics(struct az_train *train, struct az_error *error);
enum az_status az_train_write_model(struct az_train *train, struct az_error *error);
/* run.json, the last file: it says that the run is over. */
enum az_status az_train_write_manifest(struct az_train *train, const struct az_train_result *result,
                                       struct az_error *error);
/* For a run that fails before its first step: nothing is left of it. */
void az_train_remove_files(struct az_train *train);

/* ---- manifest.c ---- */
enum az_status az_manifest_write(const struct az_train *train, const struct az_train_result *result,
                                 const char *path, struct az_error *error);
/* A JSON object with the manifest's lines of the parameters; free *text with az_memory_free. */
enum az_status az_manifest_parameters(const struct az_experiment *experiment, char **text,
                                      struct az_error *error);

/* How `ended` begins when a run was asked to stop. */
#define AZ_TRAIN_STOPPED "stopped on request"

#endif
