/* Two recordings against each other: every count against one that is made the plain way. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../account_fixture.h"
#include "azimuth/compare.h"
#include "lens/compare_rows.h"

/* ---- rows ---- */

static void cells_and_distance_are_those_of_the_definitions(void **state)
{
    (void)state;
    const uint16_t a[] = {0x3f80, 0x0000, 0x8000, 0x3f80, 0x0001, 0x7fc0, 0x4000};
    const uint16_t b[] = {0x3f82, 0x8000, 0x0000, 0xbf80, 0x8001, 0x7fc0, 0x4000};
    const struct az_compare_pair pair = {.kind = AZ_COMPARE_BF16};
    struct az_compare_counts sums = {0};
    assert_int_equal(az_compare_row(&pair, (const void *)a, (const void *)b, 7, &sums), 0);
    assert_int_equal(sums.components, 7);
    assert_int_equal(sums.differing, 5); /* a NaN of the same bits is the same */
    assert_int_equal(sums.bits, 1 + 1 + 1 + 1 + 1);
    assert_int_equal(sums.l1_cells, 2 + 0 + 0 + 2 * 0x3f80 + 2);
    assert_int_equal(sums.linf_cells, 2 * 0x3f80);
    assert_true(sums.l2_cells == 4 + 4.0 * 0x3f80 * 0x3f80 + 4);
    assert_true(fabs(sums.distance_w - (pow(2.0 / 128, 2) + 4 + pow(ldexp(2, -133), 2))) < 1e-15);
    assert_int_equal(sums.moved, 1);
}

static void bf16_is_compared_with_float32_by_value(void **state)
{
    (void)state;
    const uint16_t a[] = {0x3f80, 0xc000, 0x0000};
    const uint32_t b[] = {0x3f800000, 0xc0000003, 0x80000000};
    struct az_compare_pair pair = {.kind = AZ_COMPARE_F32, .b_wide = true};
    struct az_compare_counts sums = {0};
    assert_int_equal(az_compare_row(&pair, (const void *)a, (const void *)b, 3, &sums), 1);
    assert_int_equal(sums.differing, 2);
    assert_int_equal(sums.bits, 3);
    assert_int_equal(sums.l1_cells, 3);
    pair = (struct az_compare_pair){.kind = AZ_COMPARE_F32, .a_wide = true};
    memset(&sums, 0, sizeof sums);
    assert_int_equal(az_compare_row(&pair, (const void *)b, (const void *)a, 3, &sums), 1);
    assert_int_equal(sums.l1_cells, 3);
}

static void other_types_are_compared_by_their_bits(void **state)
{
    (void)state;
    const int64_t a[] = {1, 2, 3}, b[] = {1, 3, -1};
    const struct az_compare_pair pair = {.kind = AZ_COMPARE_BYTES, .bytes = 8};
    struct az_compare_counts sums = {0};
    assert_int_equal(az_compare_row(&pair, (const void *)a, (const void *)b, 3, &sums), 1);
    assert_int_equal(sums.differing, 2);
    assert_int_equal(sums.bits, 1 + 62);
    assert_int_equal(sums.l1_cells, 0);
}

/* ---- recordings ---- */

static struct {
    int64_t frames, last_step, dead, live, all, bits;
    int64_t w_dead, w_live, w_bits, w_first_step;
    double distance;
} seen;

static void look(void *context, const struct az_compare_frame *frame)
{
    (void)context;
    seen.frames++;
    assert_true(frame->step >= seen.last_step);
    seen.last_step = frame->step;
    seen.all += frame->counts[AZ_COMPARE_ALL].differing;
    seen.dead += frame->counts[AZ_COMPARE_DEAD].differing;
    seen.live += frame->counts[AZ_COMPARE_LIVE].differing;
    seen.bits += frame->counts[AZ_COMPARE_ALL].bits;
    if (strcmp(frame->tensor, "W") != 0) return;
    seen.w_dead += frame->counts[AZ_COMPARE_DEAD].differing;
    seen.w_live += frame->counts[AZ_COMPARE_LIVE].differing;
    seen.w_bits += frame->counts[AZ_COMPARE_ALL].bits;
    if (!seen.w_first_step && frame->counts[AZ_COMPARE_ALL].differing)
        seen.w_first_step = frame->step;
    if (frame->step == T) seen.distance = frame->counts[AZ_COMPARE_ALL].distance_w;
}

static enum az_status compare(const char *a_path, const char *b_path, bool common, int threads,
                              struct az_compare_result *result)
{
    struct az_recording *a, *b;
    struct az_error error;
    struct az_compare_options options = {.common = common, .threads = threads, .frame = look};
    memset(&seen, 0, sizeof seen);
    assert_int_equal(az_recording_open(&a, a_path, NULL), AZ_OK);
    assert_int_equal(az_recording_open(&b, b_path, NULL), AZ_OK);
    enum az_status status = az_compare(a, b, &options, result, NULL, &error);
    az_recording_close(a);
    az_recording_close(b);
    return status;
}

static const char *record_as(const struct recorded *how, const char *name)
{
    static char paths[2][512]; /* of a and b */
    char *path = paths[name[0] - 'a'];
    snprintf(path, sizeof paths[0], "%s/%s", fixture_directory, name);
    assert_int_equal(rename(record(how), path), 0);
    return path;
}

