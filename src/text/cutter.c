#define _GNU_SOURCE /* memmem */
#include "text/cutter.h"

#include <string.h>

#include "base/memory.h"
#include "text/unicode.h"
#include "text/unicode_class.h"
#include "text/utf8.h"

void az_cutter_free(struct az_cutter *cutter)
{
    for (size_t n = 0; n < cutter->count; n++) {
        az_memory_free(cutter->steps[n].string);
        az_memory_free(cutter->steps[n].crossed);
        az_splitter_free(&cutter->steps[n].splitter);
    }
    az_memory_free(cutter->steps);
    *cutter = (struct az_cutter){0};
}

enum az_status az_cutter_add(struct az_cutter *cutter, enum az_cutter_kind kind,
                             struct az_cutter_step **step, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_memory_grow(&cutter->steps, cutter->count, cutter->count + 1, sizeof *cutter->steps,
                          "the pre_tokenizer", error));
    *step = &cutter->steps[cutter->count++];
    (*step)->kind = kind;
out:
    return status;
}

bool az_cutter_restarts(const struct az_cutter *cutter)
{
    const struct az_cutter_step *first = cutter->steps;
    if (cutter->count == 0 || first->kind == AZ_CUTTER_PREFIX) return false;
    if (first->kind == AZ_CUTTER_METASPACE) return !first->whole;
    return first->kind != AZ_CUTTER_PATTERN || !first->splitter.looks_behind;
}

void az_cut_free(struct az_cut *cut)
{
    for (size_t n = 0; cut->walks && n < cut->cutter->count; n++) {
        az_walk_free(&cut->walks[n].walk);
        az_buffer_free(&cut->walks[n].buffer);
    }
    az_memory_free(cut->walks);
    *cut = (struct az_cut){0};
}

enum az_status az_cut_init(struct az_cut *cut, const struct az_cutter *cutter,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    *cut = (struct az_cut){.cutter = cutter};
    AZ_TRY(az_memory_allocate(&cut->walks, cutter->count, sizeof *cut->walks, "a text", error));
    for (size_t n = 0; n < cutter->count; n++) {
        cut->walks[n].step = &cutter->steps[n];
        if (cutter->steps[n].kind == AZ_CUTTER_PATTERN)
            AZ_TRY(az_walk_init(&cut->walks[n].walk, &cutter->steps[n].splitter, error));
    }
out:
    if (status != AZ_OK) az_cut_free(cut);
    return status;
}

/* ---- the text as a step sees it ---- */

static bool starts_with(const char *text, size_t length_bytes, const char *start, size_t bytes)
{
    return length_bytes >= bytes && memcmp(text, start, bytes) == 0;
}

static enum az_status replace_blanks(struct az_cut_walk *walk, const char *text,
                                     size_t length_bytes, bool prepend, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_cutter_step *step = walk->step;
    struct az_buffer *buffer = &walk->buffer;
    const char *end = text + length_bytes;
    buffer->length = 0;
    AZ_TRY(az_buffer_reserve(buffer, length_bytes + length_bytes / 2 + step->string_bytes, error));
    if (prepend) AZ_TRY(az_buffer_add(buffer, step->string, step->string_bytes, error));
    while (text < end) {
        const char *blank = memchr(text, ' ', (size_t)(end - text));
        size_t length = (size_t)((blank ? blank : end) - text);
        AZ_TRY(az_buffer_add(buffer, text, length, error));
        if (blank) AZ_TRY(az_buffer_add(buffer, step->string, step->string_bytes, error));
        text += length + (blank != NULL);
    }
    walk->text = buffer->bytes;
    walk->length_bytes = buffer->length;
out:
    return status;
}

static void go(struct az_cut_walk *walk, size_t at)
{
    walk->at = walk->piece_start = walk->piece_end = at;
    if (walk->step->kind != AZ_CUTTER_PATTERN) return;
    az_walk_begin(&walk->walk, walk->text, walk->length_bytes);
    walk->walk.at = walk->walk.match_start = walk->walk.match_end = at;
}

static enum az_status begin(struct az_cut_walk *walk, const char *text, size_t length_bytes,
                            size_t first_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_cutter_step *step = walk->step;
    walk->text = text;
    walk->length_bytes = length_bytes;
    if (step->kind == AZ_CUTTER_METASPACE) {
        bool prepend = (step->prepend == AZ_PREPEND_ALWAYS ||
                        (step->prepend == AZ_PREPEND_FIRST && first_bytes > 0)) &&
                       text[0] != ' ' &&
                       !starts_with(text, length_bytes, step->string, step->string_bytes);
        AZ_TRY(replace_blanks(walk, text, length_bytes, prepend, error));
    } else if (step->kind == AZ_CUTTER_PREFIX && text[0] != ' ') {
        walk->buffer.length = 0;
        AZ_TRY(az_buffer_add(&walk->buffer, " ", 1, error));
        AZ_TRY(az_buffer_add(&walk->buffer, text, length_bytes, error));
        walk->text = walk->buffer.bytes;
        walk->length_bytes = walk->buffer.length;
    }
    go(walk, 0);
out:
    return status;
}

