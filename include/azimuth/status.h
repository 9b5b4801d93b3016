/* status.h: the one way in which a call can fail.
 *
 * A call that can fail returns enum az_status and takes an optional `struct az_error *` as its last
 * argument; NULL is allowed there. The error carries a message for a person (what was wrong, what
 * was expected, what to do) and a place. The library never prints, exits or aborts. */
#ifndef AZIMUTH_STATUS_H
#define AZIMUTH_STATUS_H

#include <stdint.h>

#if defined(__GNUC__)
#define AZ_API __attribute__((visibility("default")))
#define AZ_PRINTF(string, first) __attribute__((format(printf, string, first)))
#else
#define AZ_API
#define AZ_PRINTF(string, first)
#endif

/* The table of status codes: enumerator, name, exit code of the program, meaning. */
#define AZ_STATUS_TABLE(X)                                                                         \
    X(AZ_OK, "ok", 0, "done")                                                                      \
    X(AZ_DIFFERENCE, "difference", 1, "a comparison ran to its end and found a difference")        \
    X(AZ_USAGE, "usage", 2, "an argument, option or experiment file is wrong")                     \
    X(AZ_IO, "io", 3, "the system refused to read or write")                                       \
    X(AZ_FULL, "full", 3, "the disk is full or a quota is reached")                                \
    X(AZ_FORMAT, "format", 3, "a file is malformed or not what it should be")                      \
    X(AZ_MISSING, "missing", 3, "a file, tensor or program is not there")                          \
    X(AZ_MEMORY, "memory", 3, "an allocation failed or its size overflows")                        \
    X(AZ_BUDGET, "budget", 3, "the work would exceed a stated budget")                             \
    X(AZ_UNSUPPORTED, "unsupported", 3, "this build or machine cannot do it")                      \
    X(AZ_INTERRUPTED, "interrupted", 3, "stopped on request, with everything done so far kept")

enum az_status {
#define AZ_STATUS_ENUMERATOR(id, name, exit_code, meaning) id,
    AZ_STATUS_TABLE(AZ_STATUS_ENUMERATOR)
#undef AZ_STATUS_ENUMERATOR
        AZ_STATUS_COUNT
};

/* What went wrong and where. `file` is empty and the numbers are -1 where they do not apply. */
struct az_error {
    enum az_status status;
    char message[1024];
    char file[512];
    int64_t line;   /* 1-based */
    int64_t offset; /* bytes from the start of the file */
    int64_t step;   /* optimizer step */
};

/* Resets to AZ_OK and no place. Call it on a fresh struct before its first use. */
AZ_API void az_error_clear(struct az_error *error);

/* Short name of a status ("format"), and the exit code that the program gives for it. */
AZ_API const char *az_status_name(enum az_status status);
AZ_API int az_status_exit_code(enum az_status status);

/* Writes "FILE:LINE: MESSAGE" (whatever of it applies) into text, always terminated. */
AZ_API void az_error_format(const struct az_error *error, char *text, uint64_t capacity_bytes);

#endif
