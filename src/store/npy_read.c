#include "store/npy_read.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/raise.h"
#include "store/safetensors_header.h"

#define HEADER_LIMIT 65536 /* more than any header of a plain array needs */

static const struct {
    const char *descr;
    enum az_dtype dtype;
} types[] = {
    {"<f4", AZ_DTYPE_F32}, {"<f2", AZ_DTYPE_F16}, {"<u2", AZ_DTYPE_U16}, {"|V2", AZ_DTYPE_U16},
    {"<V2", AZ_DTYPE_U16}, {"<f8", AZ_DTYPE_F64}, {"|u1", AZ_DTYPE_U8},  {"|i1", AZ_DTYPE_I8},
    {"<i2", AZ_DTYPE_I16}, {"<i4", AZ_DTYPE_I32}, {"<i8", AZ_DTYPE_I64},
};

/* The text of the header and how far it is read. */
struct cursor {
    const char *at, *end, *start;
    struct az_tensor *tensor;
    unsigned seen; /* a bit for each of the three keys */
};

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at) cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != wanted) return false;
    cursor->at++;
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(cursor);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* 'text' or "text", without escapes. */
static bool take_text(struct cursor *cursor, char text[32])
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || (*cursor->at != '\'' && *cursor->at != '"')) return false;
    char quote = *cursor->at++;
    size_t length = 0;
    for (; cursor->at < cursor->end && *cursor->at != quote; cursor->at++) {
        if (length == 31 || *cursor->at < ' ' || *cursor->at > '~' || *cursor->at == '\\')
            return false;
        text[length++] = *cursor->at;
    }
    text[length] = 0;
    return take(cursor, quote);
}

static bool take_length(struct cursor *cursor, int64_t *length)
{
    const char *first;
    skip_blanks(cursor);
    *length = 0;
    for (first = cursor->at; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
         cursor->at++) {
        if (*length > (INT64_MAX - 9) / 10) return false;
        *length = 10 * *length + (*cursor->at - '0');
    }
    if (cursor->at == first) return false;
    take(cursor, 'L'); /* of Python 2 */
    return true;
}

/* (3, 4) or (3,) or () */
static bool take_shape(struct cursor *cursor)
{
    struct az_tensor *tensor = cursor->tensor;
    if (!take(cursor, '(')) return false;
    while (!take(cursor, ')')) {
        if (tensor->rank == AZ_TENSOR_DIMS || !take_length(cursor, &tensor->shape[tensor->rank]))
            return false;
        tensor->rank++;
        if (take(cursor, ',')) continue;
        return tensor->rank > 1 && take(cursor, ')');
    }
    return true;
}

static enum az_status malformed(const struct cursor *cursor, struct az_error *error)
{
    az_error_raise(error, AZ_FORMAT,
                   "the header of the npy file is malformed at its byte %td; a dictionary of "
                   "'descr', 'fortran_order' and 'shape' is expected",
                   cursor->at - cursor->start);
    return AZ_FORMAT;
}

static enum az_status take_type(struct cursor *cursor, struct az_error *error)
{
    char descr[32];
    if (!take_text(cursor, descr)) {
        skip_blanks(cursor);
        if (cursor->at < cursor->end && *cursor->at == '[')
            return az_error_raise(error, AZ_UNSUPPORTED,
                                  "has records of fields; a plain array of "
                                  "numbers is read");
        return malformed(cursor, error);
    }
    for (size_t n = 0; n < sizeof types / sizeof types[0]; n++)
        if (strcmp(types[n].descr, descr) == 0) {
            cursor->tensor->dtype = types[n].dtype;
            return AZ_OK;
        }
    if (descr[0] == '>')
        return az_error_raise(error, AZ_FORMAT,
                              "is big-endian (%s); save it as a.astype(a.dtype.newbyteorder('<'))",
                              descr);
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "has the type %s; <f4, <f2, and <u2 or V2 (bits of bf16) are read",
                          descr);
}

