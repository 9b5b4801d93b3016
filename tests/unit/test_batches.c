#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "azimuth/corpus.h"
#include "azimuth/safetensors.h"

static const struct az_sampler_plan windows = {.sampler = AZ_SAMPLER_WINDOWS,
                                               .tokens = 1003,
                                               .context = 16,
                                               .batch = 7,
                                               .target_offset = 2,
                                               .seed = 42};

static struct az_batches *create(const struct az_sampler_plan *plan)
{
    struct az_batches *batches;
    assert_int_equal(az_batches_create(&batches, plan, NULL), AZ_OK);
    return batches;
}

/* Starts of a whole epoch, each at most once and in range; returns how many there are. */
static size_t check_epoch(const struct az_sampler_plan *plan, int64_t epoch, size_t stride,
                          unsigned char *seen)
{
    struct az_batches *batches = create(plan);
    size_t starts[64], per_epoch = az_batches_per_epoch(batches), last = 0;
    memset(seen, 0, plan->tokens);
    for (size_t n = 1; n <= per_epoch; n++) {
        az_batches_starts(batches, epoch * (int64_t)per_epoch + (int64_t)n, starts);
        for (size_t b = 0; b < plan->batch; b++) {
            assert_int_equal(starts[b] % stride, 0);
            assert_true(starts[b] + plan->context + plan->target_offset <= plan->tokens);
            assert_int_equal(seen[starts[b]], 0);
            seen[starts[b]] = 1;
            if (starts[b] > last) last = starts[b];
        }
    }
    az_batches_free(batches);
    return per_epoch * plan->batch;
}

static void an_epoch_of_windows_takes_each_start_once(void **state)
{
    (void)state;
    unsigned char seen[1003], next[1003];
    size_t count = check_epoch(&windows, 0, 1, seen);
    assert_int_equal(count, (1003 - 18 + 1) / 7 * 7);
    assert_int_equal(check_epoch(&windows, 1, 1, next), count);
    assert_true(memcmp(seen, next, sizeof seen) != 0); /* the dropped ones differ */
}

static void an_epoch_of_chunks_takes_each_chunk_once(void **state)
{
    (void)state;
    struct az_sampler_plan chunks = windows;
    unsigned char seen[1003];
    chunks.sampler = AZ_SAMPLER_CHUNKS;
    chunks.batch = 1;
    assert_int_equal(check_epoch(&chunks, 3, 16, seen), (1003 - 18) / 16 + 1);
}

static void order_depends_on_seed_and_epoch_and_on_nothing_else(void **state)
{
    (void)state;
    struct az_sampler_plan other = windows;
    other.seed = 43;
    struct az_batches *a = create(&windows), *b = create(&windows), *c = create(&other);
    size_t one[7], two[7], discard[7];
    az_batches_starts(b, 900, discard);
    az_batches_starts(a, 5, one);
    az_batches_starts(b, 5, two);
    assert_memory_equal(one, two, sizeof one);
    az_batches_starts(c, 5, two);
    assert_memory_not_equal(one, two, sizeof one);
    az_batches_starts(a, 5 + (int64_t)az_batches_per_epoch(a), two);
    assert_memory_not_equal(one, two, sizeof one);
    az_batches_free(a);
    az_batches_free(b);
    az_batches_free(c);
}

/* Neighbours in order are no neighbours in the text: correlation of place and start, over 1e5. */
static void order_is_shuffled(void **state)
{
    (void)state;
    struct az_sampler_plan plan = windows;
    plan.tokens = 100017;
    plan.batch = 1;
    struct az_batches *batches = create(&plan);
    double n = 100000, middle = (n - 1) / 2, sum = 0, steps = 0;
    size_t start, previous = 0;
    for (int64_t step = 1; step <= 100000; step++) {
        az_batches_starts(batches, step, &start);
        sum += ((double)step - 1 - middle) * ((double)start - middle);
        if (step > 1) steps += start > previous ? 1 : 0;
        previous = start;
    }
    assert_true(sum / (n * n * n / 12) < 0.01 && sum / (n * n * n / 12) > -0.01);
    assert_in_range((int)steps, 49000, 51000);
    az_batches_free(batches);
}

