#define _GNU_SOURCE /* memmem */
#include "text/decoder.h"

#include <string.h>

#include "base/memory.h"
#include "text/byte_alphabet.h"
#include "text/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void az_decoder_free(struct az_decoder *decoder)
{
    for (size_t n = 0; n < decoder->count; n++) {
        az_memory_free(decoder->steps[n].text);
        az_memory_free(decoder->steps[n].content);
        az_splitter_free(&decoder->steps[n].splitter);
    }
    az_memory_free(decoder->steps);
    *decoder = (struct az_decoder){0};
}

enum az_status az_decoder_add(struct az_decoder *decoder, enum az_decoder_kind kind,
                              struct az_decoder_step **step, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_memory_grow(&decoder->steps, decoder->count, decoder->count + 1,
                          sizeof *decoder->steps, "the decoder", error));
    *step = &decoder->steps[decoder->count++];
    (*step)->kind = kind;
out:
    return status;
}

void az_strings_free(struct az_strings *strings)
{
    az_buffer_free(&strings->bytes);
    az_memory_free(strings->ends);
    *strings = (struct az_strings){0};
}

enum az_status az_strings_end(struct az_strings *strings, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (strings->count == strings->capacity) {
        size_t capacity = strings->capacity ? 2 * strings->capacity : 64;
        AZ_TRY(az_memory_grow(&strings->ends, strings->count, capacity, sizeof *strings->ends,
                              "the tokens", error));
        strings->capacity = capacity;
    }
    strings->ends[strings->count++] = strings->bytes.length;
out:
    return status;
}

/* A string on its way through a step. */
struct string {
    const char *bytes;
    size_t length_bytes, number, count; /* number: its place in the list of count */
};

static struct string string_of(const struct az_strings *strings, size_t number)
{
    size_t start = number > 0 ? strings->ends[number - 1] : 0;
    const char *bytes = strings->bytes.bytes ? strings->bytes.bytes : ""; /* all may be empty */
    return (struct string){bytes + start, strings->ends[number] - start, number, strings->count};
}

/* Appends a text with every occurrence of one string replaced by another. */
static enum az_status replace(struct string in, const char *from, size_t from_bytes, const char *to,
                              size_t to_bytes, struct az_buffer *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *at = in.bytes, *end = at + in.length_bytes, *found;
    while (at < end && from_bytes > 0 &&
           (found = memmem(at, (size_t)(end - at), from, from_bytes))) {
        AZ_TRY(az_buffer_add(out, at, (size_t)(found - at), error));
        AZ_TRY(az_buffer_add(out, to, to_bytes, error));
        at = found + from_bytes;
    }
    AZ_TRY(az_buffer_add(out, at, (size_t)(end - at), error));
out:
    return status;
}

/* ---- steps that change strings one by one ---- */

