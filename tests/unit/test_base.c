#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/hash.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"

/* Known answers of Random123's kat_vectors, philox4x32 10 rounds. */
static void philox_gives_the_known_answers(void **state)
{
    (void)state;
    static const uint32_t cases[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        uint32_t words[4];
        az_philox(cases[n] + 4, cases[n], words);
        assert_memory_equal(words, cases[n] + 6, sizeof words);
    }
}

static void normal_deviates_have_the_moments_of_a_normal(void **state)
{
    (void)state;
    double sums[4] = {0};
    int n = 400000;
    for (int i = 0; i < n; i++) {
        double x = az_random_normal(42, AZ_STREAM_EMBEDDING, (uint64_t)i);
        assert_true(isfinite(x));
        for (int k = 0; k < 4; k++) sums[k] += pow(x, k + 1) / n;
    }
    assert_true(fabs(sums[0]) < 0.006);
    assert_true(fabs(sums[1] - 1) < 0.01);
    assert_true(fabs(sums[2]) < 0.03);
    assert_true(fabs(sums[3] - 3) < 0.06);
}

/* Against the C library, over the generator's own grid. */
static void normal_deviates_follow_box_and_muller(void **state)
{
    (void)state;
    double worst = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        double r = ((double)az_random_u32(7, 1, 2 * i) + 1) * 0x1p-32;
        double u = (double)az_random_u32(7, 1, 2 * i + 1) * 0x1p-32;
        double expected = sqrt(-2 * log(r)) * cos(2 * 3.14159265358979323846 * u);
        worst = fmax(worst, fabs(az_random_normal(7, 1, i) - expected));
    }
    assert_true(worst < 1e-14);
}

static void bounded_integers_are_bounded_and_reach_both_ends(void **state)
{
    (void)state;
    int seen[7] = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t x = az_random_below(1, AZ_STREAM_DATA, i, 7);
        assert_true(x < 7);
        seen[x]++;
    }
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 90, 200);
}

static void fill(void *context, size_t chunk, int thread)
{
    (void)thread;
    ((unsigned *)context)[chunk] += (unsigned)chunk + 1;
}

static void the_pool_does_every_chunk_once(void **state)
{
    (void)state;
    static unsigned done[1000];
    for (int threads = 1; threads <= 5; threads++) {
        struct az_pool *pool;
        assert_int_equal(az_pool_create(&pool, threads, NULL), AZ_OK);
        assert_int_equal(az_pool_threads(pool), threads);
        for (int repeat = 0; repeat < 200; repeat++) {
            size_t chunks = (size_t)(repeat * 7 % 1000);
            memset(done, 0, sizeof done);
            az_pool_run(pool, fill, done, chunks);
            for (size_t n = 0; n < 1000; n++)
                assert_int_equal(done[n], n < chunks ? (unsigned)n + 1 : 0);
        }
        az_pool_free(pool);
    }
}

static void allocation_checks_sizes_and_fails_on_request(void **state)
{
    (void)state;
    void *block;
    assert_int_equal(az_memory_allocate(&block, SIZE_MAX / 2, 3, "x", NULL), AZ_MEMORY);
    assert_null(block);
    az_memory_fail_after(2);
    assert_int_equal(az_memory_allocate(&block, 1, 1, "x", NULL), AZ_OK);
    az_memory_free(block);
    struct az_error error;
    assert_int_equal(az_memory_allocate(&block, 10, 1, "the thing", &error), AZ_MEMORY);
    assert_non_null(strstr(error.message, "the thing"));
    az_memory_fail_after(0);
    assert_int_equal(az_memory_allocate(&block, 100, 1, "x", NULL), AZ_OK);
    assert_int_equal((uintptr_t)block % AZ_ALIGNMENT_BYTES, 0);
    for (int i = 0; i < 100; i++) assert_int_equal(((char *)block)[i], 0);
    az_memory_free(block);
}

static void an_error_tells_its_place(void **state)
{
    (void)state;
    struct az_error error;
    char text[256];
    az_error_raise(&error, AZ_FORMAT, "expected %d", 7);
    az_error_at(&error, "a.conf", 12, -1, -1);
    az_error_at(&error, "other", 13, 5, -1);
    az_error_format(&error, text, sizeof text);
    assert_string_equal(text, "a.conf:12:byte 5: expected 7");
    assert_int_equal(az_status_exit_code(error.status), 3);
    assert_string_equal(az_status_name(error.status), "format");
}

static void the_hash_is_that_of_xxhsum(void **state)
{
    (void)state;
    char text[AZ_HASH_TEXT_BYTES];
    az_hash_text(az_hash_bytes("", 0), text);
    assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
    struct az_hasher *hasher;
    assert_int_equal(az_hasher_create(&hasher, NULL), AZ_OK);
    az_hasher_add(hasher, "abc", 3);
    az_hasher_add(hasher, "defg", 4);
    struct az_hash grown = az_hasher_value(hasher), whole = az_hash_bytes("abcdefg", 7);
    assert_true(grown.high == whole.high && grown.low == whole.low);
    az_hasher_free(hasher);
}

static void keep_state(void *context, const struct az_progress_state *state)
{
    *(struct az_progress_state *)context = *state;
}

/* Of 207 of 300 steps 200 were done before: the rate is that of seven. */
static void what_was_done_before_counts_in_no_rate(void **state)
{
    (void)state;
    struct az_progress progress;
    struct az_progress_state told = {0};
    az_progress_init(&progress, keep_state, &told, NULL);
    az_progress_begin_at(&progress, 200);
    int64_t start_ns = az_clock_ns();
    while (az_clock_ns() - start_ns < 20000000) {
    }
    az_progress_tell(&progress, "training", "step", 207, 300, NULL);
    assert_true(told.elapsed_seconds >= 0.02 && !told.finished);
    assert_true(fabs(told.rate_per_second * told.elapsed_seconds - 7) < 0.1);
    assert_true(fabs(told.remaining_seconds * told.rate_per_second - 93) < 0.1);
    az_progress_end(&progress, "training", "step", 207, 300, NULL);
    assert_true(told.finished && told.remaining_seconds == 0);
    assert_true(fabs(told.rate_per_second * told.elapsed_seconds - 7) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers),
        cmocka_unit_test(normal_deviates_have_the_moments_of_a_normal),
        cmocka_unit_test(normal_deviates_follow_box_and_muller),
        cmocka_unit_test(bounded_integers_are_bounded_and_reach_both_ends),
        cmocka_unit_test(the_pool_does_every_chunk_once),
        cmocka_unit_test(allocation_checks_sizes_and_fails_on_request),
        cmocka_unit_test(an_error_tells_its_place),
        cmocka_unit_test(the_hash_is_that_of_xxhsum),
        cmocka_unit_test(what_was_done_before_counts_in_no_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
