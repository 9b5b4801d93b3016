#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/corpus.h"
#include "base/memory.h"

static const char text[] = "the cat sat on the mat; the cat sat\n<|endoftext|>on the dog\n";

static struct az_experiment experiment_over(const char *file)
{
    struct az_experiment experiment;
    az_experiment_init(&experiment);
    fixture_write(fixture_path(file), text, sizeof text - 1);
    snprintf(experiment.corpus.text, AZ_TEXT_BYTES, "%s", fixture_path(file));
    snprintf(experiment.tokenizer.texts, AZ_TEXT_BYTES, "%s:3", fixture_path(file));
    snprintf(experiment.tokenizer.pattern, AZ_TEXT_BYTES, "gpt2");
    experiment.tokenizer.vocabulary = 265;
    return experiment;
}

static struct az_corpus *opened(const struct az_experiment *experiment, const char *cache)
{
    struct az_corpus *corpus;
    struct az_error error;
    az_error_clear(&error);
    enum az_status status = az_corpus_open(&corpus, experiment, cache, NULL, &error);
    if (status != AZ_OK) fail_msg("%s", error.message);
    return corpus;
}

static void assert_is_the_text(const struct az_corpus *corpus)
{
    char *back;
    size_t length;
    assert_int_equal(corpus->text_bytes, sizeof text - 1);
    assert_int_equal(
        az_tokenizer_decode(corpus->tokenizer, corpus->ids, corpus->count, &back, &length, NULL),
        AZ_OK);
    assert_string_equal(back, text);
    az_tokenizer_free_text(back);
}

static void assert_same(const struct az_corpus *a, const struct az_corpus *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->ids, b->ids, a->count * sizeof *a->ids);
    assert_memory_equal(&a->text_hash, &b->text_hash, sizeof a->text_hash);
    assert_memory_equal(&a->tokenizer_hash, &b->tokenizer_hash, sizeof a->tokenizer_hash);
}

/* Path of the cache's file of a kind; the only one. */
static const char *cached_file(const char *kind)
{
    static char path[1024];
    const char *found = NULL;
    DIR *directory = opendir(fixture_directory);
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, kind, strlen(kind)) != 0) continue;
        assert_null(found);
        snprintf(path, sizeof path, "%s/%s", fixture_directory, entry->d_name);
        found = path;
    }
    closedir(directory);
    return found;
}

static void a_corpus_is_encoded_once_and_then_read(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_over("text");
    struct az_corpus *first = opened(&experiment, fixture_directory);
    assert_is_the_text(first);
    assert_int_equal(az_tokenizer_size(first->tokenizer), 265);
    assert_true(az_tokenizer_special(first->tokenizer, 0));
    assert_int_equal(fixture_count_files(), 3);
    struct az_corpus *second = opened(&experiment, fixture_directory);
    assert_same(first, second);
    assert_int_equal(fixture_count_files(), 3);
    /* The hash is that of the file that a run keeps. */
    struct az_hash hash;
    assert_int_equal(az_tokenizer_save(first->tokenizer, fixture_path("t.json"), NULL), AZ_OK);
    assert_int_equal(az_hash_file(fixture_path("t.json"), &hash, NULL), AZ_OK);
    assert_memory_equal(&hash, &first->tokenizer_hash, sizeof hash);
    az_corpus_close(first);
    az_corpus_close(second);
    fixture_empty();
}

static void a_damaged_cache_is_made_anew(void **state)
{
    (void)state;
    static unsigned char good[100000], bad[100000];
    struct az_experiment experiment = experiment_over("text");
    struct az_corpus *first = opened(&experiment, fixture_directory);
    for (int kind = 0; kind < 2; kind++) {
        const char *path = cached_file(kind ? "ids-" : "tokenizer-");
        long length = fixture_read(path, good, sizeof good);
        assert_true(length > 64 && length < (long)sizeof good);
        for (long at = 0; at < length; at += at < 80 ? 5 : 1999) {
            memcpy(bad, good, (size_t)length);
            bad[at] ^= 0x10;
            fixture_write(path, bad, (size_t)length);
            struct az_corpus *again = opened(&experiment, fixture_directory);
            assert_same(first, again);
            az_corpus_close(again);
            assert_int_equal(fixture_read(path, bad, sizeof bad), length);
            assert_memory_equal(bad, good, (size_t)length);
        }
        static const long cuts[] = {0, 1, 63, 64, 65};
        for (size_t n = 0; n < sizeof cuts / sizeof cuts[0]; n++) {
            fixture_write(path, good, (size_t)cuts[n]);
            struct az_corpus *again = opened(&experiment, fixture_directory);
            assert_same(first, again);
            az_corpus_close(again);
        }
    }
    az_corpus_close(first);
    fixture_empty();
}