/* Undoes the blanks that a tokenizer of words puts before punctuation: one rule after another. */
static enum az_status clean_up(struct az_buffer *text, size_t start, struct az_error *error)
{
    static const char *const rules[][2] = {
        {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
        {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
        {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
    };
    enum az_status status = AZ_OK;
    struct az_buffer clean = {0};
    AZ_TRY(az_buffer_reserve(text, 1, error));
    for (size_t n = 0; n < sizeof rules / sizeof rules[0]; n++) {
        struct string in = {.bytes = text->bytes + start, .length_bytes = text->length - start};
        if (in.length_bytes < 2) break;
        clean.length = 0;
        AZ_TRY(replace(in, rules[n][0], strlen(rules[n][0]), rules[n][1], strlen(rules[n][1]),
                       &clean, error));
        text->length = start; /* no rule makes a text longer but for " do not", as long as it was */
        AZ_TRY(az_buffer_add(text, clean.bytes, clean.length, error));
    }
out:
    az_buffer_free(&clean);
    return status;
}

static enum az_status do_wordpiece(const struct az_decoder_step *step, struct string in,
                                   struct az_buffer *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t start = out->length;
    bool continues =
        in.length_bytes >= step->text_bytes && memcmp(in.bytes, step->text, step->text_bytes) == 0;
    if (in.number > 0 && continues) {
        in.bytes += step->text_bytes;
        in.length_bytes -= step->text_bytes;
    } else if (in.number > 0) {
        AZ_TRY(az_buffer_add(out, " ", 1, error));
    }
    AZ_TRY(az_buffer_add(out, in.bytes, in.length_bytes, error));
    if (step->flag) AZ_TRY(clean_up(out, start, error));
out:
    return status;
}

static enum az_status do_metaspace(const struct az_decoder_step *step, struct string in,
                                   struct az_buffer *out, struct az_error *error)
{
    bool drop = in.number == 0 && step->flag;
    return replace(in, step->text, step->text_bytes, " ", drop ? 0 : 1, out, error);
}

static enum az_status do_suffix(const struct az_decoder_step *step, struct string in,
                                struct az_buffer *out, struct az_error *error)
{
    bool last = in.number + 1 == in.count;
    return replace(in, step->text, step->text_bytes, " ", last ? 0 : 1, out, error);
}

static enum az_status do_strip(const struct az_decoder_step *step, struct string in,
                               struct az_buffer *out, struct az_error *error)
{
    const char *start = in.bytes, *end = start + in.length_bytes;
    size_t bytes = step->text_bytes;
    for (size_t n = 0;
         n < step->start && (size_t)(end - start) >= bytes && memcmp(start, step->text, bytes) == 0;
         n++)
        start += bytes;
    for (size_t n = 0; n < step->stop && (size_t)(end - start) >= bytes &&
                       memcmp(end - bytes, step->text, bytes) == 0;
         n++)
        end -= bytes;
    return az_buffer_add(out, start, (size_t)(end - start), error);
}

static enum az_status do_replace(const struct az_decoder_step *step, struct string in,
                                 struct az_buffer *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_walk walk = {0};
    const char *piece;
    size_t piece_bytes;
    bool match;
    if (!step->splitter.code)
        return replace(in, step->text, step->text_bytes, step->content, step->content_bytes, out,
                       error);
    AZ_TRY(az_walk_init(&walk, &step->splitter, error));
    az_walk_begin(&walk, in.bytes, in.length_bytes);
    for (;;) {
        AZ_TRY(az_walk_piece(&walk, &piece, &piece_bytes, &match, error));
        if (piece_bytes == 0) break;
        AZ_TRY(az_buffer_add(out, match ? step->content : piece,
                             match ? step->content_bytes : piece_bytes, error));
    }
out:
    az_walk_free(&walk);
    return status;
}

static enum az_status each(const struct az_decoder_step *step, struct az_strings *in,
                           struct az_strings *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static enum az_status (*const kinds[])(const struct az_decoder_step *, struct string,
                                           struct az_buffer *, struct az_error *) = {
        [AZ_DECODER_WORDPIECE] = do_wordpiece, [AZ_DECODER_METASPACE] = do_metaspace,
        [AZ_DECODER_SUFFIX] = do_suffix,       [AZ_DECODER_STRIP] = do_strip,
        [AZ_DECODER_REPLACE] = do_replace,
    };
    for (size_t n = 0; n < in->count; n++) {
        AZ_TRY(kinds[step->kind](step, string_of(in, n), &out->bytes, error));
        AZ_TRY(az_strings_end(out, error));
    }
out:
    return status;
}

/* ---- steps that look at several ---- */

static enum az_status do_bytes(struct az_strings *in, struct az_strings *out,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < in->count; n++) {
        struct string string = string_of(in, n);
        bool good;
        AZ_TRY(az_byte_alphabet_read(string.bytes, string.length_bytes, &out->bytes, &good, error));
        if (!good) AZ_TRY(az_buffer_add(&out->bytes, string.bytes, string.length_bytes, error));
    }
    AZ_TRY(az_strings_end(out, error));
out:
    return status;
}

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that <0x..> stands for; -1 for another string. Rust takes <0x+5> for 5. */
static int fallback_byte(struct string string)
{
    const char *b = string.bytes;
    if (string.length_bytes != 6 || memcmp(b, "<0x", 3) != 0 || b[5] != '>') return -1;
    int high = b[3] == '+' ? 0 : hexadecimal(b[3]), low = hexadecimal(b[4]);
    return high < 0 || low < 0 ? -1 : 16 * high + low;
}

/* Bytes beside each other are characters where they are UTF-8, else U+FFFD for each of them. */
static enum az_status end_run(struct az_buffer *run, struct az_strings *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = run->length;
    if (count > 0 && az_utf8_invalid(run->bytes, count) == count) {
        AZ_TRY(az_buffer_add(&out->bytes, run->bytes, count, error));
        AZ_TRY(az_strings_end(out, error));
    } else {
        for (size_t n = 0; n < count; n++) {
            AZ_TRY(az_buffer_add(&out->bytes, REPLACEMENT, strlen(REPLACEMENT), error));
            AZ_TRY(az_strings_end(out, error));
        }
    }
    run->length = 0;
out:
    return status;
}

static enum az_status do_byte_fallback(struct az_strings *in, struct az_strings *out,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer run = {0};
    for (size_t n = 0; n < in->count; n++) {
        struct string string = string_of(in, n);
        int value = fallback_byte(string);
        if (value >= 0) {
            char byte = (char)value;
            AZ_TRY(az_buffer_add(&run, &byte, 1, error));
            continue;
        }
        AZ_TRY(end_run(&run, out, error));
        AZ_TRY(az_buffer_add(&out->bytes, string.bytes, string.length_bytes, error));
        AZ_TRY(az_strings_end(out, error));
    }
    AZ_TRY(end_run(&run, out, error));
out:
    az_buffer_free(&run);
    return status;
}

/* Of equal tokens beside each other one stays; the pad token goes. */
static enum az_status do_ctc(const struct az_decoder_step *step, struct az_strings *in,
                             struct az_strings *out, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer clean = {0};
    for (size_t n = 0; n < in->count; n++) {
        struct string string = string_of(in, n), last = n > 0 ? string_of(in, n - 1) : string;
        if (n > 0 && last.length_bytes == string.length_bytes &&
            memcmp(last.bytes, string.bytes, last.length_bytes) == 0)
            continue;
        size_t start = out->bytes.length;
        AZ_TRY(replace(string, step->text, step->text_bytes, "", 0, &out->bytes, error));
        if (step->flag) {
            AZ_TRY(clean_up(&out->bytes, start, error));
            clean.length = 0;
            AZ_TRY(
                az_buffer_add(&clean, out->bytes.bytes + start, out->bytes.length - start, error));
            out->bytes.length = start;
            struct string cleaned = {.bytes = clean.bytes, .length_bytes = clean.length};
            AZ_TRY(
                replace(cleaned, step->content, step->content_bytes, " ", 1, &out->bytes, error));
        }
        if (out->bytes.length > start) AZ_TRY(az_strings_end(out, error));
    }
out:
    az_buffer_free(&clean);
    return status;
}

static enum az_status apply_step(const struct az_decoder_step *step, struct az_strings *in,
                                 struct az_strings *out, struct az_error *error)
{
    switch (step->kind) {
    case AZ_DECODER_BYTES: return do_bytes(in, out, error);
    case AZ_DECODER_BYTE_FALLBACK: return do_byte_fallback(in, out, error);
    case AZ_DECODER_CTC: return do_ctc(step, in, out, error);
    default: return each(step, in, out, error);
    }
}

enum az_status az_decoder_apply(const struct az_decoder *decoder, struct az_strings *tokens,
                                struct az_buffer *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_strings other = {0};
    for (size_t n = 0; n < decoder->count; n++) {
        if (decoder->steps[n].kind == AZ_DECODER_FUSE) {
            /* The bytes are one after another already. */
            if (tokens->count > 0) tokens->ends[0] = tokens->bytes.length;
            if (tokens->count > 0) tokens->count = 1;
            continue;
        }
        other.bytes.length = other.count = 0;
        AZ_TRY(apply_step(&decoder->steps[n], tokens, &other, error));
        struct az_strings swap = *tokens;
        *tokens = other;
        other = swap;
    }
    for (size_t n = 0; n < tokens->count; n++) {
        struct string string = string_of(tokens, n);
        if (n > 0 && decoder->count == 0) AZ_TRY(az_buffer_add(text, " ", 1, error));
        AZ_TRY(az_buffer_add(text, string.bytes, string.length_bytes, error));
    }
out:
    az_strings_free(&other);
    return status;
}
