/* raise.h: the two macros with which functions fail, and how a place is added.
 *
 * A function that can fail has `enum az_status status = AZ_OK;`, a last parameter
 * `struct az_error *error`, and one label `out:` that releases what it holds and returns status. */
#ifndef AZ_BASE_RAISE_H
#define AZ_BASE_RAISE_H

#include "azimuth/status.h"

/* Fills error (if not NULL) and returns status. A place set before by az_error_at is kept. */
enum az_status az_error_raise(struct az_error *error, enum az_status status, const char *format,
                              ...) AZ_PRINTF(3, 4);

/* As az_error_raise, for a failed system call: appends strerror(code), and turns
 * ENOSPC/EDQUOT/EFBIG into AZ_FULL, ENOENT into AZ_MISSING, ENOMEM into AZ_MEMORY, everything else
 * into AZ_IO. */
enum az_status az_error_system(struct az_error *error, int code, const char *format, ...)
    AZ_PRINTF(3, 4);

/* Adds the place to an error already raised; a field already set is kept. file may be NULL, line,
 * offset and step -1. */
void az_error_at(struct az_error *error, const char *file, int64_t line, int64_t offset,
                 int64_t step);

#ifdef __clang_analyzer__
/* The analyzer cannot see that neither of them returns AZ_OK. */
#define az_error_raise(error, status, ...) (az_error_raise(error, status, __VA_ARGS__), (status))
#define az_error_system(...) (az_error_system(__VA_ARGS__), AZ_IO)
#endif

#define AZ_RAISE(...)                                                                              \
    do {                                                                                           \
        status = az_error_raise(error, __VA_ARGS__);                                               \
        goto out;                                                                                  \
    } while (0)

#define AZ_TRY(call)                                                                               \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != AZ_OK) goto out;                                                             \
    } while (0)

#endif
