#define _GNU_SOURCE /* memmem */
#include "text/normaliser.h"

#include <string.h>

#include "base/memory.h"
#include "text/byte_alphabet.h"
#include "text/normalise.h"
#include "text/unicode.h"
#include "text/utf8.h"

void az_normaliser_free(struct az_normaliser *normaliser)
{
    for (size_t n = 0; n < normaliser->count; n++) {
        struct az_normaliser_step *step = &normaliser->steps[n];
        az_memory_free(step->pattern);
        az_memory_free(step->text);
        az_splitter_free(&step->splitter);
        az_charsmap_free(&step->charsmap);
    }
    az_memory_free(normaliser->steps);
    *normaliser = (struct az_normaliser){0};
}

enum az_status az_normaliser_add(struct az_normaliser *normaliser, enum az_normaliser_kind kind,
                                 struct az_normaliser_step **step, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_memory_grow(&normaliser->steps, normaliser->count, normaliser->count + 1,
                          sizeof *normaliser->steps, "the normalizer", error));
    *step = &normaliser->steps[normaliser->count++];
    (*step)->kind = kind;
out:
    return status;
}

void az_normal_free(struct az_normal *normal)
{
    for (int n = 0; n < 3; n++) az_buffer_free(&normal->buffers[n]);
    *normal = (struct az_normal){0};
}

/* ---- steps that look at one character ---- */

static bool is_ideograph(uint32_t code)
{
    return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
           (code >= 0x20000 && code <= 0x2a6df) || (code >= 0x2a700 && code <= 0x2b73f) ||
           (code >= 0x2b740 && code <= 0x2b81f) || (code >= 0x2b920 && code <= 0x2ceaf) ||
           (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f);
}

/* Nmt: control characters go, white space of many kinds is a space. */
static int map_nmt(uint32_t code, uint32_t *out)
{
    bool gone = (code >= 0x01 && code <= 0x08) || code == 0x0b || (code >= 0x0e && code <= 0x1f) ||
                code == 0x7f || code == 0x8f || code == 0x9f;
    bool space = code == 0x09 || code == 0x0a || code == 0x0c || code == 0x0d || code == 0x1680 ||
                 (code >= 0x200b && code <= 0x200f) || code == 0x2028 || code == 0x2029 ||
                 code == 0x2581 || code == 0xfeff || code == 0xfffd;
    *out = space ? ' ' : code;
    return !gone;
}

static int map_clean(uint32_t code, uint32_t *out)
{
    unsigned flags = az_unicode_flags(code);
    *out = flags & AZ_UNICODE_SPACE ? ' ' : code;
    return !(flags & AZ_UNICODE_OTHER);
}

static int map_chinese(uint32_t code, uint32_t *out)
{
    out[0] = code;
    if (!is_ideograph(code)) return 1;
    out[0] = out[2] = ' ';
    out[1] = code;
    return 3;
}

static int map_nonspacing(uint32_t code, uint32_t *out)
{
    *out = code;
    return !(az_unicode_flags(code) & AZ_UNICODE_NONSPACING);
}

static int map_combining(uint32_t code, uint32_t *out)
{
    *out = code;
    return !(az_unicode_flags(code) & AZ_UNICODE_COMBINING);
}

static int (*const maps[])(uint32_t, uint32_t *) = {
    [AZ_NORMALISER_LOWERCASE] = az_unicode_lower,
    [AZ_NORMALISER_NMT] = map_nmt,
    [AZ_NORMALISER_CLEAN] = map_clean,
    [AZ_NORMALISER_CHINESE] = map_chinese,
    [AZ_NORMALISER_NONSPACING] = map_nonspacing,
    [AZ_NORMALISER_STRIP_ACCENTS] = map_combining,
};

static enum az_status apply_map(int (*map)(uint32_t, uint32_t *), const char *text,
                                size_t length_bytes, struct az_normal *normal,
                                struct az_buffer *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t origin = normal->origin_bytes;
    for (size_t at = 0, used; at < length_bytes; at += used) {
        uint32_t codes[3];
        int count = map(az_utf8_decode(text + at, &used), codes);
        AZ_TRY(az_buffer_reserve(out, 12, error));
        for (int n = 0; n < count; n++)
            out->length += az_utf8_put(codes[n], out->bytes + out->length);
        if (at < origin) normal->origin_bytes = out->length;
    }
out:
    return status;
}

/* ---- steps that look at the whole ---- */

