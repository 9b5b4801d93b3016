#include "text/normalise.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <uninorm.h>

#include "text/unicode_versions.h"
#include "text/utf8.h"

static const struct {
    uint32_t first, last;
} newer[] = {AZ_NORMAL_FORM_SINCE_10};

static bool is_newer(uint32_t code)
{
    size_t low = 0, high = sizeof newer / sizeof newer[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > newer[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof newer / sizeof newer[0] && code >= newer[low].first;
}

static enum az_status add_piece(const char *text, size_t length_bytes, struct az_buffer *normal,
                                struct az_error *error)
{
    size_t normal_bytes;
    if (length_bytes == 0) return AZ_OK;
    uint8_t *piece =
        u8_normalize(UNINORM_NFC, (const uint8_t *)text, length_bytes, NULL, &normal_bytes);
    if (!piece) return az_error_raise(error, AZ_MEMORY, "cannot normalise %zu bytes", length_bytes);
    enum az_status status = az_buffer_add(normal, piece, normal_bytes, error);
    free(piece);
    return status;
}

enum az_status az_normalise_nfc(const char *text, size_t length_bytes, struct az_buffer *normal,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t piece = 0, used;
    for (size_t at = 0; at < length_bytes; at += used) {
        if (!is_newer(az_utf8_decode(text + at, &used))) continue;
        AZ_TRY(add_piece(text + piece, at - piece, normal, error));
        AZ_TRY(az_buffer_add(normal, text + at, used, error));
        piece = at + used;
    }
    AZ_TRY(add_piece(text + piece, length_bytes - piece, normal, error));
out:
    return status;
}
