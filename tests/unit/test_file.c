#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "base/memory.h"
#include "store/file.h"
#include "store/system.h"

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    static char bytes[300000];
    for (size_t n = 0; n < sizeof bytes; n++) bytes[n] = (char)(n * 7 + n / 251);
    static const size_t lengths[] = {0, 1, 65535, 65536, 65537, sizeof bytes};
    for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        char *text;
        size_t length;
        assert_int_equal(az_file_write(fixture_path("a"), bytes, lengths[n], NULL), AZ_OK);
        assert_int_equal(az_file_read(fixture_path("a"), 0, &text, &length, NULL), AZ_OK);
        assert_int_equal(length, lengths[n]);
        assert_memory_equal(text, bytes, length);
        assert_int_equal(text[length], 0);
        az_memory_free(text);
        assert_int_equal(fixture_count_files(), 1);
    }
}

/* A pipe does not say its size, and gives less at a time than is asked for. */
static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    enum { LENGTH = 200000 };
    const char *path = fixture_path("pipe");
    char *text;
    size_t length;
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *file = fopen(path, "w");
        for (int n = 0; n < LENGTH; n++) fputc('a' + n % 23, file);
        fclose(file);
        _exit(0);
    }
    assert_int_equal(az_file_read(path, 0, &text, &length, NULL), AZ_OK);
    waitpid(child, NULL, 0);
    assert_int_equal(length, LENGTH);
    for (int n = 0; n < LENGTH; n++) assert_int_equal(text[n], 'a' + n % 23);
    az_memory_free(text);
    unlink(path);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    (void)state;
    char *text;
    size_t length;
    struct az_error error;
    fixture_write(fixture_path("a"), "12345", 5);
    assert_int_equal(az_file_read(fixture_path("a"), 5, &text, &length, NULL), AZ_OK);
    az_memory_free(text);
    assert_int_equal(az_file_read(fixture_path("a"), 4, &text, &length, &error), AZ_FORMAT);
    assert_null(text);
    assert_string_equal(error.file, fixture_path("a"));
    assert_int_equal(az_file_read("/dev/zero", 1000, &text, &length, &error), AZ_FORMAT);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    char *text;
    size_t length;
    struct az_error error;
    assert_int_equal(az_file_read(fixture_path("none"), 0, &text, &length, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(az_file_read(fixture_directory, 0, &text, &length, &error), AZ_IO);
    assert_non_null(strstr(error.message, "directory"));
    assert_int_equal(az_file_write(fixture_directory, "x", 1, &error), AZ_USAGE);
    assert_int_equal(az_file_write(fixture_path("no/such/x"), "x", 1, &error), AZ_MISSING);
}

static void a_full_device_is_told_and_left_alone(void **state)
{
    (void)state;
    struct az_error error;
    struct stat about;
    assert_int_equal(az_file_write("/dev/full", "x", 1, &error), AZ_FULL);
    assert_int_equal(stat("/dev/full", &about), 0);
    assert_true(S_ISCHR(about.st_mode));
    assert_int_equal(az_file_write("/dev/null", "x", 1, &error), AZ_OK);
    assert_int_equal(access("/dev/null.part", F_OK), -1);
}

/* In a child, for the limit cannot be raised again. The signal keeps its deadly default. */
static void the_limit_on_file_sizes_is_told_without_a_signal(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {1000, 1000};
        static char bytes[1001];
        struct az_error error;
        setrlimit(RLIMIT_FSIZE, &limit);
        if (az_file_write(fixture_path("b"), bytes, 1000, NULL) != AZ_OK) _exit(1);
        if (az_file_write(fixture_path("b"), bytes, 1001, &error) != AZ_FULL) _exit(2);
        _exit(0);
    }
    int result;
    waitpid(child, &result, 0);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
    assert_int_equal(access(fixture_path("b.part"), F_OK), -1);
}

/* Writes "new!" over "old" with a failure at call n; tells whether it failed. */
static bool fails_at(size_t n, void (*inject)(size_t n, int code))
{
    char now[16] = {0};
    struct az_error error;
    fixture_empty();
    fixture_write(fixture_path("a"), "old", 3);
    inject(n, EIO);
    enum az_status status = az_file_write(fixture_path("a"), "new!", 4, &error);
    inject(0, 0);
    fixture_read(fixture_path("a"), now, sizeof now);
    assert_string_equal(now, status == AZ_OK ? "new!" : "old");
    assert_int_equal(fixture_count_files(), 1);
    if (status != AZ_OK) assert_int_equal(status, AZ_IO);
    return status != AZ_OK;
}

