/* Equal and neighbouring rows through a planted recording, against counting by hand. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lens_fixture.h"
#include "azimuth/structure.h"

enum { TWINS = 20, TWIN_COUNT = 10, CHAIN = 40, CHAIN_COUNT = 10, BROKEN = 60 };

/* Ten equal rows, of which four leave at 10 and come back at 20; all scatter at 30. A chain of
 * neighbours, each one cell from the next; a pair that touches by a corner. A row with NaN. */
static void plant_structure(void)
{
    struct az_bf16 twin[DIMS];
    memcpy(twin, at(0, TWINS, 0), sizeof twin);
    for (int64_t t = 0; t <= STEPS; t++) {
        for (int64_t n = 0; n < TWIN_COUNT; n++) {
            memcpy(at(t, TWINS + n, 0), twin, sizeof twin);
            if (n < 4 && t >= 10 && t < 20) *at(t, TWINS + n, 4) = moved_by(twin[4], 200);
            if (t >= 30) *at(t, TWINS + n, 5) = moved_by(twin[5], (int32_t)(50 * n));
        }
        for (int64_t n = 0; n < CHAIN_COUNT; n++) {
            memcpy(at(t, CHAIN + n, 0), at(0, CHAIN, 0), DIMS * sizeof(struct az_bf16));
            *at(t, CHAIN + n, 2) = moved_by(*at(0, CHAIN, 2), (int32_t)n);
        }
        for (int64_t d = 0; d < 3; d++) *at(t, CHAIN + 9, d) = moved_by(*at(t, CHAIN + 8, d), 1);
        at(t, FLIPPER, 2)->bits = (uint16_t)(t % 2 ? 0x8000 : 0);
        at(t, BROKEN, 0)->bits = 0x7fc1;
        memcpy(at(t, BROKEN + 1, 0), at(t, BROKEN, 0), DIMS * sizeof(struct az_bf16));
    }
    for (int64_t t = 0; t <= STEPS; t++) /* equal but for the sign of a zero */
        memcpy(at(t, FLIPPER + 90, 0), at(t ? t - 1 : 1, FLIPPER, 0),
               DIMS * sizeof(struct az_bf16));
}

static bool has_nan(int64_t row) { return row == BROKEN || row == BROKEN + 1; }

static int32_t distance(int64_t step, int64_t a, int64_t b, int64_t *l1)
{
    int32_t most = 0;
    *l1 = 0;
    for (int64_t d = 0; d < DIMS; d++) {
        int32_t cells = az_bf16_cells(*at(step, a, d), *at(step, b, d));
        if (cells < 0) cells = -cells;
        if (cells > most) most = cells;
        *l1 += cells;
    }
    return most;
}

/* The lowest row that each is equal to; itself for NaN. */
static void group(int64_t step, int64_t *lowest)
{
    int64_t l1;
    for (int64_t a = 0; a < ROWS; a++) {
        lowest[a] = a;
        for (int64_t b = 0; b < a && lowest[a] == a && !has_nan(a); b++)
            if (!has_nan(b) && distance(step, a, b, &l1) == 0) lowest[a] = b;
    }
}

static struct az_structure_frame count_by_hand(int64_t step, const int64_t *lowest)
{
    struct az_structure_frame frame = {.step = step, .nan_rows = 2};
    int64_t population[ROWS] = {0}, component[ROWS], vectors[ROWS] = {0}, tokens[ROWS] = {0};
    for (int64_t a = 0; a < ROWS; a++) population[lowest[a]]++;
    for (int64_t a = 0; a < ROWS; a++) {
        component[a] = a;
        if (has_nan(a) || lowest[a] != a) continue;
        frame.unique++;
        frame.singletons += population[a] == 1;
        frame.black_holes += population[a] > 1;
        frame.grouped_tokens += population[a] > 1 ? population[a] : 0;
        frame.excess += population[a] - 1;
        if (population[a] > frame.largest_population) frame.largest_population = population[a];
        for (int64_t b = 0; b < a; b++) {
            int64_t l1;
            if (has_nan(b) || lowest[b] != b || distance(step, a, b, &l1) != 1) continue;
            frame.adjacent_pairs++;
            frame.face_pairs += l1 == 1;
            int64_t from = component[a], to = component[b];
            for (int64_t k = 0; k <= a; k++)
                if (component[k] == from) component[k] = to;
        }
    }
    for (int64_t a = 0; a < ROWS; a++) {
        if (has_nan(a) || lowest[a] != a) continue;
        vectors[component[a]]++;
        tokens[component[a]] += population[a];
    }
    for (int64_t a = 0; a < ROWS; a++) {
        if (vectors[a] < 2) continue;
        frame.components++;
        frame.component_vectors += vectors[a];
        frame.component_tokens += tokens[a];
        if (vectors[a] > frame.largest_component_vectors)
            frame.largest_component_vectors = vectors[a];
        if (tokens[a] > frame.largest_component_tokens) frame.largest_component_tokens = tokens[a];
    }
    return frame;
}