static enum az_status take_order(struct cursor *cursor, struct az_error *error)
{
    if (take_word(cursor, "False")) return AZ_OK;
    if (!take_word(cursor, "True")) return malformed(cursor, error);
    return az_error_raise(error, AZ_FORMAT,
                          "lies column by column; save it as numpy.ascontiguousarray(a)");
}

static enum az_status take_pair(struct cursor *cursor, struct az_error *error)
{
    char key[32];
    unsigned bit;
    enum az_status status = AZ_OK;
    if (!take_text(cursor, key) || !take(cursor, ':')) return malformed(cursor, error);
    if (strcmp(key, "descr") == 0) {
        bit = 1;
        status = take_type(cursor, error);
    } else if (strcmp(key, "fortran_order") == 0) {
        bit = 2;
        status = take_order(cursor, error);
    } else if (strcmp(key, "shape") == 0) {
        bit = 4;
        cursor->tensor->rank = 0;
        status = take_shape(cursor) ? AZ_OK : malformed(cursor, error);
    } else {
        return malformed(cursor, error);
    }
    if (status == AZ_OK && (cursor->seen & bit)) return malformed(cursor, error);
    cursor->seen |= bit;
    return status;
}

static enum az_status take_dictionary(struct cursor *cursor, struct az_error *error)
{
    if (!take(cursor, '{')) return malformed(cursor, error);
    while (!take(cursor, '}')) {
        enum az_status status = take_pair(cursor, error);
        if (status != AZ_OK) return status;
        if (take(cursor, ',')) continue;
        if (take(cursor, '}')) break;
        return malformed(cursor, error);
    }
    skip_blanks(cursor);
    return cursor->at == cursor->end && cursor->seen == 7 ? AZ_OK : malformed(cursor, error);
}

/* Where the header's text begins and how long it is. */
static enum az_status measure(const unsigned char *bytes, size_t length_bytes, size_t *begin,
                              size_t *length, struct az_error *error)
{
    if (length_bytes < 10 || memcmp(bytes, AZ_NPY_MAGIC, AZ_NPY_MAGIC_BYTES) != 0)
        return az_error_raise(error, AZ_FORMAT, "is no npy file: the magic bytes are not there");
    if (bytes[6] < 1 || bytes[6] > 3)
        return az_error_raise(error, AZ_UNSUPPORTED, "is npy version %d; 1, 2 and 3 are read",
                              bytes[6]);
    *begin = bytes[6] == 1 ? 10 : 12;
    *length = bytes[8] | (size_t)bytes[9] << 8;
    if (*begin == 12 && length_bytes >= 12)
        *length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (*begin > length_bytes || *length > length_bytes - *begin || *length > HEADER_LIMIT)
        return az_error_raise(error, AZ_FORMAT,
                              "the npy header should be %zu bytes long; the file has %zu bytes",
                              *length, length_bytes);
    return AZ_OK;
}

enum az_status az_npy_parse(struct az_tensor *tensor, const void *bytes, size_t length_bytes,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t begin = 0, length = 0;
    *tensor = (struct az_tensor){0};
    AZ_TRY(measure(bytes, length_bytes, &begin, &length, error));
    const char *text = (const char *)bytes + begin;
    struct cursor cursor = {.at = text, .start = text, .end = text + length, .tensor = tensor};
    AZ_TRY(take_dictionary(&cursor, error));
    AZ_TRY(az_tensor_bytes(tensor, &tensor->bytes, error));
    tensor->offset_bytes = begin + length;
    if (tensor->bytes != length_bytes - tensor->offset_bytes)
        AZ_RAISE(AZ_FORMAT,
                 "its shape needs %" PRIu64 " bytes of data and %" PRIu64 " are there; was it cut "
                 "short?",
                 tensor->bytes, length_bytes - tensor->offset_bytes);
    tensor->data = (const char *)bytes + tensor->offset_bytes;
out:
    return status;
}