/* ---- pieces: matches and what lies between ---- */

static size_t find_string(const struct az_cut_walk *walk, size_t at, bool *match)
{
    const struct az_cutter_step *step = walk->step;
    const char *found =
        memmem(walk->text + at, walk->length_bytes - at, step->string, step->string_bytes);
    size_t place = found ? (size_t)(found - walk->text) : walk->length_bytes;
    *match = place == at;
    return *match ? at + step->string_bytes : place;
}

static size_t find_character(const struct az_cut_walk *walk, size_t at, bool *match)
{
    size_t used;
    *match = (az_unicode_flags(az_utf8_decode(walk->text + at, &used)) & walk->step->flag) != 0;
    if (*match) return at + used;
    while (at < walk->length_bytes &&
           !(az_unicode_flags(az_utf8_decode(walk->text + at, &used)) & walk->step->flag))
        at += used;
    return at;
}

/* Makes the piece at walk->at the one looked at; empty at the end. */
static enum az_status look(struct az_cut_walk *walk, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (walk->piece_start == walk->at && walk->piece_end > walk->at) return AZ_OK;
    size_t start = walk->at, end;
    bool match = false;
    if (start >= walk->length_bytes) {
        end = start;
    } else if (walk->step->kind == AZ_CUTTER_PATTERN) {
        const char *piece;
        size_t bytes;
        status = az_walk_piece(&walk->walk, &piece, &bytes, &match, error);
        end = start + bytes;
    } else if (walk->step->kind == AZ_CUTTER_CHARACTERS) {
        end = find_character(walk, start, &match);
    } else {
        end = find_string(walk, start, &match);
    }
    walk->piece_start = start;
    walk->piece_end = end;
    walk->piece_match = match != walk->step->invert;
    return status;
}

/* The word at walk->at, by what becomes of matches; some kinds drop it. */
static enum az_status behave(struct az_cut_walk *walk, size_t *start, size_t *end,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    const enum az_behaviour behaviour = walk->step->behaviour;
    bool again;
    do {
        AZ_TRY(look(walk, error));
        *start = walk->at;
        *end = walk->at = walk->piece_end;
        again = behaviour == AZ_BEHAVIOUR_REMOVED && walk->piece_match;
    } while (again && *end > *start);
    if (behaviour <= AZ_BEHAVIOUR_REMOVED || *end == *start) goto out;
    for (;;) {
        bool match = walk->piece_match;
        AZ_TRY(look(walk, error));
        if (walk->piece_end == walk->at) break;
        bool joins = behaviour == AZ_BEHAVIOUR_CONTIGUOUS ? match == walk->piece_match
                     : behaviour == AZ_BEHAVIOUR_PREVIOUS ? !match && walk->piece_match
                                                          : match && !walk->piece_match;
        if (!joins) break;
        *end = walk->at = walk->piece_end;
        if (behaviour != AZ_BEHAVIOUR_CONTIGUOUS) break;
    }
out:
    return status;
}

/* ---- words of the other kinds ---- */

static void next_bert(struct az_cut_walk *walk, size_t *start, size_t *end)
{
    const char *text = walk->text;
    size_t at = walk->at, used = 0;
    unsigned flags = 0;
    for (; at < walk->length_bytes; at += used) {
        flags = az_unicode_flags(az_utf8_decode(text + at, &used));
        if (!(flags & AZ_UNICODE_SPACE)) break;
    }
    *start = at;
    if (at < walk->length_bytes) at += used;
    while (!(flags & AZ_UNICODE_PUNCTUATION) && at < walk->length_bytes &&
           !(az_unicode_flags(az_utf8_decode(text + at, &used)) &
             (AZ_UNICODE_PUNCTUATION | AZ_UNICODE_SPACE)))
        at += used;
    *end = walk->at = at;
}

/* Up to the next string that does not begin here. */
static void next_metaspace(struct az_cut_walk *walk, size_t *start, size_t *end)
{
    const struct az_cutter_step *step = walk->step;
    const char *text = walk->text;
    size_t at = walk->at, length = walk->length_bytes, bytes = step->string_bytes;
    *start = at;
    *end = walk->at = length;
    if (at >= length || step->whole) return;
    if (starts_with(text + at, length - at, step->string, bytes)) at += bytes;
    const char *found = memmem(text + at, length - at, step->string, bytes);
    if (found) *end = walk->at = (size_t)(found - text);
}

static void next_length(struct az_cut_walk *walk, size_t *start, size_t *end)
{
    *start = walk->at;
    for (size_t n = 0; n < walk->step->number && walk->at < walk->length_bytes; n++)
        walk->at += az_utf8_length(walk->text[walk->at]);
    *end = walk->at;
}

