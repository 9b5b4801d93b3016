#include "text/scanner.h"

#include <stdbool.h>
#include <string.h>

#include "text/unicode.h"
#include "text/utf8.h"

#define LETTER AZ_UNICODE_LETTER
#define MARK AZ_UNICODE_MARK
#define NUMBER AZ_UNICODE_NUMBER
#define SPACE AZ_UNICODE_SPACE
#define UPPER AZ_UNICODE_UPPER
#define LOWER AZ_UNICODE_LOWER
#define LONG_S 0x17f

struct place {
    const char *text;
    size_t length_bytes;
};

static inline unsigned flags_at(const struct place *place, size_t at, size_t *used)
{
    unsigned char first = (unsigned char)place->text[at];
    if (first < 0x80) {
        *used = 1;
        return az_unicode_flags(first);
    }
    return az_unicode_flags(az_utf8_decode(place->text + at, used));
}

/* The end of the characters from `at` with one of the flags; with none of them. */
static inline size_t run(const struct place *place, size_t at, unsigned flags)
{
    size_t used;
    while (at < place->length_bytes && flags_at(place, at, &used) & flags) at += used;
    return at;
}

static inline size_t run_without(const struct place *place, size_t at, unsigned flags)
{
    size_t used;
    while (at < place->length_bytes && !(flags_at(place, at, &used) & flags)) at += used;
    return at;
}

static inline bool has(const struct place *place, size_t at, unsigned flags)
{
    size_t used;
    return at < place->length_bytes && flags_at(place, at, &used) & flags;
}

static inline bool is_break(char c) { return c == '\r' || c == '\n'; }

/* \s+(?!\S)|\s+ : all white space but the last before something else. */
static size_t spaces(const struct place *place, size_t at)
{
    size_t end = at, last = at, used;
    while (end < place->length_bytes && flags_at(place, end, &used) & SPACE) {
        last = end;
        end += used;
    }
    return end == place->length_bytes || last == at ? end : last;
}

/* \s*[\r\n]+ before that: up to the last line break of the white space. */
static size_t spaces_or_breaks(const struct place *place, size_t at)
{
    size_t end = run(place, at, SPACE), lines = end;
    while (lines > at && !is_break(place->text[lines - 1])) lines--;
    return lines > at ? lines : spaces(place, at);
}

/* Bytes of a contraction after the apostrophe at `at`; 0 for none. */
static size_t contraction(const struct place *place, size_t at, bool any_case)
{
    size_t left = place->length_bytes - at;
    if (left < 2 || place->text[at] != '\'') return 0;
    unsigned char a = (unsigned char)place->text[at + 1], fold = any_case ? 0x20 : 0;
    unsigned char b = left > 2 ? (unsigned char)place->text[at + 2] | fold : 0;
    if (any_case && left > 2 && a == 0xc5 && (unsigned char)place->text[at + 2] == 0xbf) return 3;
    a |= fold;
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
    bool pair = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l');
    return pair ? 3 : 0;
}

/* ---- GPT-2's, and with marks as letters ---- */

static inline size_t words(const char *text, size_t length_bytes, size_t at, unsigned letter)
{
    const struct place place = {text, length_bytes};
    size_t used, next = contraction(&place, at, false);
    if (next > 0) return at + next;
    unsigned flags = flags_at(&place, at, &used);
    next = at;
    if (text[at] == ' ' && at + 1 < length_bytes) {
        size_t second;
        unsigned behind = flags_at(&place, at + 1, &second);
        if (!(behind & SPACE)) {
            flags = behind;
            next = at + 1;
        }
    }
    if (flags & letter) return run(&place, next, letter);
    if (flags & NUMBER) return run(&place, next, NUMBER);
    if (!(flags & SPACE)) return run_without(&place, next, SPACE | letter | NUMBER);
    return spaces(&place, at);
}

static size_t gpt2(const char *text, size_t length_bytes, size_t at)
{
    return words(text, length_bytes, at, LETTER);
}

static size_t marks(const char *text, size_t length_bytes, size_t at)
{
    return words(text, length_bytes, at, LETTER | MARK);
}

static size_t whitespace(const char *text, size_t length_bytes, size_t at)
{
    const struct place place = {text, length_bytes};
    size_t used;
    unsigned flags = flags_at(&place, at, &used);
    if (flags & AZ_UNICODE_WORD) return run(&place, at, AZ_UNICODE_WORD);
    return flags & SPACE ? at : run_without(&place, at, AZ_UNICODE_WORD | SPACE);
}

/* ---- GPT-4's (cl100k), Llama 3's and Qwen's ---- */

static size_t numbers(const struct place *place, size_t at, int most)
{
    size_t used;
    for (int n = 0; n < most && has(place, at, NUMBER); n++) {
        flags_at(place, at, &used);
        at += used;
    }
    return at;
}

/* ` ?[^\s\p{L}\p{N}]+` and what of `tail` follows; `at` where it does not match. */
static inline size_t others(const struct place *place, size_t at, const char *tail)
{
    size_t start = at + (place->text[at] == ' ');
    size_t end = run_without(place, start, SPACE | LETTER | NUMBER);
    if (end == start) return at;
    while (end < place->length_bytes && place->text[end] && strchr(tail, place->text[end])) end++;
    return end;
}