static void strip(const struct az_normaliser_step *step, struct az_normal *normal)
{
    size_t start = 0, end = normal->length_bytes, used;
    az_unicode_prepare();
    while (step->left && start < end &&
           az_unicode_flags(az_utf8_decode(normal->text + start, &used)) & AZ_UNICODE_SPACE)
        start += used;
    while (step->right && start < end) {
        size_t last = end - 1;
        while ((normal->text[last] & 0xc0) == 0x80) last--;
        if (!(az_unicode_flags(az_utf8_decode(normal->text + last, &used)) & AZ_UNICODE_SPACE))
            break;
        end = last;
    }
    normal->origin_bytes -= start < normal->origin_bytes ? start : normal->origin_bytes;
    normal->text += start;
    normal->length_bytes = end - start;
}

/* What of the text a replacement has passed: `bytes` at `at`, now `out`; a match is one origin. */
static void pass(struct az_normal *normal, size_t origin, size_t at, size_t bytes, bool match,
                 const struct az_buffer *out)
{
    if (at >= origin) return;
    size_t over = match || at + bytes <= origin ? 0 : at + bytes - origin;
    normal->origin_bytes = out->length > over ? out->length - over : 0;
}

static enum az_status replace_string(const struct az_normaliser_step *step,
                                     struct az_normal *normal, struct az_buffer *out,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *text = normal->text, *at = text, *end = at + normal->length_bytes, *found;
    size_t origin = normal->origin_bytes;
    while (at < end &&
           (found = memmem(at, (size_t)(end - at), step->pattern, step->pattern_bytes))) {
        AZ_TRY(az_buffer_add(out, at, (size_t)(found - at), error));
        pass(normal, origin, (size_t)(at - text), (size_t)(found - at), false, out);
        AZ_TRY(az_buffer_add(out, step->text, step->text_bytes, error));
        pass(normal, origin, (size_t)(found - text), step->pattern_bytes, true, out);
        at = found + step->pattern_bytes;
    }
    AZ_TRY(az_buffer_add(out, at, (size_t)(end - at), error));
    pass(normal, origin, (size_t)(at - text), (size_t)(end - at), false, out);
out:
    return status;
}

static enum az_status replace_matches(const struct az_normaliser_step *step,
                                      struct az_normal *normal, struct az_buffer *out,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_walk walk = {0};
    const char *piece;
    size_t piece_bytes, origin = normal->origin_bytes;
    bool match;
    AZ_TRY(az_walk_init(&walk, &step->splitter, error));
    az_walk_begin(&walk, normal->text, normal->length_bytes);
    for (;;) {
        AZ_TRY(az_walk_piece(&walk, &piece, &piece_bytes, &match, error));
        if (piece_bytes == 0) break;
        AZ_TRY(az_buffer_add(out, match ? step->text : piece,
                             match ? step->text_bytes : piece_bytes, error));
        pass(normal, origin, (size_t)(piece - normal->text), piece_bytes, match, out);
    }
out:
    az_walk_free(&walk);
    return status;
}

/* A normal form, and how much of it is that of the first characters. */
static enum az_status apply_form(enum az_form form, struct az_normal *normal, struct az_buffer *out,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t origin = normal->origin_bytes;
    if (origin > normal->length_bytes) origin = normal->length_bytes;
    AZ_TRY(az_normalise(form, normal->text, origin, out, error));
    normal->origin_bytes = out->length;
    out->length = 0;
    AZ_TRY(az_normalise(form, normal->text, normal->length_bytes, out, error));
    /* The last of them may have become one with what follows. */
    while (normal->origin_bytes < out->length && (out->bytes[normal->origin_bytes] & 0xc0) == 0x80)
        normal->origin_bytes++;
    if (normal->origin_bytes > out->length) normal->origin_bytes = out->length;
out:
    return status;
}

static enum az_status apply_step(const struct az_normaliser_step *step, struct az_normal *normal,
                                 struct az_buffer *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *text = normal->text;
    size_t length_bytes = normal->length_bytes;
    switch (step->kind) {
    case AZ_NORMALISER_NFC:
    case AZ_NORMALISER_NFD:
    case AZ_NORMALISER_NFKC:
    case AZ_NORMALISER_NFKD: return apply_form((enum az_form)step->kind, normal, out, error);
    case AZ_NORMALISER_STRIP: return AZ_OK; /* changes nothing but the ends */
    case AZ_NORMALISER_REPLACE:
        return step->splitter.code ? replace_matches(step, normal, out, error)
                                   : replace_string(step, normal, out, error);
    case AZ_NORMALISER_PREPEND:
        if (length_bytes > 0) AZ_TRY(az_buffer_add(out, step->text, step->text_bytes, error));
        normal->origin_bytes += out->length;
        return az_buffer_add(out, text, length_bytes, error);
    case AZ_NORMALISER_CHARSMAP:
        return az_charsmap_apply(&step->charsmap, text, length_bytes, out, error);
    case AZ_NORMALISER_BYTES: return az_byte_alphabet_spell(text, length_bytes, out, error);
    default: return apply_map(maps[step->kind], text, length_bytes, normal, out, error);
    }
out:
    return status;
}

