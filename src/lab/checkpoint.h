/* checkpoint.h: everything that a run needs to go on to the same bits, in one safetensors file.
 *
 * One table (checkpoint_state.c) says what that is; writing, reading and checking go by it. What is
 * a function of the step and the parameters of the experiment (batches, random numbers, learning
 * rate) is not in it: the generators are counter-based. docs/formats.md, "Checkpoint". */
#ifndef AZ_LAB_CHECKPOINT_H
#define AZ_LAB_CHECKPOINT_H

#include "azimuth/safetensors.h"
#include "lab/train_state.h"

/* ---- checkpoint_state.c ---- */

struct az_checkpoint_entry {
    struct az_tensor tensor; /* data: the live state */
    bool derived;            /* known without the checkpoint, whose value must agree */
};

struct az_checkpoint_state {
    struct az_checkpoint_entry *entries;
    size_t count;
};

/* The state of a run that az_train_make has made. Free in any case. */
enum az_status az_checkpoint_list(struct az_checkpoint_state *state, struct az_train *train,
                                  struct az_error *error);
void az_checkpoint_list_free(struct az_checkpoint_state *state);

/* Bytes that the file takes, within some per cent and rather more. */
enum az_status az_checkpoint_bytes(const struct az_experiment *experiment, size_t parameters,
                                   size_t dead, size_t *bytes, struct az_error *error);

/* ---- checkpoint.c ---- */

/* Writes the state after train->step once its frames and its row of the metrics are on the disk. On
 * failure the checkpoint before it stays. */
enum az_status az_checkpoint_write(struct az_train *train, const char *path,
                                   struct az_error *error);

/* Writes the state as it is. */
enum az_status az_checkpoint_save(struct az_train *train, const char *path, struct az_error *error);

struct az_checkpoint;

/* AZ_FORMAT: is no checkpoint. */
enum az_status az_checkpoint_open(struct az_checkpoint **checkpoint, const char *path,
                                  struct az_error *error);
void az_checkpoint_close(struct az_checkpoint *checkpoint); /* NULL is allowed */
int64_t az_checkpoint_step(const struct az_checkpoint *checkpoint);

/* The experiment that it is of. */
enum az_status az_checkpoint_experiment(const struct az_checkpoint *checkpoint,
                                        struct az_experiment *experiment, struct az_error *error);
/* AZ_USAGE with the names of the parameters that differ and decide bits. */
enum az_status az_checkpoint_compare(const struct az_checkpoint *checkpoint,
                                     const struct az_experiment *experiment,
                                     struct az_error *error);
/* After az_train_prepare: AZ_FORMAT when text or tokenizer are others, AZ_USAGE when another number
 * of steps makes dead tokens live. */
enum az_status az_checkpoint_check_text(const struct az_checkpoint *checkpoint,
                                        const struct az_train *train, struct az_error *error);
/* After az_train_make: fills the state and train->fingerprint_state. AZ_FORMAT: damaged, or of
 * another run. */
enum az_status az_checkpoint_load(const struct az_checkpoint *checkpoint, struct az_train *train,
                                  struct az_error *error);

#endif
