/* What a look at a recording takes and refuses: cadences, rows, sets, types; what it writes. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lens_fixture.h"
#include "azimuth/lifecycle.h"
#include "azimuth/motion.h"
#include "azimuth/safetensors.h"
#include "azimuth/structure.h"
#include "base/memory.h"
#include "store/file.h"

static enum az_status refused(const char *path, struct az_lens_options options,
                              struct az_error *error)
{
    struct az_lens *lens;
    az_error_clear(error);
    enum az_status status = az_lens_look(&lens, path, &options, NULL, error);
    if (status == AZ_OK) fail_msg("not refused");
    assert_null(lens);
    return status;
}

static void a_cadence_dates_motions_by_the_frame_that_shows_them(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){.every = 5});
    assert_int_equal(lens->subject.moves, STEPS / 5);
    assert_int_equal(lens->subject.longest_gap_steps, 5);
    assert_int_equal(lens->subject.steps[3], 15);
    assert_int_equal(lens->lifecycle->tokens[WALKER].end_step[AZ_LIFE_LATE], 20);
    assert_int_equal(lens->lifecycle->tokens[WALKER].moving_steps, 4);
    struct az_displacement cells = az_bf16_displacement(at(0, LIFE, 0), at(5, LIFE, 0), DIMS);
    assert_true(cells.l2_cells < 1000); /* 1500 up and 1001 down within one frame */
    assert_int_equal(lens->lifecycle->tokens[LIFE].end_step[AZ_LIFE_HYPERNOVA], 0);
    az_lens_free(lens);
}

static void some_rows_only_are_known_by_their_tokens(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){.first_row = 2, .row_count = 100});
    assert_int_equal(lens->subject.rows, 100);
    assert_int_equal(lens->subject.vocabulary, ROWS);
    assert_int_equal(lens->subject.tokens[0], 2);
    assert_int_equal(lens->lifecycle->tokens[LIFE - 2].freeze_step, 21);
    assert_int_equal(lens->subject.counts[AZ_LENS_DEAD], 33);
    az_lens_free(lens);
}

static void without_dead_tokens_known_all_is_the_only_set(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){.no_dead = true});
    assert_false(lens->subject.present[AZ_LENS_DEAD] || lens->subject.present[AZ_LENS_LIVE]);
    assert_true(lens->lifecycle->straggler_count > 0);
    assert_null(lens->motion->steps[AZ_LENS_DEAD]);
    az_lens_free(lens);
}

static void steps_can_be_chosen(void **state)
{
    (void)state;
    struct az_error error;
    const char *path = write_planted(&(struct planted){0}, "planted.safetensors");
    struct az_lens_options options = {.first_step = 9, .last_step = 19, .kinematics = true};
    struct az_lens *lens = look_with(path, &options);
    assert_int_equal(lens->subject.moves, 10);
    assert_int_equal(lens->subject.steps[0], 9);
    assert_int_equal(lens->lifecycle->tokens[LIFE].end_step[AZ_LIFE_LATE], 13);
    az_lens_free(lens);
    options = (struct az_lens_options){.first_step = STEPS};
    assert_int_equal(refused(path, options, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "1 frame in these steps"));
}

/* ---- named sets ---- */

static void sets_are_named_by_lists_and_masks(void **state)
{
    (void)state;
    static uint8_t mask[ROWS];
    static const int64_t ids[] = {5, 2, 5};
    struct az_tensor tensors[2] = {
        {.name = "mask", .dtype = AZ_DTYPE_BOOL, .rank = 1, .shape = {ROWS}, .data = mask},
        {.name = "ids", .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {3}, .data = ids}};
    mask[2] = mask[5] = 1;
    const char *path = write_planted(&(struct planted){0}, "planted.safetensors");
    const char *two = fixture_path("two.safetensors"), *list = fixture_path("list");
    char with_name[600];
    assert_int_equal(az_safetensors_save(two, tensors, 2, NULL, NULL), AZ_OK);
    fixture_write(list, "2, # the second\n5\n", 18);
    const char *names[] = {list, with_name, with_name};
    for (int n = 0; n < 3; n++) {
        snprintf(with_name, sizeof with_name, "%s:%s", two, n == 1 ? "mask" : "ids");
        struct az_lens_options options = {.named = names[n], .kinematics = true};
        struct az_lens *lens = look_with(path, &options);
        assert_int_equal(lens->subject.counts[AZ_LENS_NAMED], 2);
        assert_int_equal(lens->subject.counts[AZ_LENS_DEAD], ROWS / 3);
        assert_int_equal(lens->subject.sets[5] >> AZ_LENS_NAMED & 1, 1);
        assert_int_equal(lens->motion->steps[AZ_LENS_NAMED][3].movers, 2);
        az_lens_free(lens);
    }
}