/* All steps over normal->text; what changes goes back and forth between two of the buffers. */
static enum az_status apply_steps(const struct az_normaliser *normaliser, struct az_normal *normal,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < normaliser->count; n++) {
        const struct az_normaliser_step *step = &normaliser->steps[n];
        struct az_buffer *out = &normal->buffers[n % 2];
        if (step->kind == AZ_NORMALISER_STRIP) {
            /* Its text lies in the other buffer, which the next step must not write to. */
            strip(step, normal);
            out->length = 0;
            AZ_TRY(az_buffer_add(out, normal->text, normal->length_bytes, error));
        } else {
            out->length = 0;
            AZ_TRY(az_buffer_reserve(out, normal->length_bytes + 16, error));
            AZ_TRY(apply_step(step, normal, out, error));
        }
        normal->text = out->bytes;
        normal->length_bytes = out->length;
    }
out:
    return status;
}

enum az_status az_normaliser_finish(struct az_normaliser *normaliser, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_normal normal = {0};
    az_unicode_prepare();
    normaliser->local = normaliser->count > 0;
    for (size_t n = 0; n < normaliser->count; n++)
        if (normaliser->steps[n].kind > AZ_NORMALISER_LOCAL_LAST) normaliser->local = false;
    for (int c = 0; normaliser->local && c < 128; c++) {
        char text = (char)c;
        normal.text = &text;
        normal.length_bytes = 1;
        AZ_TRY(apply_steps(normaliser, &normal, error));
        normaliser->ascii[c] = (signed char)(normal.length_bytes ? normal.text[0] : -1);
    }
out:
    az_normal_free(&normal);
    return status;
}

/* ---- local normalisers ---- */

static bool is_ascii(char c) { return (signed char)c >= 0; }

/* ASCII before ASCII, up to the last, which what follows may change. Returns its length. */
static size_t ascii_run(const char *text, size_t length_bytes)
{
    size_t n = 0;
    while (n < length_bytes && is_ascii(text[n])) n++;
    return n < length_bytes && n > 0 ? n - 1 : n;
}

/* An ASCII character, if any, and what follows up to the next. */
static size_t other_run(const char *text, size_t length_bytes)
{
    size_t n = 1;
    while (n < length_bytes && !is_ascii(text[n])) n++;
    return n;
}

static enum az_status apply_locally(const struct az_normaliser *normaliser, const char *text,
                                    size_t length_bytes, struct az_normal *normal,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer *out = &normal->buffers[2];
    normal->origin_bytes =
        length_bytes > 0 && is_ascii(text[0]) ? normaliser->ascii[(unsigned char)text[0]] >= 0 : 0;
    out->length = 0;
    AZ_TRY(az_buffer_reserve(out, length_bytes + length_bytes / 8 + 16, error));
    for (size_t at = 0; at < length_bytes;) {
        size_t run = ascii_run(text + at, length_bytes - at);
        AZ_TRY(az_buffer_reserve(out, run, error));
        char *to = out->bytes + out->length;
        for (size_t n = 0; n < run; n++) {
            signed char c = normaliser->ascii[(unsigned char)text[at + n]];
            *to = (char)c;
            to += c >= 0;
        }
        out->length = (size_t)(to - out->bytes);
        at += run;
        if (at == length_bytes) break;
        run = other_run(text + at, length_bytes - at);
        size_t origin = at > 0 ? normal->origin_bytes : 0;
        normal->text = text + at;
        normal->length_bytes = run;
        normal->origin_bytes = az_utf8_length(text[at]);
        AZ_TRY(apply_steps(normaliser, normal, error));
        if (at > 0) normal->origin_bytes = origin;
        AZ_TRY(az_buffer_add(out, normal->text, normal->length_bytes, error));
        at += run;
    }
    normal->text = out->bytes;
    normal->length_bytes = out->length;
out:
    return status;
}

enum az_status az_normaliser_apply(const struct az_normaliser *normaliser, const char *text,
                                   size_t length_bytes, struct az_normal *normal,
                                   struct az_error *error)
{
    normal->text = text;
    normal->length_bytes = length_bytes;
    normal->origin_bytes = length_bytes > 0 ? az_utf8_length(text[0]) : 0;
    if (normaliser->count == 0) return AZ_OK;
    /* NFC alone copies what it does not change at the speed of memory. */
    if (normaliser->local && !(normaliser->count == 1 && normaliser->steps[0].kind <= 3))
        return apply_locally(normaliser, text, length_bytes, normal, error);
    return apply_steps(normaliser, normal, error);
}
