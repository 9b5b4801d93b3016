/* Two planted runs against each other: every number beside a slow count of the same. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lens_fixture.h"
#include "azimuth/divergence.h"
#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "store/file.h"

static struct az_bf16 movie_a[STEPS + 1][SIZE], movie_b[STEPS + 1][SIZE];

/* B begins as A, parts at step 4 in its dead rows, later in some live ones; row 9 starts apart and
 * row 12 parts and meets again. */
static void plant_b(void)
{
    plant();
    memcpy(movie_a, movie, sizeof movie);
    for (int64_t row = 10; row < ROWS; row++) {
        int64_t from = is_dead(row) ? 4 : 30 + row % 40;
        for (int64_t t = from; t <= STEPS && row != 12; t++) {
            uint32_t word = noise(t + 1000, row, 0);
            hop(t, row, word % DIMS, word >> 31 ? 3 : -2);
            if (t == 40) hop(t, row, 3, 40000); /* to the other side of zero, or far beyond */
        }
    }
    for (int64_t t = 0; t <= STEPS; t++) at(t, 9, 5)->bits ^= 0x8000;
    for (int64_t t = 20; t < 25; t++) *at(t, 12, 1) = moved_by(*at(t, 12, 1), 5);
    memcpy(movie_b, movie, sizeof movie);
}

static char path_a[512], path_b[512];

static void write_both(struct planted a, struct planted b)
{
    memcpy(movie, movie_a, sizeof movie);
    snprintf(path_a, sizeof path_a, "%s", write_planted(&a, "a.safetensors"));
    memcpy(movie, movie_b, sizeof movie);
    snprintf(path_b, sizeof path_b, "%s", write_planted(&b, "b.safetensors"));
}

static enum az_status diverge(struct az_divergence **told, struct az_divergence_options options,
                              struct az_error *error)
{
    struct az_recording *a, *b;
    assert_int_equal(az_recording_open(&a, path_a, error), AZ_OK);
    assert_int_equal(az_recording_open(&b, path_b, error), AZ_OK);
    enum az_status status = az_divergence_look(told, a, b, &options, NULL, error);
    az_recording_close(a);
    az_recording_close(b);
    return status;
}

static struct az_divergence *divergence(struct az_divergence_options options)
{
    struct az_divergence *told;
    struct az_error error;
    az_error_clear(&error);
    if (diverge(&told, options, &error) != AZ_OK) fail_msg("%s", error.message);
    return told;
}

/* ---- the slow way ---- */

static double value(const struct az_bf16 *x) { return (double)az_bf16_to_f32(*x); }

struct slow {
    int64_t l1, linf, coordinates;
    double l2, distance, evolution, angle; /* squares, but for the angle; NaN: none */
    double product, a, b;
};

static struct slow slow_row(int64_t first, int64_t before, int64_t now, int64_t row)
{
    struct slow slow = {0};
    double uv = 0, uu = 0, vv = 0;
    for (int64_t i = row * DIMS; i < (row + 1) * DIMS; i++) {
        const struct az_bf16 *x = &movie_a[now][i], *y = &movie_b[now][i];
        int64_t cells = llabs((int64_t)az_bf16_ord(*y) - az_bf16_ord(*x));
        double u = value(x) - value(&movie_a[first][i]), v = value(y) - value(&movie_b[first][i]);
        double dx = value(x) - value(&movie_a[before][i]);
        double dy = value(y) - value(&movie_b[before][i]);
        slow.l1 += cells;
        slow.linf = cells > slow.linf ? cells : slow.linf;
        slow.coordinates += cells > 0;
        slow.l2 += (double)cells * (double)cells;
        slow.distance += pow(value(y) - value(x), 2);
        slow.evolution += pow(v - u, 2);
        uv += u * v;
        uu += u * u;
        vv += v * v;
        slow.product += dx * dy;
        slow.a += dx * dx;
        slow.b += dy * dy;
    }
    slow.angle = uu > 0 && vv > 0 ? acos(fmax(-1, fmin(1, uv / sqrt(uu * vv)))) / M_PI * 180 : NAN;
    return slow;
}