/* What has no script goes with what stands before it, and is lost at the beginning. */
static void next_script(struct az_cut_walk *walk, size_t *start, size_t *end)
{
    const char *script = NULL;
    size_t at = walk->at, used;
    while (at < walk->length_bytes &&
           !(script = az_unicode_cut_script(az_utf8_decode(walk->text + at, &used))))
        at += used;
    *start = at;
    for (; at < walk->length_bytes; at += used) {
        const char *next = az_unicode_cut_script(az_utf8_decode(walk->text + at, &used));
        if (next && strcmp(next, script) != 0) break;
    }
    *end = walk->at = at;
}

static bool may_cross(const struct az_cutter_step *step, const char *text, size_t before)
{
    size_t used, low = 0, high = step->crossed_count;
    do before--;
    while ((text[before] & 0xc0) == 0x80);
    uint32_t code = az_utf8_decode(text + before, &used);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (step->crossed[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < step->crossed_count && step->crossed[low] == code;
}

/* Up to the next string after a character that no merge joins to it. */
static void next_seam(struct az_cut_walk *walk, size_t *start, size_t *end)
{
    const struct az_cutter_step *step = walk->step;
    const char *text = walk->text, *found;
    size_t at = walk->at, length = walk->length_bytes, bytes = step->string_bytes;
    *start = at;
    *end = walk->at = length;
    if (at >= length) return;
    for (at += az_utf8_length(text[at]); at < length; at += bytes) {
        found = memmem(text + at, length - at, step->string, bytes);
        if (!found) return;
        at = (size_t)(found - text);
        if (!may_cross(step, text, at)) break;
    }
    *end = walk->at = at < length ? at : length;
}

static enum az_status next(struct az_cut_walk *walk, size_t *start, size_t *end,
                           struct az_error *error)
{
    switch (walk->step->kind) {
    case AZ_CUTTER_BERT: next_bert(walk, start, end); return AZ_OK;
    case AZ_CUTTER_METASPACE: next_metaspace(walk, start, end); return AZ_OK;
    case AZ_CUTTER_LENGTH: next_length(walk, start, end); return AZ_OK;
    case AZ_CUTTER_SCRIPTS: next_script(walk, start, end); return AZ_OK;
    case AZ_CUTTER_SEAM: next_seam(walk, start, end); return AZ_OK;
    case AZ_CUTTER_PREFIX:
        *start = walk->at;
        *end = walk->at = walk->length_bytes;
        return AZ_OK;
    default: return behave(walk, start, end, error);
    }
}

/* ---- all steps ---- */

/* Cuts a word by the steps from `number`. */
static enum az_status cut_from(struct az_cut *cut, size_t number, const char *text,
                               size_t length_bytes, size_t first_bytes, az_cutter_word *take,
                               void *context, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t start, end;
    if (number == cut->cutter->count) return take(context, text, length_bytes, error);
    struct az_cut_walk *walk = &cut->walks[number];
    AZ_TRY(begin(walk, text, length_bytes, first_bytes, error));
    for (;;) {
        AZ_TRY(next(walk, &start, &end, error));
        if (start == end) break;
        AZ_TRY(cut_from(cut, number + 1, walk->text + start, end - start,
                        first_bytes > start ? first_bytes - start : 0, take, context, error));
    }
out:
    return status;
}

enum az_status az_cut_text(struct az_cut *cut, const char *text, size_t length_bytes,
                           size_t first_bytes, az_cutter_word *word, void *context,
                           struct az_error *error)
{
    return cut_from(cut, 0, text, length_bytes, first_bytes, word, context, error);
}

enum az_status az_cut_begin(struct az_cut *cut, const char *text, size_t length_bytes,
                            size_t first_bytes, const char **changed, size_t *changed_bytes,
                            struct az_error *error)
{
    *changed = text;
    *changed_bytes = length_bytes;
    if (cut->cutter->count == 0) return AZ_OK;
    enum az_status status = begin(&cut->walks[0], text, length_bytes, first_bytes, error);
    *changed = cut->walks[0].text;
    *changed_bytes = cut->walks[0].length_bytes;
    return status;
}

void az_cut_go(struct az_cut *cut, const char *changed, size_t changed_bytes, size_t at)
{
    cut->walks[0].text = changed;
    cut->walks[0].length_bytes = changed_bytes;
    go(&cut->walks[0], at);
}

enum az_status az_cut_next(struct az_cut *cut, size_t *start, size_t *length_bytes,
                           struct az_error *error)
{
    size_t end = 0;
    enum az_status status = next(&cut->walks[0], start, &end, error);
    *length_bytes = end - *start;
    return status;
}

enum az_status az_cut_word(struct az_cut *cut, const char *word, size_t length_bytes,
                           size_t first_bytes, az_cutter_word *take, void *context,
                           struct az_error *error)
{
    return cut_from(cut, cut->cutter->count > 0 ? 1 : 0, word, length_bytes, first_bytes, take,
                    context, error);
}