static inline size_t cl100k(const char *text, size_t length_bytes, size_t at, int most_digits)
{
    const struct place place = {text, length_bytes};
    size_t used, next = contraction(&place, at, true);
    if (next > 0) return at + next;
    unsigned flags = flags_at(&place, at, &used);
    if (flags & LETTER) return run(&place, at, LETTER);
    if (flags & NUMBER) return numbers(&place, at, most_digits);
    if (!is_break(text[at]) && has(&place, at + used, LETTER))
        return run(&place, at + used, LETTER);
    if (flags & SPACE && !(text[at] == ' ' && at + 1 < length_bytes &&
                           !has(&place, at + 1, SPACE | LETTER | NUMBER)))
        return spaces_or_breaks(&place, at);
    return others(&place, at, "\r\n");
}

static size_t cl100k_one(const char *text, size_t length_bytes, size_t at)
{
    return cl100k(text, length_bytes, at, 1);
}

static size_t cl100k_three(const char *text, size_t length_bytes, size_t at)
{
    return cl100k(text, length_bytes, at, 3);
}

/* \s++$ before \s*[\r\n] : all the white space that ends a text. */
static bool ends_text(const struct place *place, size_t at)
{
    return run(place, at, SPACE) == place->length_bytes;
}

static size_t cl100k_tiktoken(const char *text, size_t length_bytes, size_t at)
{
    const struct place place = {text, length_bytes};
    if (has(&place, at, SPACE) && ends_text(&place, at)) return length_bytes;
    return cl100k(text, length_bytes, at, 3);
}

/* ---- GPT-4o's (o200k) ---- */

/* [upper]*[lower]+ from `at`: past the last lower of the run, 0 where there is none. */
static size_t upper_lower(const struct place *place, size_t at)
{
    size_t end = at, after = 0, used;
    while (end < place->length_bytes) {
        unsigned flags = flags_at(place, end, &used);
        if (!(flags & UPPER)) break;
        end += used;
        if (flags & LOWER) after = end;
    }
    size_t lower = run(place, end, LOWER);
    return lower > end ? lower : after;
}

/* [upper]+[lower]* */
static size_t uppers_lower(const struct place *place, size_t at)
{
    size_t end = run(place, at, UPPER);
    return end > at ? run(place, end, LOWER) : 0;
}

/* The end of a word that begins at `at`, or after one character that is no line break, letter or
 * number; 0 for none. */
static size_t cased_word(const struct place *place, size_t at)
{
    size_t used, end = 0;
    unsigned flags = flags_at(place, at, &used);
    bool prefix = !(flags & (LETTER | NUMBER)) && !is_break(place->text[at]);
    if (prefix) end = upper_lower(place, at + used);
    if (!end) end = upper_lower(place, at);
    if (!end && prefix) end = uppers_lower(place, at + used);
    if (!end) end = uppers_lower(place, at);
    if (!end) return 0;
    return end < place->length_bytes ? end + contraction(place, end, true) : end;
}

static size_t o200k(const char *text, size_t length_bytes, size_t at)
{
    const struct place place = {text, length_bytes};
    size_t end = cased_word(&place, at);
    if (end) return end;
    if (has(&place, at, NUMBER)) return numbers(&place, at, 3);
    end = others(&place, at, "\r\n/");
    return end > at ? end : spaces_or_breaks(&place, at);
}

#define CASED                                                                                      \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"    \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"                                                               \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"    \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"                                                               \
    "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define SHORT "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define REST "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct {
    const char *pattern;
    enum az_dialect dialect;
    az_scanner *scan;
    const char *name; /* of tiktoken */
} scanners[] = {
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
     AZ_DIALECT_ONIGURUMA, gpt2, NULL},
    {"'s|'t|'re|'ve|'m|'ll|'d| ?[\\p{L}\\p{M}]+| ?\\p{N}+| ?[^\\s\\p{L}\\p{M}\\p{N}]+|"
     "\\s+(?!\\S)|\\s+",
     AZ_DIALECT_ONIGURUMA, marks, NULL},
    {"\\w+|[^\\w\\s]+", AZ_DIALECT_ONIGURUMA, whitespace, NULL},
    {SHORT "\\p{N}" REST, AZ_DIALECT_ONIGURUMA, cl100k_one, NULL},
    {SHORT "\\p{N}{1,3}" REST, AZ_DIALECT_ONIGURUMA, cl100k_three, NULL},
    {CASED, AZ_DIALECT_ONIGURUMA, o200k, NULL},
    {"'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s",
     AZ_DIALECT_FANCY, gpt2, "gpt2"},
    {"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
     " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
     AZ_DIALECT_FANCY, cl100k_tiktoken, "cl100k"},
    {CASED, AZ_DIALECT_FANCY, o200k, "o200k"},
};

az_scanner *az_scanner_of(const char *pattern_text, enum az_dialect dialect)
{
    for (size_t n = 0; n < sizeof scanners / sizeof scanners[0]; n++)
        if (scanners[n].dialect == dialect && strcmp(scanners[n].pattern, pattern_text) == 0)
            return scanners[n].scan;
    return NULL;
}

const char *az_scanner_pattern(size_t number, enum az_dialect *dialect)
{
    if (number >= sizeof scanners / sizeof scanners[0]) return NULL;
    *dialect = scanners[number].dialect;
    return scanners[number].pattern;
}

const char *az_scanner_tiktoken(const char *name)
{
    for (size_t n = 0; n < sizeof scanners / sizeof scanners[0]; n++)
        if (scanners[n].name && strcmp(scanners[n].name, name) == 0) return scanners[n].pattern;
    return NULL;
}