static void wrong_sets_are_refused_with_the_token(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        enum az_status status;
    } wrong[] = {{"1 2 300", "has the id 300, and there are 300 rows", AZ_FORMAT},
                 {"1 two", "expected a token id", AZ_FORMAT},
                 {"-1", "expected a token id", AZ_FORMAT},
                 {"# none\n", "names no token", AZ_USAGE}};
    struct az_error error;
    char path[512];
    snprintf(path, sizeof path, "%s", write_planted(&(struct planted){0}, "planted.safetensors"));
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        const char *list = fixture_path("list");
        fixture_write(list, wrong[n].text, strlen(wrong[n].text));
        assert_int_equal(refused(path, (struct az_lens_options){.named = list}, &error),
                         wrong[n].status);
        if (!strstr(error.message, wrong[n].message)) fail_msg("%s", error.message);
    }
    snprintf(path, sizeof path, "%s",
             write_planted(&(struct planted){.first_row = 2, .row_count = 9}, "some.safetensors"));
    fixture_write(fixture_path("list"), "77", 2);
    struct az_lens_options options = {.named = fixture_path("list")};
    assert_int_equal(refused(path, options, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "token 77 was not recorded"));
    options.named = fixture_path("absent");
    assert_int_equal(refused(path, options, &error), AZ_MISSING);
}

static void other_matrices_are_refused(void **state)
{
    (void)state;
    struct az_error error;
    const char *path = write_planted(&(struct planted){.wide = true}, "wide.safetensors");
    assert_int_equal(refused(path, (struct az_lens_options){0}, &error), AZ_UNSUPPORTED);
    assert_non_null(strstr(error.message, "recorded as F32"));
    path = write_planted(&(struct planted){0}, "planted.safetensors");
    assert_int_equal(refused(path, (struct az_lens_options){.matrix = "U"}, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "U was not recorded; what was: W"));
    assert_int_equal(refused(fixture_path("absent"), (struct az_lens_options){0}, &error),
                     AZ_MISSING);
}

static int asked_to_stop = 1;

static void a_look_can_be_stopped(void **state)
{
    (void)state;
    struct az_lens *lens;
    struct az_progress progress;
    struct az_lens_options options = {0};
    const char *path = write_planted(&(struct planted){0}, "planted.safetensors");
    az_progress_init(&progress, NULL, NULL, &asked_to_stop);
    assert_int_equal(az_lens_look(&lens, path, &options, &progress, NULL), AZ_INTERRUPTED);
    assert_null(lens);
}

static void whatever_allocation_fails_it_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s",
             write_planted(&(struct planted){.every = 12}, "planted.safetensors"));
    const char *arrays = fixture_path("arrays.safetensors");
    struct az_lens_options options = {.kinematics = true, .arrays = arrays, .threads = 2};
    struct az_structure_options others = {.set = AZ_LENS_ALL, .threads = 2};
    for (int what = 0; what < 2; what++) {
        enum az_status status = AZ_MEMORY;
        size_t n = 0;
        while (status == AZ_MEMORY) {
            struct az_lens *lens = NULL;
            struct az_structure *structure = NULL;
            az_memory_fail_after(++n);
            status = what ? az_structure_look(&structure, path, &others, NULL, NULL)
                          : az_lens_look(&lens, path, &options, NULL, NULL);
            az_memory_fail_after(0);
            az_lens_free(lens);
            az_structure_free(structure);
            assert_true(what || az_file_exists(arrays) == (status == AZ_OK));
        }
        assert_int_equal(status, AZ_OK);
        assert_true(n > 20);
    }
}

