#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "text/pattern_class.h"
#include "text/unicode.h"
#include "text/utf8.h"

#define CONTRACTIONS "'s|'t|'re|'ve|'m|'ll|'d"
#define SPACES "\\s+(?!\\S)|\\s+"

static const struct {
    const char *name, *text;
} patterns[] = {
    [AZ_PATTERN_GPT2] = {"gpt2", CONTRACTIONS "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|" SPACES},
    [AZ_PATTERN_MARKS] = {"marks", CONTRACTIONS
                          "| ?[\\p{L}\\p{M}]+| ?\\p{N}+| ?[^\\s\\p{L}\\p{M}\\p{N}]+|" SPACES},
    [AZ_PATTERN_WHITESPACE] = {"whitespace", "\\w+|[^\\w\\s]+"},
};

const char *az_pattern_name(enum az_pattern pattern)
{
    return pattern == AZ_PATTERN_OTHER ? NULL : patterns[pattern].name;
}

const char *az_pattern_text(enum az_pattern pattern)
{
    return pattern == AZ_PATTERN_OTHER ? NULL : patterns[pattern].text;
}

enum az_pattern az_pattern_named(const char *name)
{
    for (int n = 0; n < AZ_PATTERN_OTHER; n++)
        if (strcmp(name, patterns[n].name) == 0) return (enum az_pattern)n;
    return AZ_PATTERN_OTHER;
}

enum az_pattern az_pattern_with_text(const char *text)
{
    for (int n = 0; n < AZ_PATTERN_OTHER; n++)
        if (strcmp(text, patterns[n].text) == 0) return (enum az_pattern)n;
    return AZ_PATTERN_OTHER;
}

#define GROUP_LIMIT 200

struct translator {
    struct az_pattern_reader reader;
    struct az_code_set *set;        /* of the class that is read; zeroed between classes */
    bool any_case[GROUP_LIMIT + 1]; /* within the groups that are open */
    size_t depth;
    const char *literal_end; /* where the last character that stands for itself ended */
    uint32_t literal;
    bool looks_behind;
    struct az_buffer *out;
};

static enum az_status add(struct translator *translator, const char *text, struct az_error *error)
{
    return az_buffer_add(translator->out, text, strlen(text), error);
}

static enum az_status add_set(struct translator *translator, struct az_error *error)
{
    enum az_status status = az_pattern_class_write(translator->set, translator->reader.any_case,
                                                   translator->out, error);
    memset(translator->set, 0, sizeof *translator->set);
    return status;
}

/* \b and \B, by the \w of Oniguruma. */
static enum az_status add_boundary(struct translator *translator, bool negated,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pattern_reader word = {.text = "\\w", .dialect = AZ_DIALECT_ONIGURUMA};
    const char *shape = negated ? "(?:(?<=@)(?=@)|(?<!@)(?!@))" : "(?:(?<=@)(?!@)|(?<!@)(?=@))";
    size_t length;
    for (; *shape; shape++) {
        if (*shape != '@') {
            AZ_TRY(az_buffer_add(translator->out, shape, 1, error));
            continue;
        }
        word.at = word.text;
        AZ_TRY(az_pattern_class_read(&word, translator->set, &length, error));
        AZ_TRY(add_set(translator, error));
    }
    translator->looks_behind = true;
    translator->reader.at += 2;
out:
    return status;
}

/* Whether two letters are one character in another case to Oniguruma: ss and a sharp s. */
static bool is_ligature(uint32_t a, uint32_t b)
{
    a |= 0x20;
    b |= 0x20;
    return (a == 's' && (b == 's' || b == 't')) || (a == 'f' && (b == 'f' || b == 'i' || b == 'l'));
}

/* In any case PCRE2 knows of characters that are one in another case, Oniguruma of several too. */
static enum az_status check_case(const struct translator *translator,
                                 const struct az_pattern_reader *place, uint32_t code,
                                 struct az_error *error)
{
    if (!place->any_case || place->dialect != AZ_DIALECT_ONIGURUMA) return AZ_OK;
    bool joined = translator->literal_end == place->at;
    unsigned flags = az_unicode_flags(code);
    bool either = (flags & AZ_UNICODE_UPPER) != 0 && (flags & AZ_UNICODE_LOWER) != 0;
    bool cased = code > 0x7f && flags & (AZ_UNICODE_LETTER | AZ_UNICODE_MARK) &&
                 (!either || flags & AZ_UNICODE_MARK || code == 0x2bc || code == 0x2be);
    if (!cased && !(joined && is_ligature(translator->literal, code))) return AZ_OK;
    return az_pattern_refuse(place, (int)az_utf8_length(*place->at),
                             "in any case a letter that may be several or part of one, ", error);
}

