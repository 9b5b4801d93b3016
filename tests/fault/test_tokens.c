/* Allocations and every system call of a survey, its files and a count of usage fail in turn:
 * the failure is told, nothing is leaked (the sanitizers look), and no half file is left. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "../tokens_fixture.h"
#include "azimuth/tokens.h"
#include "azimuth/usage.h"
#include "base/memory.h"
#include "store/system.h"
#include "text/tokens_files.h"

static struct az_tokenizer *tokenizer;

static int prepare(void **state)
{
    if (fixture_make(state) != 0) return -1;
    const char *path = fixture_path("t.json"), *json = tokens_fixture_json();
    fixture_write(path, json, strlen(json));
    return az_tokenizer_load(&tokenizer, path, NULL) == AZ_OK ? 0 : -1;
}

static int finish(void **state)
{
    az_tokenizer_free(tokenizer);
    return fixture_remove(state);
}

static enum az_status write_catalog(const struct az_tokens *tokens, struct az_error *error)
{
    static const struct az_catalog_provenance provenance = {"test", NULL, 0, NULL, 0};
    struct az_catalog *catalog;
    enum az_status status = az_catalog_open(&catalog, fixture_path("r.db"), error);
    if (status != AZ_OK) return status;
    status = az_tokens_catalog(tokens, catalog, &provenance, error);
    if (status == AZ_OK) return az_catalog_commit(catalog, error);
    az_catalog_abort(catalog);
    return status;
}

/* file: 0 none, 1 CSV, 2 arrays, 3 catalog. */
static enum az_status survey(int file, struct az_error *error)
{
    struct az_tokens tokens;
    enum az_status status = az_tokens_survey(&tokens, tokenizer, 300, true, NULL, NULL, error);
    if (status == AZ_OK && file == 1) status = az_tokens_csv(&tokens, fixture_path("r.csv"), error);
    if (status == AZ_OK && file == 2)
        status = az_tokens_arrays(&tokens, fixture_path("r.safetensors"), NULL, error);
    if (status == AZ_OK && file == 3) status = write_catalog(&tokens, error);
    az_tokens_free(&tokens);
    return status;
}

static enum az_status survey_some(struct az_error *error)
{
    static const uint32_t ids[] = {TOKEN_THAI, TOKEN_XYZ, TOKEN_THAI};
    struct az_tokens tokens;
    struct az_merge_tree tree = {0};
    enum az_status status = az_tokens_survey_some(&tokens, tokenizer, ids, 3, error);
    if (status == AZ_OK) status = az_merge_tree_build(&tree, tokenizer, "xyz", 3, error);
    az_merge_tree_free(&tree);
    az_tokens_free(&tokens);
    return status;
}

static enum az_status count_usage(struct az_error *error)
{
    struct az_usage usage;
    uint8_t member[300];
    enum az_status status = az_usage_init(&usage, tokenizer, 300, error);
    if (status == AZ_OK)
        status = az_usage_add(&usage, fixture_path("text.txt"), NULL, NULL, NULL, error);
    if (status == AZ_OK)
        status = az_token_set_read(member, 300, fixture_path("set.txt"), NULL, error);
    az_usage_free(&usage);
    return status;
}

/* What is to be done, by number. */
enum { JOBS = 6 };
static enum az_status run(int job, struct az_error *error)
{
    az_error_clear(error);
    return job < 4 ? survey(job, error) : job == 4 ? survey_some(error) : count_usage(error);
}

static void begin(void)
{
    fixture_empty();
    fixture_write(fixture_path("text.txt"), "abab 10 xyz\nq!\n", 15);
    fixture_write(fixture_path("set.txt"), "1 2 3", 5);
}

/* The first ones each, later ones ever farther apart. */
static void failed_allocations_are_told(void **state)
{
    (void)state;
    for (int job = 0; job < JOBS; job++) {
        struct az_error error;
        enum az_status status = AZ_MEMORY;
        size_t tries = 0;
        for (size_t n = 1; status != AZ_OK && n < 1000000; n += 1 + n / 20, tries++) {
            begin();
            az_memory_fail_after(n);
            status = run(job, &error);
            az_memory_fail_after(0);
            assert_true(status == AZ_OK || status == AZ_MEMORY);
            if (status != AZ_OK) assert_int_equal(fixture_count_files(), 2);
        }
        print_message("job %d: %zu allocations failed in turn\n", job, tries - 1);
        assert_int_equal(status, AZ_OK);
        assert_in_range(tries, 5, 1000);
    }
}

static void every_failed_call_is_told(void **state)
{
    (void)state;
    for (int job = 1; job < JOBS; job++) {
        struct az_error error;
        enum az_status status;
        size_t n = 0;
        if (job == 4) continue; /* touches no file */
        do {
            begin();
            az_system_fail_after(++n, ENOSPC);
            status = run(job, &error);
            az_system_fail_after(0, 0);
            assert_true(status == AZ_OK || status == AZ_FULL);
            if (status != AZ_OK) assert_int_equal(fixture_count_files(), 2);
            if (status != AZ_OK) assert_true(error.file[0]);
        } while (status != AZ_OK && n < 1000);
        print_message("job %d: %zu calls failed in turn\n", job, n - 1);
        assert_in_range(n, 3, 999);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_allocations_are_told),
        cmocka_unit_test(every_failed_call_is_told),
    };
    return cmocka_run_group_tests(tests, prepare, finish);
}
