/* The budget: what is refused, and how near the estimate of memory comes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tiny.h"

static bool exists(const char *name) { return access(tiny_path(name), F_OK) == 0; }

static void refuse(const char *overrides, enum az_status expected, const char *const *words)
{
    struct az_experiment experiment = tiny_experiment(overrides);
    struct az_train_result result;
    struct az_error error;
    assert_int_equal(tiny_run(&experiment, "refused", NULL, 0, &result, &error), expected);
    for (; *words; words++)
        if (!strstr(error.message, *words)) fail_msg("'%s' not in: %s", *words, error.message);
    assert_false(exists("refused"));
}

static void a_recording_over_its_limit_is_refused_with_figure_excess_and_option(void **state)
{
    (void)state;
    /* 4 tensors of 420 x 32: W and grad_W in 2 bytes, moments in 4: 161,280 bytes a step. */
    static const char *const words[] = {"recording would take 16.13",     "4.13",
                                        "budget.safetensors = 12.000 GB", "record.rows=dead",
                                        "-P budget.safetensors=16.2GB",   NULL};
    refuse("train.steps=100000", AZ_BUDGET, words);
}

static void memory_over_its_limit_is_refused_with_figure_excess_and_option(void **state)
{
    (void)state;
    static const char *const words[] = {"of memory", "over budget.memory = 0.003 GB",
                                        "-P budget.memory=", NULL};
    refuse("budget.memory=3MB", AZ_BUDGET, words);
}

static void memory_over_what_the_machine_has_is_refused(void **state)
{
    (void)state;
    static const char *const words[] = {"of memory", "that this machine has to give", NULL};
    refuse("budget.memory=1000TB budget.safetensors=1000TB model.width=8192 model.layers=64",
           AZ_BUDGET, words);
}

static void more_than_the_disk_holds_is_refused(void **state)
{
    (void)state;
    static const char *const words[] = {"that are free", "choose another place with -o", NULL};
    refuse("train.steps=200000 model.width=1024 budget.safetensors=1000TB", AZ_BUDGET, words);
}

/* What packing leaves is not known beforehand: the run begins, ends before the limit, whole, and
 * goes on to the same bits when it is given more. */