/* A character that stands for itself. */
static enum az_status add_literal(struct translator *translator, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_pattern_reader place = translator->reader;
    char item[16];
    uint32_t code;
    AZ_TRY(az_pattern_code(&translator->reader, &code, error));
    AZ_TRY(check_case(translator, &place, code, error));
    bool letter = (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
    if (letter && code < 0x80)
        snprintf(item, sizeof item, "%c", (char)code);
    else
        snprintf(item, sizeof item, "\\x{%x}", (unsigned)code);
    translator->literal = code;
    translator->literal_end = translator->reader.at;
    return add(translator, item, error);
out:
    return status;
}

/* An escape or brackets: a class, an edge of words or of the text, or a character. */
static enum az_status add_class_or_literal(struct translator *translator, struct az_error *error)
{
    struct az_pattern_reader *reader = &translator->reader;
    size_t length;
    enum az_status status = az_pattern_class_read(reader, translator->set, &length, error);
    if (status != AZ_OK) return status;
    if (length > 0) return add_set(translator, error);
    char kind = reader->at[1];
    if ((kind == 'b' || kind == 'B') && reader->dialect == AZ_DIALECT_ONIGURUMA)
        return add_boundary(translator, kind == 'B', error);
    if (kind != 'A' && kind != 'z') return add_literal(translator, error);
    translator->looks_behind |= kind == 'A';
    reader->at += 2;
    return add(translator, kind == 'A' ? "\\A" : "\\z", error);
}

static enum az_status open_group(struct translator *translator, const char *written, bool any_case,
                                 struct az_error *error)
{
    if (translator->depth == GROUP_LIMIT)
        return az_pattern_refuse(&translator->reader, 0, "too many groups in each other", error);
    translator->any_case[translator->depth++] = translator->reader.any_case;
    translator->reader.any_case = any_case;
    return add(translator, written, error);
}

static enum az_status close_group(struct translator *translator, struct az_error *error)
{
    if (translator->depth == 0)
        return az_pattern_refuse(&translator->reader, 1, "without a beginning ", error);
    translator->reader.any_case = translator->any_case[--translator->depth];
    translator->reader.at++;
    return add(translator, ")", error);
}

static bool begins_name(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/* A group with a name: nothing can refer to it. Characters up to its contents; 0 for another. */
static size_t named_group(const char *at)
{
    size_t before = strncmp(at, "(?P<", 4) == 0 ? 4 : strncmp(at, "(?<", 3) == 0 ? 3 : 0;
    size_t length = before && begins_name(at[before]) ? strcspn(at + before, ">") : 0;
    return length && at[before + length] ? before + length + 1 : 0;
}

static enum az_status add_group(struct translator *translator, struct az_error *error)
{
    static const char *const kinds[] = {
        "(?<=", "(?<!", "(?i:", "(?-i:", "(?:", "(?=", "(?!", "(?>"};
    struct az_pattern_reader *reader = &translator->reader;
    const char *at = reader->at;
    size_t n = 0, count = sizeof kinds / sizeof kinds[0], named = named_group(at);
    if (at[1] != '?' || named) {
        reader->at += named ? named : 1;
        return open_group(translator, "(?:", reader->any_case, error);
    }
    if (strncmp(at, "(?i)", 4) == 0 && at == reader->text) {
        reader->at += 4;
        reader->any_case = true;
        return add(translator, "(?i)", error);
    }
    if (strncmp(at, "(?#", 3) == 0 && at[strcspn(at, ")")]) {
        reader->at += strcspn(at, ")") + 1;
        return AZ_OK;
    }
    while (n < count && strncmp(at, kinds[n], strlen(kinds[n])) != 0) n++;
    if (n == count) return az_pattern_refuse(reader, 3, "the group ", error);
    translator->looks_behind |= n < 2;
    reader->at += strlen(kinds[n]);
    return open_group(translator, kinds[n], n == 2 || (n != 3 && reader->any_case), error);
}

/* {n}, {n,}, {n,m}. Behind them a + is possessive in PCRE2 and fancy-regex, and one more repetition
 * in Oniguruma; a ? is lazy, but in Oniguruma {n}? is a choice. */
static enum az_status add_count(struct translator *translator, struct az_error *error)
{
    const char *at = translator->reader.at;
    size_t digits = strspn(at + 1, "0123456789");
    size_t length = 1 + digits + strspn(at + 1 + digits, ",0123456789");
    char behind = at[length] ? at[length + 1] : 0;
    bool differs = behind == '+' || (behind == '?' && length == 1 + digits);
    if (digits == 0 || at[length] != '}' ||
        (differs && translator->reader.dialect == AZ_DIALECT_ONIGURUMA))
        return az_pattern_refuse(&translator->reader, (int)(strcspn(at, "}") + 2),
                                 "the repetition ", error);
    translator->reader.at += length + 1;
    return az_buffer_add(translator->out, at, length + 1, error);
}

static enum az_status add_next(struct translator *translator, struct az_error *error)
{
    const char *at = translator->reader.at;
    switch (*at) {
    case '\\':
    case '[': return add_class_or_literal(translator, error);
    case '(': return add_group(translator, error);
    case ')': return close_group(translator, error);
    case '{': return add_count(translator, error);
    case '^': translator->looks_behind = true; break;
    case '$':
        /* Without MULTILINE $ of PCRE2 is before a last newline too. */
        if (translator->reader.dialect == AZ_DIALECT_ONIGURUMA) break;
        translator->reader.at++;
        return add(translator, "\\z", error);
    case '.':
    case '|':
    case '*':
    case '+':
    case '?': break;
    default: return add_literal(translator, error);
    }
    translator->reader.at++;
    return az_buffer_add(translator->out, at, 1, error);
}

enum az_status az_pattern_translate(const char *text, enum az_dialect dialect,
                                    struct az_buffer *translation, bool *looks_behind,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct translator translator = {.reader = {.text = text, .at = text, .dialect = dialect},
                                    .out = translation};
    size_t bytes = strlen(text), valid = az_utf8_invalid(text, bytes);
    if (valid < bytes) AZ_RAISE(AZ_FORMAT, "the pattern is not UTF-8 at its byte %zu", valid);
    az_unicode_prepare();
    AZ_TRY(az_memory_allocate(&translator.set, 1, sizeof *translator.set, "a class of characters",
                              error));
    while (*translator.reader.at) AZ_TRY(add_next(&translator, error));
    if (translator.depth > 0)
        AZ_RAISE(AZ_UNSUPPORTED, "the pattern %s has a group that does not end", text);
    AZ_TRY(az_buffer_add(translation, "", 1, error));
    translation->length--;
    *looks_behind = translator.looks_behind;
out:
    az_memory_free(translator.set);
    return status;
}
