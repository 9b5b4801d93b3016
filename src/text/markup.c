#define _GNU_SOURCE
#include "text/markup.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

#define NAME_BYTES 16

/* Longer names than these are neither. */
static const char *const block_names[] = {
    "blockquote", "br",  "caption", "chapter", "dd",    "div", "dl", "dt",    "h1", "h2",   "h3",
    "h4",         "h5",  "h6",      "hr",      "item",  "l",   "lb", "lg",    "li", "list", "ol",
    "p",          "pre", "row",     "speaker", "table", "td",  "th", "title", "tr", "ul",
};
static const char *const dropped_names[] = {"head", "note", "script", "style"};

enum gap { GAP_NONE, GAP_NOTE, GAP_SPACE, GAP_LINE };

/* The prose so far, and what parts it from the next character. */
struct writer {
    struct az_buffer *prose;
    size_t start; /* of this call's prose */
    enum gap gap;
};

struct tag {
    char name[NAME_BYTES]; /* lower case; "" where it is longer */
    bool closing, empty;   /* </x>, <x/> */
    size_t length;         /* from < to > */
};

static void widen(struct writer *writer, enum gap gap)
{
    if (gap > writer->gap) writer->gap = gap;
}

/* Whether a character, as its first byte, would be glued to the word before a dropped note: letters
 * and digits, opening quotation marks and brackets. */
static bool opens_word(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return (first >= '0' && first <= '9') || (first >= 'A' && first <= 'Z') ||
               (first >= 'a' && first <= 'z') || first == '(' || first == '[';
    size_t bytes;
    uint32_t code = length >= az_utf8_length(text[0]) ? az_utf8_decode(text, &bytes) : 0;
    return code == 0x2018 || code == 0x201c || code < 0x2000 || code > 0x206f;
}

static enum az_status write_visible(struct writer *writer, const char *text, size_t length,
                                    struct az_error *error)
{
    bool first = writer->prose->length == writer->start;
    const char *between = "";
    if (!first && writer->gap == GAP_LINE) between = "\n";
    if (!first && writer->gap == GAP_SPACE) between = " ";
    if (!first && writer->gap == GAP_NOTE && opens_word(text, length)) between = " ";
    writer->gap = GAP_NONE;
    enum az_status status = az_buffer_add(writer->prose, between, strlen(between), error);
    return status == AZ_OK ? az_buffer_add(writer->prose, text, length, error) : status;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    return bsearch(name, names, count, sizeof *names, compare_names) != NULL;
}

#define COUNT(names) (sizeof(names) / sizeof *(names))

/* Reads a tag at text[0] == '<'. False where none begins there: the < is then a character. */
static bool read_tag(const char *text, size_t length, struct tag *tag)
{
    *tag = (struct tag){.closing = length > 1 && text[1] == '/'};
    size_t at = tag->closing ? 2 : 1, used = 0;
    if (at >= length || (!is_letter(text[at]) && text[at] != '!' && text[at] != '?')) return false;
    for (; at < length && !is_blank(text[at]) && text[at] != '>' && text[at] != '/'; at++) {
        char c = text[at] >= 'A' && text[at] <= 'Z' ? (char)(text[at] + 32) : text[at];
        if (used < NAME_BYTES) tag->name[used++] = c;
    }
    if (used == NAME_BYTES) memset(tag->name, 0, NAME_BYTES);
    bool comment = length >= 4 && memcmp(text, "<!--", 4) == 0;
    const char *end =
        comment ? memmem(text + 4, length - 4, "-->", 3) : memchr(text + at, '>', length - at);
    if (!end) return false;
    tag->length = (size_t)(end - text) + (comment ? 3 : 1);
    tag->empty = text[tag->length - 2] == '/';
    return true;
}

/* Length of a dropped element from its opening tag to the end of its closing one; only its opening
 * tag where it is never closed. */