/* How the vectors of one frame part in another: partings, rows apart, wholly dissolved. */
static void part_by_hand(const int64_t *from, const int64_t *to, int64_t sums[3])
{
    for (int64_t a = 0; a < ROWS; a++) {
        int64_t all = 0, largest = 0;
        if (from[a] != a) continue;
        for (int64_t b = 0; b < ROWS; b++) {
            int64_t together = 0;
            if (from[b] != a) continue;
            all++;
            for (int64_t c = 0; c < ROWS; c++) together += from[c] == a && to[c] == to[b];
            if (together > largest) largest = together;
        }
        if (all < 2) continue;
        sums[0] += largest < all;
        sums[1] += all - largest;
        sums[2] += largest == 1;
    }
}

static struct az_structure *look(struct az_structure_options options)
{
    struct az_structure *structure;
    struct az_error error;
    az_error_clear(&error);
    const char *path = write_planted(&(struct planted){0}, "planted.safetensors");
    if (az_structure_look(&structure, path, &options, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    return structure;
}

static void every_frame_is_as_counted_by_hand(void **state)
{
    (void)state;
    static int64_t lowest[2][ROWS];
    struct az_structure *structure =
        look((struct az_structure_options){.set = AZ_LENS_ALL, .threads = 3});
    assert_int_equal(structure->frame_count, STEPS + 1);
    for (int64_t step = 0; step <= STEPS; step++) {
        int64_t *now = lowest[step % 2], *before = lowest[(step + 1) % 2];
        group(step, now);
        struct az_structure_frame expected = count_by_hand(step, now);
        int64_t parted[3] = {0}, joined[3] = {0};
        if (step) part_by_hand(before, now, parted);
        if (step) part_by_hand(now, before, joined);
        expected.fissions = parted[0];
        expected.left_tokens = parted[1];
        expected.deaths = parted[2];
        expected.fusions = joined[0];
        expected.joined_tokens = joined[1];
        expected.births = joined[2];
        assert_memory_equal(&structure->frames[step], &expected, sizeof expected);
    }
    az_structure_free(structure);
}

static void twins_leave_come_back_and_scatter(void **state)
{
    (void)state;
    struct az_structure *structure =
        look((struct az_structure_options){.set = AZ_LENS_ALL, .threads = 1});
    const struct az_structure_frame *frames = structure->frames;
    assert_int_equal(frames[0].largest_population, TWIN_COUNT);
    assert_int_equal(frames[10].left_tokens, 4);
    assert_int_equal(frames[10].fissions, 1);
    assert_int_equal(frames[10].deaths, 0);
    assert_int_equal(frames[20].joined_tokens, 4);
    assert_int_equal(frames[20].births, 0);
    assert_int_equal(frames[30].deaths, 1);
    assert_int_equal(frames[30].left_tokens, TWIN_COUNT - 1);
    assert_true(frames[0].components >= 1 && frames[0].largest_component_vectors >= CHAIN_COUNT);
    const struct az_structure_token *twin = &structure->tokens[TWINS + 2];
    assert_int_equal(twin->population_start, TWIN_COUNT);
    assert_int_equal(twin->population_end, 1);
    assert_int_equal(twin->first_left_step, 10);
    assert_int_equal(twin->first_joined_step, 20);
    assert_int_equal(twin->group_end, TWINS + 2);
    az_structure_free(structure);
}

static void sets_cadences_and_threads_are_heeded(void **state)
{
    (void)state;
    struct az_structure *one = look((struct az_structure_options){
        .set = AZ_LENS_DEAD, .every = 7, .first_step = 5, .threads = 1});
    struct az_structure *many = look((struct az_structure_options){
        .set = AZ_LENS_DEAD, .every = 7, .first_step = 5, .threads = 4});
    assert_int_equal(one->token_count, ROWS / 3);
    assert_int_equal(one->frame_count, 9); /* 5, 12 ... 54, and 60 */
    assert_int_equal(one->frames[8].step, STEPS);
    assert_int_equal(one->frames[1].fissions, 1); /* two of the four that left at 10 are dead */
    assert_memory_equal(one->frames, many->frames, 9 * sizeof *one->frames);
    assert_memory_equal(one->tokens, many->tokens, ROWS / 3 * sizeof *one->tokens);
    az_structure_free(one);
    az_structure_free(many);
}

static void what_cannot_be_looked_at_is_told(void **state)
{
    (void)state;
    struct az_structure *structure;
    struct az_error error;
    az_error_clear(&error);
    const char *path = write_planted(&(struct planted){.no_dead = true}, "planted.safetensors");
    struct az_structure_options options = {.set = AZ_LENS_DEAD};
    assert_int_equal(az_structure_look(&structure, path, &options, NULL, &error), AZ_USAGE);
    assert_null(structure);
    options = (struct az_structure_options){.set = AZ_LENS_ALL, .matrix = "U"};
    assert_int_equal(az_structure_look(&structure, path, &options, NULL, &error), AZ_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_as_counted_by_hand),
        cmocka_unit_test(twins_leave_come_back_and_scatter),
        cmocka_unit_test(sets_cadences_and_threads_are_heeded),
        cmocka_unit_test(what_cannot_be_looked_at_is_told),
    };
    plant();
    plant_structure();
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
