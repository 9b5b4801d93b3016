#include "text/normalise.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <uninorm.h>

#include "text/unicode.h"
#include "text/utf8.h"

#define PIECE_BYTES 512

struct walk {
    enum az_form form;
    unsigned unsafe; /* flag of characters that the form may change */
    bool composes, compatible;
};

static enum az_status add_piece(const struct walk *walk, const char *text, size_t length_bytes,
                                struct az_buffer *normal, struct az_error *error)
{
    uint8_t room[PIECE_BYTES];
    size_t normal_bytes = sizeof room;
    uninorm_t form = walk->composes     ? walk->compatible ? UNINORM_NFKC : UNINORM_NFC
                     : walk->compatible ? UNINORM_NFKD
                                        : UNINORM_NFD;
    if (length_bytes == 0) return AZ_OK;
    uint8_t *piece = u8_normalize(form, (const uint8_t *)text, length_bytes, room, &normal_bytes);
    if (!piece) return az_error_raise(error, AZ_MEMORY, "cannot normalise %zu bytes", length_bytes);
    enum az_status status = az_buffer_add(normal, piece, normal_bytes, error);
    if (piece != room) free(piece);
    return status;
}

/* The end of the unsafe characters from `at`. */
static size_t unsafe_end(const struct walk *walk, const char *text, size_t length_bytes, size_t at)
{
    size_t used;
    while (at < length_bytes && az_unicode_flags(az_utf8_decode(text + at, &used)) & walk->unsafe)
        at += used;
    return at;
}

enum az_status az_normalise(enum az_form form, const char *text, size_t length_bytes,
                            struct az_buffer *normal, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct walk walk = {
        .form = form,
        .unsafe = (unsigned)AZ_UNICODE_UNSAFE_C << form,
        .composes = form == AZ_FORM_C || form == AZ_FORM_KC,
        .compatible = form == AZ_FORM_KC || form == AZ_FORM_KD,
    };
    size_t copied = 0, previous = 0, used;
    uint32_t before = 0; /* the character at previous */
    az_unicode_prepare();
    for (size_t at = 0; at < length_bytes; at += used) {
        uint32_t code = az_utf8_decode(text + at, &used);
        if (code < 0x80 || !(az_unicode_flags(code) & walk.unsafe)) {
            previous = at;
            before = code;
            continue;
        }
        /* A starter may compose with what follows, unless the form does not know it. */
        size_t start = at;
        if (walk.composes && previous < at && previous >= copied &&
            !az_unicode_newer_form(before, walk.compatible))
            start = previous;
        size_t end = unsafe_end(&walk, text, length_bytes, at);
        AZ_TRY(az_buffer_add(normal, text + copied, start - copied, error));
        AZ_TRY(add_piece(&walk, text + start, end - start, normal, error));
        used = end - at;
        copied = previous = end;
    }
    AZ_TRY(az_buffer_add(normal, text + copied, length_bytes - copied, error));
out:
    return status;
}