static void a_packed_recording_stops_before_its_limit_and_goes_on(void **state)
{
    (void)state;
    const char *packed = "train.steps=150 record.container=hdf5 record.compression=fast ";
    char text[200];
    struct az_train_result result;
    struct az_error error;
    az_error_clear(&error);
    snprintf(text, sizeof text, "%s budget.hdf5=1TB", packed);
    struct az_experiment straight = tiny_experiment(text);
    struct az_train_result whole = tiny_run_well(&straight, "straight");
    snprintf(text, sizeof text, "%s budget.hdf5=18MB", packed);
    struct az_experiment limited = tiny_experiment(text);
    if (tiny_run(&limited, "limited", NULL, 0, &result, &error) != AZ_OK)
        fail_msg("%s", error.message);
    assert_in_range(result.steps, 10, 140);
    assert_non_null(strstr(result.ended, "might exceed budget.hdf5 = 18"));
    struct tiny_movie w = tiny_movie_of("limited", "W"), all = tiny_movie_of("straight", "W");
    assert_int_equal(w.frames, result.steps + 1);
    assert_memory_equal(w.bytes, all.bytes, (size_t)w.frames * w.frame_bytes);
    tiny_movie_free(&w);
    struct az_train_options options = {
        .directory = tiny_path("limited"), .resume = true, .cache_directory = tiny_path("cache")};
    if (az_train_run(&straight, &options, &result, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    assert_int_equal(result.steps, 150);
    assert_memory_equal(&result.fingerprint, &whole.fingerprint, sizeof whole.fingerprint);
    w = tiny_movie_of("limited", "W");
    assert_int_equal(w.frames, 151);
    assert_memory_equal(w.bytes, all.bytes, (size_t)w.frames * w.frame_bytes);
    tiny_movie_free(&w);
    tiny_movie_free(&all);
}

static void a_vocabulary_without_dead_tokens_cannot_record_dead_rows(void **state)
{
    (void)state;
    static const char *const words[] = {"record.rows = dead", "are live", NULL};
    char overrides[700];
    snprintf(overrides, sizeof overrides,
             "record.rows=dead tokenizer.model=character tokenizer.base_characters=12 "
             "tokenizer.vocabulary=14 tokenizer.pattern=whitespace tokenizer.texts=%s:1 "
             "train.steps=200",
             tiny_path("text.txt"));
    refuse(overrides, AZ_USAGE, words);
}

static void a_shape_that_would_take_long_is_computed_not_tried(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(
        "model.width=512 model.layers=3 train.batch=4000 train.steps=40 record.h=off");
    struct az_train_options options = {.directory = tiny_path("planned"),
                                       .cache_directory = tiny_path("cache")};
    struct az_train_plan plan;
    struct az_error error;
    az_error_clear(&error);
    az_memory_peak_reset();
    if (az_train_plan(&experiment, &options, &plan, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    assert_true(plan.memory_bytes > 2000000000);
    assert_true(az_memory_peak_bytes() < plan.memory_bytes / 2);
    assert_true(plan.seconds_estimate > 1);
}

static void the_plan_names_every_part_and_its_lines_add_up(void **state)
{
    (void)state;
    struct az_experiment experiment =
        tiny_experiment("optimizer.arithmetic=bf16 optimizer.weight_decay=0.1 record.h=1");
    struct az_train_options options = {.directory = tiny_path("planned"),
                                       .cache_directory = tiny_path("cache")};
    struct az_train_plan plan;
    struct az_error error;
    az_error_clear(&error);
    if (az_train_plan(&experiment, &options, &plan, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    assert_false(exists("planned"));
    assert_int_equal(plan.vocabulary, 420);
    assert_int_equal(plan.live + plan.dead, 420);
    assert_int_equal(plan.frames, TINY_STEPS + 1);
    assert_true(plan.dead > 20 && plan.corpus_tokens > 1000 && plan.seconds_estimate > 0);
    assert_non_null(strstr(plan.warning, "weight decay does nothing"));
    uint64_t memory = 0, disk = 0;
    bool recorded = false;
    for (size_t n = 0; n < plan.line_count; n++) {
        memory += plan.lines[n].memory_bytes;
        disk += plan.lines[n].disk_bytes;
        if (strcmp(plan.lines[n].name, "recording: W") == 0) {
            recorded = true;
            assert_int_equal(plan.lines[n].disk_bytes, (TINY_STEPS + 1) * 420 * 32 * 2);
        }
    }
    assert_true(recorded);
    assert_int_equal(memory, plan.memory_bytes);
    assert_int_equal(disk, plan.disk_bytes);
}

/* An untied model's U costs what W does, and the packed size is told as a range before the start.
 */
static void the_projects_strategy_plans_u_as_w(void **state)
{
    (void)state;
    struct az_experiment experiment =
        tiny_experiment("record.container=hdf5 train.steps=300 record.strategy=project "
                        "model.tied=false");
    struct az_train_options options = {
        .directory = tiny_path("planned"), .cache_directory = tiny_path("cache"), .untimed = true};
    static const char *const names[] = {"W", "grad_W", "momentum_W", "variance_W",
                                        "U", "grad_U", "momentum_U", "variance_U"};
    uint64_t bytes[8] = {0};
    struct az_train_plan plan;
    struct az_error error;
    az_error_clear(&error);
    if (az_train_plan(&experiment, &options, &plan, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    for (size_t line = 0; line < plan.line_count; line++)
        for (int n = 0; n < 8; n++)
            if (strncmp(plan.lines[line].name, "recording: ", 11) == 0 &&
                strcmp(plan.lines[line].name + 11, names[n]) == 0)
                bytes[n] = plan.lines[line].disk_bytes;
    for (int n = 0; n < 4; n++) {
        assert_true(bytes[n] > 0);
        assert_int_equal(bytes[n + 4], bytes[n]);
    }
    assert_true(plan.recording_least_bytes < plan.recording_bytes);
    experiment.budget.hdf5_bytes = (int64_t)plan.recording_least_bytes - 1;
    assert_int_equal(az_train_plan(&experiment, &options, &plan, NULL, &error), AZ_BUDGET);
}

/* ---- the estimate ---- */

static void compare_with_the_peak(const struct az_experiment *experiment, const char *cache)
{
    double ratio = tiny_memory_ratio(experiment, cache);
    assert_true(ratio > 0.85 && ratio < 1.15);
}

static void the_estimate_of_a_tiny_run_is_within_15_percent_of_its_peak(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("");
    char cache[512];
    snprintf(cache, sizeof cache, "%s", tiny_path("another-cache"));
    compare_with_the_peak(&experiment, cache); /* with the tokenizer to train */
    compare_with_the_peak(&experiment, cache); /* with everything cached */
}

static void the_estimate_of_a_larger_run_is_within_15_percent_of_its_peak(void **state)
{
    (void)state;
    struct az_experiment experiment =
        tiny_experiment("model.width=64 model.context=128 train.batch=64 train.steps=2 record.h=1 "
                        "model.ffn_multiplier=4");
    compare_with_the_peak(&experiment, tiny_path("cache"));
    experiment = tiny_experiment("model.width=128 model.heads=2 model.layers=4 model.context=128 "
                                 "train.batch=8 train.steps=3 record.params=1 model.compute=f32");
    compare_with_the_peak(&experiment, tiny_path("cache"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_over_its_limit_is_refused_with_figure_excess_and_option),
        cmocka_unit_test(memory_over_its_limit_is_refused_with_figure_excess_and_option),
        cmocka_unit_test(memory_over_what_the_machine_has_is_refused),
        cmocka_unit_test(more_than_the_disk_holds_is_refused),
        cmocka_unit_test(a_packed_recording_stops_before_its_limit_and_goes_on),
        cmocka_unit_test(a_vocabulary_without_dead_tokens_cannot_record_dead_rows),
        cmocka_unit_test(a_shape_that_would_take_long_is_computed_not_tried),
        cmocka_unit_test(the_plan_names_every_part_and_its_lines_add_up),
        cmocka_unit_test(the_projects_strategy_plans_u_as_w),
        cmocka_unit_test(the_estimate_of_a_tiny_run_is_within_15_percent_of_its_peak),
        cmocka_unit_test(the_estimate_of_a_larger_run_is_within_15_percent_of_its_peak),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
