/* The presets in experiments/: each is within its budget, begins to learn, and takes the memory
 * that it says. Skipped (77) where a text that they are trained on is not installed. */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/scratch.h"
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

/* The presets cut short, with everything recorded: the same constants for every instruction set and
 * number of threads. They change only when the arithmetic, the texts or a preset is meant to. */
static const char *const shortened[] = {
    "train.steps=3", "train.batch=2",       "record.W=1",          "record.grad_W=1",
    "record.h=1",    "record.momentum_W=1", "record.variance_W=1", "record.params=1",
};

static const struct {
    const char *name, *fingerprint;
} golden[] = {
    {"crucible-1", "24e93887140217a69fbe1583d9b5bdca"},
    {"demo", "739684a982673b953b9019726f5aee19"},
    {"flannel-1", "9779af4c7f4e6be6f76e6644e80141e2"},
    {"goldilocks-balanced", "c3476ad665211e633692a0fa0bb2618b"},
    {"goldilocks-lean", "c3fb892d8121d253b77e07139f82c41e"},
    {"goldilocks-rich", "0dc4603cf81279eb2a3639010924df07"},
    {"thimble-1", "029f7bc7330e291efc2622e9f63a7500"},
};

static void compare_fingerprint(const char *path, const char *expected, enum az_isa isa,
                                int threads)
{
    struct az_experiment experiment = preset(path);
    struct az_train_result result;
    struct az_error error;
    char text[AZ_HASH_TEXT_BYTES], run[64];
    az_error_clear(&error);
    for (size_t n = 0; n < sizeof shortened / sizeof *shortened; n++)
        assert_int_equal(az_experiment_override(&experiment, shortened[n], &error), AZ_OK);
    snprintf(run, sizeof run, "fingerprint-%s-%d", az_isa_name(isa), threads);
    struct az_train_options options = {.directory = tiny_path(run),
                                       .cache_directory = cache(),
                                       .isa = az_isa_name(isa),
                                       .threads = threads};
    if (az_train_run(&experiment, &options, &result, NULL, &error) != AZ_OK)
        fail_msg("%s: %s", path, error.message);
    assert_int_equal(az_scratch_remove(tiny_path(run), NULL), AZ_OK);
    az_hash_text(result.fingerprint, text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s, %s, %d threads: %s instead of %s", path, az_isa_name(isa), threads, text,
                 expected);
}

static void fingerprints_of_presets_are_the_same_everywhere(void **state)
{
    (void)state;
    glob_t found;
    char path[512];
    find_presets(&found);
    assert_int_equal(found.gl_pathc, sizeof golden / sizeof *golden);
    globfree(&found);
    for (size_t n = 0; n < sizeof golden / sizeof *golden; n++) {
        snprintf(path, sizeof path, "%s/experiments/%s.conf", getenv("AZ_SOURCE_ROOT"),
                 golden[n].name);
        for (int isa = 0; isa < AZ_ISA_COUNT; isa++)
            for (int threads = isa == AZ_ISA_REFERENCE ? 2 : 1; /* it is slow */
                 threads <= 2 && az_isa_available((enum az_isa)isa); threads++)
                compare_fingerprint(path, golden[n].fingerprint, (enum az_isa)isa, threads);
    }
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
        cmocka_unit_test(fingerprints_of_presets_are_the_same_everywhere),
    };
    if (!texts_are_there()) return 77;
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