static double of(const struct slow *slow, enum az_divergence_quantity quantity)
{
    const double values[] = {(double)slow->l1,          sqrt(slow->l2),       (double)slow->linf,
                             (double)slow->coordinates, sqrt(slow->distance), slow->angle};
    return values[quantity];
}

/* Angles near 0 are only as good as the acos of a number near 1. */
static void assert_near(double found, double expected, double absolute)
{
    if (isnan(found) && isnan(expected)) return;
    if (!(fabs(found - expected) <= 1e-6 * fabs(expected) + absolute))
        fail_msg("%.9g, expected %.9g", found, expected);
}

static double tolerance(enum az_divergence_quantity quantity)
{
    return quantity == AZ_DIVERGENCE_ANGLE ? 1e-5 : 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_quantiles(const struct az_divergence_step *step, const struct slow *rows,
                            const int64_t *members, int64_t count)
{
    for (enum az_divergence_quantity q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++) {
        double values[ROWS];
        int64_t known = 0;
        for (int64_t n = 0; n < count; n++)
            if (!isnan(of(&rows[members[n]], q))) values[known++] = of(&rows[members[n]], q);
        qsort(values, (size_t)known, sizeof *values, ascending);
        for (int k = 0; k < AZ_MOTION_QUANTILES; k++) {
            int64_t rank = (int64_t)ceil(az_motion_share(k) * (double)known);
            assert_near(step->quantiles[q][k], known ? values[rank ? rank - 1 : 0] : NAN,
                        tolerance(q));
        }
    }
}

static void check_step(const struct az_divergence *told, int64_t n, int set)
{
    const struct az_divergence_step *step = &told->steps[set][n];
    const int64_t *steps = told->subject.steps;
    static struct slow rows[ROWS];
    int64_t members[ROWS], count = 0;
    struct slow sum = {0};
    for (int64_t k = 0; k < told->subject.rows; k++) {
        int64_t row = told->subject.tokens[k];
        if (set == AZ_LENS_DEAD && !is_dead(row)) continue;
        if (set == AZ_LENS_LIVE && is_dead(row)) continue;
        rows[row] = slow_row(steps[0], steps[n ? n - 1 : 0], steps[n], row);
        members[count++] = row;
        sum.l1 += rows[row].l1;
        sum.coordinates += rows[row].coordinates > 0;
        sum.distance += rows[row].distance;
        sum.evolution += rows[row].evolution;
        sum.product += rows[row].product;
        sum.a += rows[row].a;
        sum.b += rows[row].b;
    }
    assert_int_equal(count, told->subject.counts[set]);
    assert_int_equal(step->l1_cells, sum.l1);
    assert_int_equal(step->parted, sum.coordinates);
    assert_near(step->distance_w, sqrt(sum.distance), 0);
    assert_near(step->evolution_w, sqrt(sum.evolution), 0);
    assert_near(step->step_cosine, sum.product / sqrt(sum.a) / sqrt(sum.b), 1e-12);
    check_quantiles(step, rows, members, count);
}

static void check_token(const struct az_divergence *told, int64_t k)
{
    const struct az_divergence_token *token = &told->tokens[k];
    const int64_t *steps = told->subject.steps;
    int64_t first = -1, equal = 0, row = told->subject.tokens[k];
    double most = 0;
    struct slow slow = {0};
    for (int64_t n = 0; n <= told->subject.moves; n++) {
        slow = slow_row(steps[0], steps[n], steps[n], row);
        if (slow.coordinates == 0) equal++;
        if (slow.coordinates && first < 0) first = steps[n];
        most = fmax(most, sqrt(slow.distance));
        if (steps[n] == token->most_step) assert_near(token->most_w, sqrt(slow.distance), 0);
    }
    assert_int_equal(token->first_step, first);
    assert_int_equal(token->equal_frames, equal);
    assert_near(token->most_w, most, 0);
    for (enum az_divergence_quantity q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++)
        assert_near(token->last[q], of(&slow, q), tolerance(q));
}

static void check_all(const struct az_divergence *told)
{
    for (int64_t n = 0; n <= told->subject.moves; n++)
        for (int set = 0; set < AZ_LENS_NAMED; set++)
            if (told->subject.present[set]) check_step(told, n, set);
    for (int64_t k = 0; k < told->subject.rows; k++) check_token(told, k);
}

/* ---- tests ---- */

static void every_number_is_that_of_the_slow_count(void **state)
{
    (void)state;
    write_both((struct planted){0}, (struct planted){0});
    struct az_divergence *told = divergence((struct az_divergence_options){.threads = 2});
    assert_int_equal(told->subject.moves, STEPS);
    assert_int_equal(told->tokens[FROZEN].first_step, -1);
    assert_int_equal(told->tokens[9].first_step, 0);
    assert_int_equal(told->tokens[12].first_step, 20);
    assert_int_equal(told->tokens[12].equal_frames, STEPS + 1 - 5);
    assert_true(told->steps[AZ_LENS_DEAD][3].parted == 1 &&
                told->steps[AZ_LENS_DEAD][4].parted > 80);
    check_all(told);
    az_divergence_free(told);
}

static void only_common_steps_and_tokens_count(void **state)
{
    (void)state;
    write_both((struct planted){.every = 4, .first_row = 30, .row_count = 200, .no_dead = true},
               (struct planted){.every = 3, .row_count = 131});
    struct az_divergence *told =
        divergence((struct az_divergence_options){.threads = 3, .first_step = 5, .last_step = 50});
    assert_int_equal(told->subject.moves, 3); /* 12, 24, 36, 48 */
    assert_int_equal(told->subject.longest_gap_steps, 12);
    assert_int_equal(told->only_a, 7);
    assert_int_equal(told->only_b, 11);
    assert_int_equal(told->subject.rows, 101); /* 30..130 */
    assert_int_equal(told->subject.tokens[0], 30);
    assert_true(told->subject.present[AZ_LENS_DEAD]); /* B says */
    check_all(told);
    az_divergence_free(told);
}

static void a_run_beside_itself_never_parts(void **state)
{
    (void)state;
    write_both((struct planted){0}, (struct planted){0});
    memcpy(path_b, path_a, sizeof path_b);
    struct az_divergence *told = divergence((struct az_divergence_options){.threads = 2});
    const struct az_divergence_step *last = &told->steps[AZ_LENS_ALL][STEPS];
    assert_int_equal(last->parted, 0);
    assert_true(last->distance_w == 0 && last->evolution_w == 0);
    assert_true(told->steps[AZ_LENS_ALL][2].step_cosine > 1 - 1e-12);
    assert_true(last->quantiles[AZ_DIVERGENCE_ANGLE][AZ_MOTION_QUANTILES - 1] < 1e-3);
    for (int64_t k = 0; k < ROWS; k++) assert_int_equal(told->tokens[k].first_step, -1);
    az_divergence_free(told);
}

/* Arrays of both files, byte by byte, and everything told of the sets. */
static void neither_threads_nor_instructions_show(void **state)
{
    (void)state;
    char *first = NULL;
    size_t length = 0;
    static const char *const isas[] = {NULL, "reference", NULL, NULL};
    struct az_divergence *reference = NULL;
    write_both((struct planted){0}, (struct planted){0});
    for (int n = 0; n < 4; n++) {
        char arrays[512], *bytes;
        size_t bytes_length;
        snprintf(arrays, sizeof arrays, "%s", fixture_path("arrays.safetensors"));
        struct az_divergence *told = divergence(
            (struct az_divergence_options){.threads = 1 + n, .isa = isas[n], .arrays = arrays});
        assert_int_equal(az_file_read(arrays, 0, &bytes, &bytes_length, NULL), AZ_OK);
        if (!first) {
            first = bytes;
            length = bytes_length;
            reference = told;
            continue;
        }
        assert_int_equal(bytes_length, length);
        assert_memory_equal(bytes, first, length);
        for (int set = 0; set < AZ_LENS_NAMED; set++)
            assert_memory_equal(told->steps[set], reference->steps[set],
                                (STEPS + 1) * sizeof *told->steps[set]);
        az_memory_free(bytes);
        az_divergence_free(told);
    }
    az_memory_free(first);
    az_divergence_free(reference);
}

static void arrays_hold_every_token_at_every_step(void **state)
{
    (void)state;
    struct az_safetensors *file;
    const struct az_tensor *tensor;
    write_both((struct planted){0}, (struct planted){0});
    const char *path = fixture_path("arrays.safetensors");
    struct az_divergence *told =
        divergence((struct az_divergence_options){.threads = 2, .arrays = path});
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_int_equal(az_safetensors_count(file), AZ_DIVERGENCE_QUANTITIES + 3);
    assert_int_equal(az_safetensors_require(file, "l1_cells", &tensor, NULL), AZ_OK);
    assert_int_equal(tensor->shape[0], STEPS + 1);
    for (int64_t t = 0; t <= STEPS; t++) {
        for (int64_t row = 0; row < ROWS; row++) {
            int32_t l1;
            memcpy(&l1, (const char *)tensor->data + 4 * (t * ROWS + row), 4);
            assert_int_equal(l1, slow_row(0, t, t, row).l1);
        }
    }
    assert_int_equal(az_safetensors_require(file, "first_step", &tensor, NULL), AZ_OK);
    for (int64_t row = 0; row < ROWS; row++)
        assert_memory_equal((const char *)tensor->data + 8 * row, &told->tokens[row].first_step, 8);
    az_safetensors_close(file);
    az_divergence_free(told);
}

static void assert_refused(struct az_divergence_options options, enum az_status expected,
                           const char *message)
{
    struct az_divergence *told;
    struct az_error error;
    az_error_clear(&error);
    assert_int_equal(diverge(&told, options, &error), expected);
    assert_null(told);
    if (!strstr(error.message, message)) fail_msg("%s", error.message);
}

static void what_cannot_be_compared_is_refused(void **state)
{
    (void)state;
    write_both((struct planted){.every = 7}, (struct planted){.every = 5});
    assert_refused((struct az_divergence_options){.matrix = "U"}, AZ_MISSING, "U");
    assert_refused((struct az_divergence_options){.first_step = 36}, AZ_USAGE, "no step in common");
    assert_refused((struct az_divergence_options){.isa = "mmx"}, AZ_USAGE, "mmx");
    write_both((struct planted){.row_count = 20},
               (struct planted){.first_row = 30, .row_count = 20});
    assert_refused((struct az_divergence_options){0}, AZ_USAGE, "no token is in both");
    write_both((struct planted){0}, (struct planted){.wide = true});
    assert_refused((struct az_divergence_options){0}, AZ_UNSUPPORTED, "F32");
    write_both((struct planted){0}, (struct planted){.first_row = 100, .row_count = 100});
    const char *named = fixture_path("ids.txt");
    fixture_write(named, "3, 5\n", 5);
    assert_refused((struct az_divergence_options){.named = named}, AZ_USAGE,
                   "none of its tokens is in both");
}

static void whatever_allocation_fails_it_is_told(void **state)
{
    (void)state;
    enum az_status status = AZ_MEMORY;
    size_t n = 0;
    write_both((struct planted){.every = 20}, (struct planted){.every = 10, .row_count = 200});
    const char *arrays = fixture_path("arrays.safetensors");
    unlink(arrays);
    while (status == AZ_MEMORY) {
        struct az_divergence *told = NULL;
        struct az_recording *a, *b;
        assert_int_equal(az_recording_open(&a, path_a, NULL), AZ_OK);
        assert_int_equal(az_recording_open(&b, path_b, NULL), AZ_OK);
        az_memory_fail_after(++n);
        status = az_divergence_look(&told, a, b,
                                    &(struct az_divergence_options){.threads = 2, .arrays = arrays},
                                    NULL, NULL);
        az_memory_fail_after(0);
        az_divergence_free(told);
        az_recording_close(a);
        az_recording_close(b);
        assert_true(az_file_exists(arrays) == (status == AZ_OK));
    }
    assert_int_equal(status, AZ_OK);
    assert_true(n > 20);
}

static int prepare(void **state)
{
    plant_b();
    return fixture_make(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_that_of_the_slow_count),
        cmocka_unit_test(only_common_steps_and_tokens_count),
        cmocka_unit_test(a_run_beside_itself_never_parts),
        cmocka_unit_test(neither_threads_nor_instructions_show),
        cmocka_unit_test(arrays_hold_every_token_at_every_step),
        cmocka_unit_test(what_cannot_be_compared_is_refused),
        cmocka_unit_test(whatever_allocation_fails_it_is_told),
    };
    return cmocka_run_group_tests(tests, prepare, fixture_remove);
}