static void every_input_has_its_own_key(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_over("text");
    for (int change = 0; change < 5; change++) {
        if (change == 1) experiment.tokenizer.vocabulary = 264;
        if (change == 2) strcpy(experiment.tokenizer.pattern, "marks");
        if (change == 3) strcat(experiment.tokenizer.texts, "0");
        if (change == 4) {
            experiment.tokenizer.model = AZ_TOKEN_MODEL_CHARACTER;
            experiment.tokenizer.vocabulary = 22;
            experiment.tokenizer.base_characters = 18;
        }
        int before = fixture_count_files();
        az_corpus_close(opened(&experiment, fixture_directory));
        assert_true(fixture_count_files() > before);
    }
    fixture_empty();
}

static void a_cache_that_cannot_be_is_no_error(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_over("text");
    struct az_corpus *corpus = opened(&experiment, "/proc/none/cache");
    assert_is_the_text(corpus);
    az_corpus_close(corpus);
    corpus = opened(&experiment, fixture_path("text")); /* a file */
    assert_is_the_text(corpus);
    az_corpus_close(corpus);
    unsetenv("AZ_CACHE");
    setenv("XDG_CACHE_HOME", fixture_directory, 1);
    az_corpus_close(opened(&experiment, NULL));
    assert_int_equal(access(fixture_path("azimuth"), F_OK), 0);
    setenv("AZ_CACHE", fixture_directory, 1);
    az_corpus_close(opened(&experiment, NULL));
    assert_non_null(cached_file("ids-"));
    char command[600];
    snprintf(command, sizeof command, "rm -r '%s/azimuth'", fixture_directory);
    assert_int_equal(system(command), 0);
    fixture_empty();
}

static void a_tokenizer_of_the_users_is_taken(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_over("text");
    struct az_corpus *trained = opened(&experiment, fixture_directory);
    assert_int_equal(az_tokenizer_save(trained->tokenizer, fixture_path("t.json"), NULL), AZ_OK);
    snprintf(experiment.tokenizer.file, AZ_TEXT_BYTES, "%s", fixture_path("t.json"));
    experiment.tokenizer.vocabulary = 300; /* of no account now */
    struct az_corpus *given = opened(&experiment, fixture_directory);
    assert_same(trained, given);
    az_corpus_close(trained);
    az_corpus_close(given);
    fixture_empty();
}

static void mistakes_are_told(void **state)
{
    (void)state;
    struct az_corpus *corpus = (void *)1;
    struct az_error error;
    struct az_experiment experiment = experiment_over("text"), wrong = experiment;
    wrong.tokenizer.vocabulary = 10000;
    assert_int_equal(az_corpus_open(&corpus, &wrong, fixture_directory, NULL, &error), AZ_USAGE);
    assert_null(corpus);
    assert_non_null(strstr(error.message, "ask for at most"));
    wrong = experiment;
    strcpy(wrong.tokenizer.texts, "/none:2");
    assert_int_equal(az_corpus_open(&corpus, &wrong, fixture_directory, NULL, &error), AZ_MISSING);
    wrong = experiment;
    strcpy(wrong.tokenizer.file, "/none");
    assert_int_equal(az_corpus_open(&corpus, &wrong, fixture_directory, NULL, &error), AZ_MISSING);
    for (size_t n = 1; n < 60; n++) {
        az_memory_fail_after(n);
        enum az_status status = az_corpus_open(&corpus, &experiment, "/none", NULL, NULL);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || status == AZ_MEMORY);
        az_corpus_close(corpus);
    }
    fixture_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corpus_is_encoded_once_and_then_read),
        cmocka_unit_test(a_damaged_cache_is_made_anew),
        cmocka_unit_test(every_input_has_its_own_key),
        cmocka_unit_test(a_cache_that_cannot_be_is_no_error),
        cmocka_unit_test(a_tokenizer_of_the_users_is_taken),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