/* What training presents in so many steps, drawn step by step. */
static void check_counts(const struct az_sampler_plan *plan, const uint32_t *ids, int64_t steps)
{
    uint64_t counts[50], expected[50] = {0};
    size_t starts[7];
    struct az_batches *batches = create(plan);
    for (int64_t step = 1; step <= steps; step++) {
        az_batches_starts(batches, step, starts);
        for (size_t b = 0; b < plan->batch; b++)
            for (size_t t = 0; t < plan->context; t++) {
                expected[ids[starts[b] + t]]++;
                expected[ids[starts[b] + t + plan->target_offset]]++;
            }
    }
    assert_int_equal(az_batches_count(batches, ids, steps, 50, counts, NULL), AZ_OK);
    assert_memory_equal(counts, expected, sizeof counts);
    struct az_error error;
    assert_int_equal(az_batches_count(batches, ids, steps, 36, counts, &error), AZ_FORMAT);
    az_batches_free(batches);
}

/* Less than an epoch, epochs to the step, and some more; with and without a partial batch. */
static void counts_are_those_of_going_through_the_batches(void **state)
{
    (void)state;
    uint32_t ids[1003];
    for (size_t i = 0; i < 1003; i++) ids[i] = (uint32_t)(i * i % 37);
    for (size_t batch = 1; batch <= 7; batch += 3)
        for (int sampler = 0; sampler < 2; sampler++) {
            struct az_sampler_plan plan = windows;
            plan.batch = batch;
            plan.sampler = sampler ? AZ_SAMPLER_CHUNKS : AZ_SAMPLER_WINDOWS;
            struct az_batches *batches = create(&plan);
            int64_t epoch = (int64_t)az_batches_per_epoch(batches);
            az_batches_free(batches);
            const int64_t steps[] = {1, epoch - 1, epoch, epoch + 1, 3 * epoch, 3 * epoch + 2};
            for (size_t n = 0; n < sizeof steps / sizeof *steps; n++)
                check_counts(&plan, ids, steps[n]);
        }
}

/* Drawn one by one, these would take minutes. */
static void a_billion_steps_are_counted_at_once(void **state)
{
    (void)state;
    enum { TOKENS = 100017, STEPS = 1000000000 };
    static uint32_t ids[TOKENS]; /* all of them token 0 */
    struct az_sampler_plan plan = windows;
    uint64_t count;
    plan.tokens = TOKENS;
    struct az_batches *batches = create(&plan);
    assert_int_equal(az_batches_count(batches, ids, STEPS, 1, &count, NULL), AZ_OK);
    assert_true(count == 2 * (uint64_t)STEPS * plan.batch * plan.context);
    az_batches_free(batches);
}

static void a_short_corpus_is_refused_with_the_numbers(void **state)
{
    (void)state;
    struct az_sampler_plan plan = windows;
    struct az_batches *batches;
    struct az_error error;
    plan.tokens = 18 + 5;
    assert_int_equal(az_batches_create(&batches, &plan, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "23 tokens give 6 sequences"));
    plan.tokens = 3;
    assert_int_equal(az_batches_create(&batches, &plan, &error), AZ_USAGE);
    assert_null(batches);
}

static void masks_say_who_lives(void **state)
{
    (void)state;
    char path[] = "/tmp/azimuth-masks-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    const uint64_t counts[5] = {3, 0, 0, 1, 9};
    assert_int_equal(az_masks_write(path, counts, 5, NULL), AZ_OK);
    struct az_safetensors *file;
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_memory_equal(az_safetensors_find(file, "live_mask")->data, "\1\0\0\1\1", 5);
    assert_memory_equal(az_safetensors_find(file, "dead_mask")->data, "\0\1\1\0\0", 5);
    assert_memory_equal(az_safetensors_find(file, "live_indices")->data, ((int64_t[]){0, 3, 4}),
                        24);
    assert_memory_equal(az_safetensors_find(file, "dead_indices")->data, ((int64_t[]){1, 2}), 16);
    assert_memory_equal(az_safetensors_find(file, "token_occurrence_counts")->data, counts, 40);
    az_safetensors_close(file);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_of_windows_takes_each_start_once),
        cmocka_unit_test(an_epoch_of_chunks_takes_each_chunk_once),
        cmocka_unit_test(order_depends_on_seed_and_epoch_and_on_nothing_else),
        cmocka_unit_test(order_is_shuffled),
        cmocka_unit_test(counts_are_those_of_going_through_the_batches),
        cmocka_unit_test(a_billion_steps_are_counted_at_once),
        cmocka_unit_test(a_short_corpus_is_refused_with_the_numbers),
        cmocka_unit_test(masks_say_who_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
