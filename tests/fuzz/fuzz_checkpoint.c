/* Any bytes as the checkpoint of a small run: taken up or refused; what was taken up can be gone on
 * with. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);
size_t az_fuzz_seed(uint8_t *bytes, size_t capacity_bytes);

/* Of the run that the seeds are of: two parameters, two dead tokens. */
enum { ROWS = 3, DIMS = 2, BIAS = 4, COUNT = ROWS * DIMS + BIAS, DEAD = 2 };

static struct az_experiment experiment;
static struct az_corpus corpus;
static struct az_kernels kernels;
static struct az_bf16 values[COUNT];
static struct az_bf16 gradients[COUNT];
static int64_t dead[DEAD] = {1, 2};
static const struct az_parameter parameters[] = {
    {.name = "wte", .rank = 2, .shape = {ROWS, DIMS}, .count = ROWS * DIMS},
    {.name = "bias", .rank = 1, .shape = {BIAS}, .offset = ROWS * DIMS, .count = BIAS}};
static char zeros[] = "00000000000000000000000000000000";
static char corpus_key[] = "corpus.hash", tokenizer_key[] = "tokenizer.hash";
enum { PAIRS = 200, TEXT_BYTES = 160 };
static char texts[2 * PAIRS][TEXT_BYTES]; /* of the parameters */
static char *metadata[2 * PAIRS + 5] = {corpus_key, zeros, tokenizer_key, zeros};
static struct az_recorder_plan plan = {.metadata = metadata, .metadata_count = 4};

static void add_parameter(void *context, const struct az_parameter_view *view)
{
    (void)context;
    size_t at = plan.metadata_count;
    if (at + 2 > 2 * PAIRS) abort();
    snprintf(texts[at], TEXT_BYTES, "%s.%s", view->section, view->key);
    snprintf(texts[at + 1], TEXT_BYTES, "%s", view->value);
    metadata[at] = texts[at];
    metadata[at + 1] = texts[at + 1];
    plan.metadata_count += 2;
}

static void make(struct az_train *train)
{
    struct az_optimizer_target target = {.values = values,
                                         .gradients = gradients,
                                         .count = COUNT,
                                         .parameters = parameters,
                                         .parameter_count = 2};
    az_experiment_init(&experiment);
    az_experiment_visit(&experiment, add_parameter, NULL);
    if (az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL) != AZ_OK) abort();
    *train =
        (struct az_train){.experiment = &experiment, .corpus = &corpus, .recorder_plan = &plan};
    train->tokens = (struct az_recorder_tokens){.dead = dead, .dead_count = DEAD};
    if (az_optimizer_create(&train->optimizer, &experiment, &kernels, NULL, &target, NULL) != AZ_OK)
        abort();
    if (az_train_motion_create(&train->motion, DEAD, DIMS, dead, values, NULL, NULL) != AZ_OK)
        abort();
    if (az_train_live_create(&train->live, train->motion, train->optimizer, 1, NULL) != AZ_OK)
        abort();
}

static struct az_train *the_run(void)
{
    static struct az_train train;
    if (!train.optimizer) make(&train);
    return &train;
}

static bool use(const struct az_checkpoint *checkpoint)
{
    struct az_train *train = the_run();
    static struct az_experiment read;
    struct az_error error;
    if (az_checkpoint_experiment(checkpoint, &read, &error) != AZ_OK && !error.message[0]) abort();
    az_checkpoint_compare(checkpoint, &experiment, NULL);
    az_checkpoint_check_text(checkpoint, train, NULL);
    error.message[0] = 0;
    if (az_checkpoint_load(checkpoint, train, &error) != AZ_OK) {
        if (!error.message[0]) abort();
        return false;
    }
    if (train->step != az_checkpoint_step(checkpoint) || train->step < 0) abort();
    for (int n = 0; n < DEAD; n++)
        if (train->motion->last_motion_step[n] > train->step) abort();
    return true;
}

static bool try(const uint8_t *bytes, size_t length_bytes)
{
    struct az_checkpoint *checkpoint;
    struct az_error error;
    char path[64];
    bool taken = false;
    int fd = memfd_create("checkpoint", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, length_bytes) != (ssize_t)length_bytes) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    az_error_clear(&error);
    if (az_checkpoint_open(&checkpoint, path, &error) == AZ_OK)
        taken = use(checkpoint);
    else if (checkpoint || !error.message[0])
        abort();
    az_checkpoint_close(checkpoint);
    close(fd);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    try(bytes, length_bytes);
    return 0;
}

/* Step 7, tokens 1 and 2 dead, of which the first moved last at step 3: written by the program as
 * it is now, so that the seed cannot be of an older layout; it must be taken up. */
size_t az_fuzz_seed(uint8_t *bytes, size_t capacity_bytes)
{
    struct az_train *train = the_run();
    char path[] = "/tmp/azimuth-seed-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) abort();
    close(fd);
    train->step = 7;
    train->loss = train->first_loss = train->clip = 1;
    train->motion->last_motion_step[0] = 3;
    if (az_checkpoint_save(train, path, NULL) != AZ_OK) abort();
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, capacity_bytes, file) : 0;
    if (file) fclose(file);
    unlink(path);
    if (!try(bytes, length)) abort();
    return length;
}
