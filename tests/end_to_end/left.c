#define _GNU_SOURCE
#include "left.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *left_recording(const char *run, const char *file)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", tiny_path(run), file);
    if (access(path, F_OK) == 0) return path;
    snprintf(path, sizeof path, "%s/%s.part", tiny_path(run), file);
    return access(path, F_OK) == 0 ? path : NULL;
}

static void check_info(const char *path, int64_t whole)
{
    char command[800], line[300], expected[80];
    bool told = false;
    snprintf(expected, sizeof expected, "\"frames\": %lld,", (long long)whole);
    snprintf(command, sizeof command, "%s info --json '%s'", getenv("AZ_PROGRAM"), path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe))
        told |= strncmp(line, "  \"", 3) == 0 && strstr(line, expected) != NULL;
    assert_int_equal(pclose(pipe), 0);
    if (!told) fail_msg("azimuth info %s does not tell %s", path, expected);
}

/* Frames of `a` are the first ones of `b`'s; how many there are. */
static int64_t check_movies(const struct az_recording *a, const struct az_recording *b)
{
    int64_t whole = 0;
    for (size_t n = 0; n < az_recording_count(a); n++) {
        const struct az_recorded *there = az_recording_at(a, n);
        const struct az_recorded *expected = az_recording_find(b, there->name);
        assert_non_null(expected);
        assert_int_equal(there->frame_bytes, expected->frame_bytes);
        assert_true(there->frames <= expected->frames);
        size_t bytes = (size_t)there->frames * there->frame_bytes;
        unsigned char *left = malloc(bytes + 1), *right = malloc(bytes + 1);
        assert_int_equal(az_recording_read(a, there, 0, there->frames, left, NULL), AZ_OK);
        assert_int_equal(az_recording_read(b, expected, 0, there->frames, right, NULL), AZ_OK);
        if (memcmp(left, right, bytes) != 0) fail_msg("%s: another frame", there->name);
        free(left);
        free(right);
        whole += there->frames;
    }
    return whole;
}

int64_t left_check_frames(const char *run, const char *file)
{
    struct az_recording *a, *b;
    struct az_error error;
    char checkpoint[600];
    const char *path = left_recording(run, file);
    az_error_clear(&error);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.safetensors", tiny_path(run));
    if (!path || az_recording_open(&a, path, &error) != AZ_OK) {
        if (access(checkpoint, F_OK) == 0)
            fail_msg("a checkpoint without its recording: %s", error.message);
        return 0;
    }
    assert_int_equal(az_recording_open(&b, tiny_path("straight"), &error), AZ_OK);
    int64_t whole = check_movies(a, b);
    if (getenv("AZ_PROGRAM")) check_info(path, whole);
    az_recording_close(a);
    az_recording_close(b);
    return whole;
}

void left_run_python(const char *modules, const char *script, const char *a, const char *b)
{
    char command[2400];
    const char *root = getenv("AZ_SOURCE_ROOT");
    snprintf(command, sizeof command,
             "'%s/scripts/with_python.sh' '%s' '%s/tests/end_to_end/%s' '%s' '%s'", root, modules,
             root, script, a, b);
    int status = system(command);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 77) assert_int_equal(WEXITSTATUS(status), 0);
}

void left_look_with_python(const char *straight, const char *directory)
{
    left_run_python(strstr(straight, ".h5") ? "h5py numpy" : "safetensors numpy", "open_killed.py",
                    straight, directory);
}