/* Opening, locking, emptying, writing, flushing, renaming: each must succeed. After that the file
 * is there, and the flush of its directory decides nothing. */
static void a_failure_at_any_call_leaves_the_old_file(void **state)
{
    (void)state;
    for (size_t n = 1; n < 20; n++) {
        assert_int_equal(fails_at(n, az_system_fail_after), n <= 6);
        assert_int_equal(fails_at(n, az_system_fail_once), n <= 6);
    }
}

static void two_writers_do_not_mix(void **state)
{
    (void)state;
    struct az_part part;
    struct az_error error;
    assert_int_equal(az_part_open(&part, fixture_path("a"), true, NULL), AZ_OK);
    assert_int_equal(az_file_write(fixture_path("a"), "x", 1, &error), AZ_IO);
    assert_non_null(strstr(error.message, "another process"));
    assert_int_equal(access(fixture_path("a.part"), F_OK), 0);
    az_part_abort(&part);
    assert_int_equal(access(fixture_path("a.part"), F_OK), -1);
    assert_int_equal(az_file_write(fixture_path("a"), "x", 1, &error), AZ_OK);
}

static void a_link_in_the_place_of_the_part_is_not_followed(void **state)
{
    (void)state;
    struct az_error error;
    fixture_write(fixture_path("victim"), "kept", 4);
    assert_int_equal(symlink(fixture_path("victim"), fixture_path("s.part")), 0);
    assert_int_equal(az_file_write(fixture_path("s"), "x", 1, &error), AZ_IO);
    char now[16] = {0};
    fixture_read(fixture_path("victim"), now, sizeof now);
    assert_string_equal(now, "kept");
}

static void directories_are_made_with_their_parents(void **state)
{
    (void)state;
    struct az_error error;
    struct stat about;
    assert_int_equal(az_directory_create(fixture_path("d/e//f/"), &error), AZ_OK);
    assert_int_equal(stat(fixture_path("d/e/f"), &about), 0);
    assert_true(S_ISDIR(about.st_mode));
    assert_int_equal(az_directory_create(fixture_path("d/e"), &error), AZ_OK);
    assert_int_equal(az_directory_create("/", &error), AZ_OK);
    fixture_write(fixture_path("d/file"), "x", 1);
    assert_int_equal(az_directory_create(fixture_path("d/file/g"), &error), AZ_IO);
    assert_string_equal(error.file, fixture_path("d/file"));
    assert_int_equal(az_directory_create("", &error), AZ_USAGE);
    unlink(fixture_path("d/file"));
    rmdir(fixture_path("d/e/f"));
    rmdir(fixture_path("d/e"));
    rmdir(fixture_path("d"));
}

static void paths_are_joined_with_one_slash(void **state)
{
    (void)state;
    char path[16];
    assert_int_equal(az_path_join(path, sizeof path, "a/b", "c", NULL), AZ_OK);
    assert_string_equal(path, "a/b/c");
    assert_int_equal(az_path_join(path, sizeof path, "a/b/", "c", NULL), AZ_OK);
    assert_string_equal(path, "a/b/c");
    assert_int_equal(az_path_join(path, sizeof path, "", "c", NULL), AZ_OK);
    assert_string_equal(path, "c");
    assert_int_equal(az_path_join(path, sizeof path, "12345678", "123456", NULL), AZ_OK);
    assert_int_equal(az_path_join(path, sizeof path, "12345678", "1234567", NULL), AZ_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(a_file_over_the_limit_is_refused),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(a_full_device_is_told_and_left_alone),
        cmocka_unit_test(the_limit_on_file_sizes_is_told_without_a_signal),
        cmocka_unit_test(a_failure_at_any_call_leaves_the_old_file),
        cmocka_unit_test(two_writers_do_not_mix),
        cmocka_unit_test(a_link_in_the_place_of_the_part_is_not_followed),
        cmocka_unit_test(directories_are_made_with_their_parents),
        cmocka_unit_test(paths_are_joined_with_one_slash),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
