/* tiny.h: a run small enough for tests: texts made on the fly, a model of a few thousand weights.
 *
 * The training text is words of Latin syllables; the tokenizer also learns from words of another
 * alphabet, which training never shows: the dead tokens. Everything lies in a directory of its own
 * under the system's temporary directory, removed by tiny_finish. */
#ifndef AZ_TESTS_TINY_H
#define AZ_TESTS_TINY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azimuth/azimuth.h"

#define TINY_STEPS 8 /* of the base experiment */

/* cmocka set-up and tear-down of a group. */
int tiny_start(void **state);
int tiny_finish(void **state);

/* "DIRECTORY/NAME" in the test's directory; valid until the 16th call from now. */
const char *tiny_path(const char *name);

/* The base experiment with overrides, separated by blanks: "optimizer.lr=0.01 train.steps=3". */
struct az_experiment tiny_experiment(const char *overrides);

/* Runs it into tiny_path(name), which is removed first. isa NULL: the best; threads 0: all. */
enum az_status tiny_run(const struct az_experiment *experiment, const char *name, const char *isa,
                        int threads, struct az_train_result *result, struct az_error *error);
/* The same, on all threads, and it must succeed. */
struct az_train_result tiny_run_well(const struct az_experiment *experiment, const char *name);

/* Planned memory over the peak of a run in a child process, so that the peak is its own; prints
 * both. cache NULL: the user's. */
double tiny_memory_ratio(const struct az_experiment *experiment, const char *cache);

/* All frames of a tensor of a run; free with tiny_free. Fails the test when it is not there. */
struct tiny_movie {
    struct az_recorded about;
    unsigned char *bytes;
    int64_t frames;
    size_t frame_bytes;
};
struct tiny_movie tiny_movie_of(const char *name, const char *tensor);
void tiny_movie_free(struct tiny_movie *movie);

/* Element `index` of frame `frame`, widened; BF16 and F32 tensors. */
double tiny_at(const struct tiny_movie *movie, int64_t frame, size_t index);

/* An I64 list or scalar of a run ("dead_indices"); free *values with free(). */
size_t tiny_integers(const char *name, const char *tensor, int64_t **values);

#endif