static void a_recording_equals_itself_and_its_upcast(void **state)
{
    (void)state;
    struct az_compare_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *a = record_as(&how, "a");
    how.upcast = true;
    const char *b = record_as(&how, "b");
    assert_int_equal(compare(a, a, false, 2, &result), AZ_OK);
    assert_int_equal(result.frames, 4 * (T + 1));
    assert_int_equal(compare(a, b, false, 2, &result), AZ_OK);
    assert_int_equal(result.frames, 4 * (T + 1));
    assert_int_equal(result.frames_differing, 0);
    assert_false(result.first.found);
    assert_int_equal(result.tensors, 4);
}

/* Counts of all frames, made the plain way from what the fixture computed. */
static void every_difference_is_counted(void **state)
{
    (void)state;
    struct az_compare_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    static struct az_bf16 kept[T + 1][N];
    const char *a = record_as(&how, "a");
    memcpy(kept, run.w, sizeof kept);
    how.arithmetic = AZ_ARITHMETIC_BF16_FUSED;
    how.without = "grad_W";
    const char *b = record_as(&how, "b");
    int64_t differing[2] = {0, 0}, first_step = 0, bits = 0;
    double square = 0;
    for (int64_t t = 0; t <= T; t++)
        for (int64_t i = 0; i < N; i++) {
            bool dead = i / D % 3 == 1 && i / D / 3 < DEAD;
            unsigned difference = (unsigned)(kept[t][i].bits ^ run.w[t][i].bits);
            if (!difference) continue;
            differing[dead]++;
            bits += __builtin_popcount(difference);
            if (!first_step) first_step = t;
            if (t == T)
                square += pow(
                    (double)az_bf16_to_f32(kept[t][i]) - (double)az_bf16_to_f32(run.w[t][i]), 2);
        }
    assert_true(differing[0] > 0 && differing[1] > 0);
    for (int threads = 1; threads < 5; threads++) {
        assert_int_equal(compare(a, b, false, threads, &result), AZ_DIFFERENCE);
        assert_int_equal(result.tensors_differing, 3);       /* W, v; B has no gradient */
        assert_true(seen.all > differing[0] + differing[1]); /* moments too */
        assert_int_equal(seen.all, seen.dead + seen.live);
        assert_true(fabs(seen.distance / sqrt(square) - 1) < 1e-12);
        assert_int_equal(seen.w_live, differing[0]);
        assert_int_equal(seen.w_dead, differing[1]);
        assert_int_equal(seen.w_bits, bits);
        assert_int_equal(seen.w_first_step, first_step);
    }
}

/* One bit: the place, whatever the set of rows. */
static void one_flipped_bit_is_found_at_its_place(void **state)
{
    (void)state;
    struct az_compare_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *a = record_as(&how, "a");
    for (int some = 0; some < 2; some++) {
        how.some_rows = some;
        const char *b = record_as(&how, "b");
        struct az_safetensors *file;
        assert_int_equal(az_safetensors_open(&file, b, NULL), AZ_OK);
        const struct az_tensor *v = az_safetensors_find(file, "variance_W");
        long rows = some ? (V + 1) / 2 : V;
        long at = (long)v->offset_bytes + ((7 * rows + 5) * D + 11) * 2 + 1;
        az_safetensors_close(file);
        FILE *raw = fopen(b, "r+b");
        assert_non_null(raw);
        fseek(raw, at, SEEK_SET);
        int byte = fgetc(raw);
        fseek(raw, at, SEEK_SET);
        fputc(byte ^ 0x10, raw);
        fclose(raw);
        assert_int_equal(compare(a, b, some, 3, &result), AZ_DIFFERENCE);
        assert_int_equal(result.frames_differing, 1);
        assert_string_equal(result.first.tensor, "variance_W");
        assert_int_equal(result.first.step, 7);
        assert_int_equal(result.first.token, some ? 10 : 5);
        assert_int_equal(result.first.dim, 11);
        assert_int_equal(result.first.a_bits ^ result.first.b_bits, 0x1000);
        assert_int_equal(seen.bits, 1);
    }
}

static void what_only_one_has_counts_unless_the_common_is_asked_for(void **state)
{
    (void)state;
    struct az_compare_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *a = record_as(&how, "a");
    how.every = 2;
    const char *b = record_as(&how, "b");
    assert_int_equal(compare(a, b, false, 2, &result), AZ_DIFFERENCE);
    assert_int_equal(result.tensors_differing, 1);
    assert_int_equal(result.frames, 3 * (T + 1) + T / 2 + 1);
    assert_int_equal(result.frames_differing, 0);
    assert_int_equal(compare(a, b, true, 2, &result), AZ_OK);
    how = (struct recorded){.arithmetic = AZ_ARITHMETIC_BF16, .without = "grad_W"};
    b = record_as(&how, "b");
    assert_int_equal(compare(a, b, false, 2, &result), AZ_DIFFERENCE);
    assert_int_equal(result.tensors_differing, 1);
    assert_int_equal(compare(a, b, true, 2, &result), AZ_OK);
    how = (struct recorded){.arithmetic = AZ_ARITHMETIC_BF16, .some_rows = true};
    b = record_as(&how, "b");
    assert_int_equal(compare(a, b, false, 2, &result), AZ_DIFFERENCE);
    assert_int_equal(result.frames_differing, 0);
    assert_int_equal(compare(b, a, true, 2, &result), AZ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_and_distance_are_those_of_the_definitions),
        cmocka_unit_test(bf16_is_compared_with_float32_by_value),
        cmocka_unit_test(other_types_are_compared_by_their_bits),
        cmocka_unit_test(a_recording_equals_itself_and_its_upcast),
        cmocka_unit_test(every_difference_is_counted),
        cmocka_unit_test(one_flipped_bit_is_found_at_its_place),
        cmocka_unit_test(what_only_one_has_counts_unless_the_common_is_asked_for),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
