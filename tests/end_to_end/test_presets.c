/* The presets in experiments/: each is within its budget, begins to learn, and takes the memory
 * that it says. Skipped (77) where a text that they are trained on is not installed. */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

static const char *cache(void) { return getenv("AZ_CACHE") ? NULL : tiny_path("cache"); }

static struct az_experiment preset(const char *path)
{
    static struct az_experiment experiment;
    struct az_error error;
    az_error_clear(&error);
    az_experiment_init(&experiment);
    if (az_experiment_read(&experiment, path, &error) != AZ_OK)
        fail_msg("%s: %s", path, error.message);
    return experiment;
}

static void find_presets(glob_t *found)
{
    char pattern[512];
    snprintf(pattern, sizeof pattern, "%s/experiments/*.conf", getenv("AZ_SOURCE_ROOT"));
    assert_int_equal(glob(pattern, 0, NULL, found), 0);
    assert_true(found->gl_pathc >= 7);
}

static void every_preset_is_within_its_budget(void **state)
{
    (void)state;
    glob_t found;
    find_presets(&found);
    for (size_t n = 0; n < found.gl_pathc; n++) {
        struct az_experiment experiment = preset(found.gl_pathv[n]);
        struct az_train_options options = {.cache_directory = cache()};
        struct az_train_plan plan;
        struct az_error error;
        az_error_clear(&error);
        if (az_train_plan(&experiment, &options, &plan, NULL, &error) != AZ_OK)
            fail_msg("%s: %s", found.gl_pathv[n], error.message);
        print_message("%s: %zu parameters, %zu dead, %.2f GB on disk, %.0f s\n",
                      experiment.experiment.name, plan.parameters, plan.dead,
                      (double)plan.disk_bytes / 1e9, plan.seconds_estimate);
        assert_true(plan.dead > 500 && plan.live > 1000);
    }
    globfree(&found);
}

static void every_preset_takes_the_memory_that_it_says(void **state)
{
    (void)state;
    glob_t found;
    find_presets(&found);
    for (size_t n = 0; n < found.gl_pathc; n++) {
        struct az_experiment experiment = preset(found.gl_pathv[n]);
        experiment.train.steps = 2;
        double ratio = tiny_memory_ratio(&experiment, cache());
        if (!(ratio > 0.85 && ratio < 1.15)) fail_msg("%s", found.gl_pathv[n]);
        struct tiny_movie losses = tiny_movie_of("measured", "losses");
        int64_t *vocabulary;
        assert_int_equal(tiny_integers("measured", "vocab_size", &vocabulary), 1);
        assert_true(fabs(tiny_at(&losses, 1, 0) - log((double)*vocabulary)) < 0.1);
        free(vocabulary);
        tiny_movie_free(&losses);
    }
    globfree(&found);
}

static bool texts_are_there(void)
{
    static const char *const names[] = {"web", "thai"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        char *text;
        size_t length;
        struct az_error error;
        az_error_clear(&error);
        if (az_corpus_read(names[n], &text, &length, &error) != AZ_OK) {
            printf("skipped: %s\n", error.message);
            return false;
        }
        az_corpus_free_text(text);
    }
    return true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_is_within_its_budget),
        cmocka_unit_test(every_preset_takes_the_memory_that_it_says),
    };
    if (!texts_are_there()) return 77;
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