static size_t dropped_length(const char *text, size_t length, const struct tag *opening)
{
    size_t depth = 1, at = opening->length;
    struct tag tag;
    while (at < length) {
        const char *next = memchr(text + at, '<', length - at);
        if (!next) break;
        at = (size_t)(next - text);
        if (!read_tag(text + at, length - at, &tag)) {
            at++;
            continue;
        }
        at += tag.length;
        if (tag.empty || strcmp(tag.name, opening->name) != 0) continue;
        depth += tag.closing ? (size_t)-1 : 1;
        if (depth == 0) return at;
    }
    return opening->length;
}

/* Handles the tag at text; *used: bytes that it takes, 0 where it is no tag. */
static void take_tag(struct writer *writer, const char *text, size_t length, size_t *used)
{
    struct tag tag;
    *used = 0;
    if (!read_tag(text, length, &tag)) return;
    *used = tag.length;
    if (is_among(tag.name, block_names, COUNT(block_names))) widen(writer, GAP_LINE);
    if (tag.closing || tag.empty || !is_among(tag.name, dropped_names, COUNT(dropped_names)))
        return;
    *used = dropped_length(text, length, &tag);
    widen(writer, GAP_NOTE);
}

static const struct {
    const char *name;
    uint32_t code;
} entities[] = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}};

static uint32_t entity_code(const char *name)
{
    for (size_t n = 0; n < COUNT(entities); n++)
        if (strcmp(name, entities[n].name) == 0) return entities[n].code;
    if (name[0] != '#') return 0;
    bool hexadecimal = name[1] == 'x' || name[1] == 'X';
    const char *digits = name + (hexadecimal ? 2 : 1);
    if (digits[strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789")]) return 0;
    return (uint32_t)strtoul(digits, NULL, hexadecimal ? 16 : 10);
}

/* The character that "&...;" at text stands for; *used: its bytes in the markup, 0 for none. */
static uint32_t read_entity(const char *text, size_t length, size_t *used)
{
    char name[NAME_BYTES] = "";
    const char *end = memchr(text, ';', length < NAME_BYTES ? length : NAME_BYTES);
    *used = 0;
    if (!end || end == text + 1) return 0;
    memcpy(name, text + 1, (size_t)(end - text) - 1);
    uint32_t code = entity_code(name);
    if (code) *used = (size_t)(end - text) + 1;
    return code;
}

static enum az_status take_entity(struct writer *writer, const char *text, size_t length,
                                  size_t *used, struct az_error *error)
{
    char bytes[4];
    uint32_t code = read_entity(text, length, used);
    size_t count = *used ? az_utf8_encode(code, bytes) : 0;
    if (count == 0) {
        *used = 1;
        return write_visible(writer, text, 1, error);
    }
    if (count == 1 && is_blank(bytes[0])) {
        widen(writer, GAP_SPACE);
        return AZ_OK;
    }
    return write_visible(writer, bytes, count, error);
}

/* Bytes up to the next character that means something. */
static size_t run_length(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && !is_blank(text[n]) && text[n] != '<' && text[n] != '&') n++;
    return n;
}

enum az_status az_markup_strip(const char *markup, size_t length_bytes, struct az_buffer *prose,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct writer writer = {.prose = prose, .start = prose->length};
    for (size_t at = 0, used; at < length_bytes; at += used) {
        const char *text = markup + at;
        size_t left = length_bytes - at;
        used = 0;
        if (is_blank(*text)) {
            widen(&writer, GAP_SPACE);
            used = 1;
        } else if (*text == '&') {
            AZ_TRY(take_entity(&writer, text, left, &used, error));
        } else if (*text == '<') {
            take_tag(&writer, text, left, &used);
        }
        if (used) continue;
        used = *text == '<' ? 1 : run_length(text, left);
        AZ_TRY(write_visible(&writer, text, used, error));
    }
    if (prose->length > writer.start) AZ_TRY(az_buffer_add(prose, "\n", 1, error));
out:
    return status;
}