/* The notebooks' schema: W alone, no metadata, masks in a file beside it. */
static void a_file_of_the_notebooks_is_looked_at(void **state)
{
    (void)state;
    static int64_t dead[ROWS];
    int64_t count = 0;
    for (int64_t row = 0; row < ROWS; row++)
        if (is_dead(row)) dead[count++] = row;
    struct az_tensor masks = {
        .name = "dead_indices", .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {count}, .data = dead};
    struct az_tensor w = {.name = "W",
                          .dtype = AZ_DTYPE_BF16,
                          .rank = 3,
                          .shape = {STEPS + 1, ROWS, DIMS},
                          .data = movie};
    assert_int_equal(
        az_safetensors_save(fixture_path("live_dead_tokens.safetensors"), &masks, 1, NULL, NULL),
        AZ_OK);
    assert_int_equal(az_safetensors_save(fixture_path("thimble.safetensors"), &w, 1, NULL, NULL),
                     AZ_OK);
    struct az_lens_options options = {.kinematics = true};
    struct az_lens *lens = look_with(fixture_path("thimble.safetensors"), &options);
    assert_int_equal(lens->subject.counts[AZ_LENS_DEAD], count);
    assert_int_equal(lens->lifecycle->tokens[LIFE].freeze_step, 21);
    az_lens_free(lens);
    assert_int_equal(unlink(fixture_path("live_dead_tokens.safetensors")), 0);
}

static void arrays_hold_every_token_at_every_step(void **state)
{
    (void)state;
    struct az_safetensors *file;
    const char *path = write_planted(&(struct planted){0}, "planted.safetensors");
    struct az_lens_options options = {.arrays = fixture_path("arrays.safetensors")};
    az_lens_free(look_with(path, &options));
    assert_int_equal(az_safetensors_open(&file, fixture_path("arrays.safetensors"), NULL), AZ_OK);
    const struct az_tensor *l1 = az_safetensors_find(file, "l1_cells");
    const struct az_tensor *l2 = az_safetensors_find(file, "l2_cells");
    const struct az_tensor *ends = az_safetensors_find(file, "phase_end_step");
    assert_int_equal(l1->dtype, AZ_DTYPE_I32);
    assert_int_equal(l1->shape[0], STEPS);
    assert_int_equal(l1->shape[1], ROWS);
    for (int64_t step = 1; step <= STEPS; step++) {
        for (int64_t row = 0; row < ROWS; row++) {
            struct az_displacement cells =
                az_bf16_displacement(at(step - 1, row, 0), at(step, row, 0), DIMS);
            int64_t place = (step - 1) * ROWS + row;
            int32_t found;
            float length;
            memcpy(&found, (const char *)l1->data + 4 * place, 4);
            memcpy(&length, (const char *)l2->data + 4 * place, 4);
            assert_int_equal(found, cells.l1_cells);
            assert_true(length == (float)cells.l2_cells);
        }
    }
    static const int64_t expected[] = {2, 5, 9, 20};
    assert_memory_equal((const int64_t *)ends->data + 4 * LIFE, expected, sizeof expected);
    az_safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cadence_dates_motions_by_the_frame_that_shows_them),
        cmocka_unit_test(some_rows_only_are_known_by_their_tokens),
        cmocka_unit_test(without_dead_tokens_known_all_is_the_only_set),
        cmocka_unit_test(steps_can_be_chosen),
        cmocka_unit_test(sets_are_named_by_lists_and_masks),
        cmocka_unit_test(wrong_sets_are_refused_with_the_token),
        cmocka_unit_test(other_matrices_are_refused),
        cmocka_unit_test(a_look_can_be_stopped),
        cmocka_unit_test(whatever_allocation_fails_it_is_told_and_nothing_leaks),
        cmocka_unit_test(a_file_of_the_notebooks_is_looked_at),
        cmocka_unit_test(arrays_hold_every_token_at_every_step),
    };
    plant();
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
