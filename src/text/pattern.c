#include "text/pattern.h"

#include <stdbool.h>
#include <string.h>

#include "text/unicode_versions.h"

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

/* Escapes that stand for a class: how they are written in the pattern, and what PCRE2 needs inside
 * brackets. PCRE2's own \s has U+180E too, its \w is narrower, and its Unicode is older. */
static const struct {
    const char *written, *members;
} classes[] = {
    {"\\s", "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
            "\\x{205f}\\x{3000}"},
    {"\\w",
     "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}" AZ_LETTERS_SINCE_14 AZ_MARKS_SINCE_14
         AZ_DIGITS_SINCE_14},
    {"\\p{L}", "\\p{L}" AZ_LETTERS_SINCE_14},
    {"\\p{M}", "\\p{M}" AZ_MARKS_SINCE_14},
    {"\\p{N}", "\\p{N}" AZ_NUMBERS_SINCE_14},
};

struct translator {
    const char *text, *at;
    bool in_class;
    struct az_buffer *out;
};

static enum az_status add(struct translator *translator, const char *text, struct az_error *error)
{
    return az_buffer_add(translator->out, text, strlen(text), error);
}

/* Whether `written` stands at text, in lower case for \s or with \S, \P{..} for the negation. */
static bool matches(const char *text, const char *written, bool *negated)
{
    size_t length = strlen(written);
    *negated = text[0] && text[1] == written[1] - 'a' + 'A';
    return text[0] == '\\' && (*negated || text[1] == written[1]) &&
           strncmp(text + 2, written + 2, length - 2) == 0;
}

static enum az_status add_class(struct translator *translator, size_t number, bool negated,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    translator->at += strlen(classes[number].written);
    if (translator->in_class) return add(translator, classes[number].members, error);
    AZ_TRY(add(translator, negated ? "[^" : "[", error));
    AZ_TRY(add(translator, classes[number].members, error));
    AZ_TRY(add(translator, "]", error));
out:
    return status;
}

static enum az_status raise(const struct translator *translator, int length, const char *what,
                            struct az_error *error)
{
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the pattern %s has %s%.*s at character %zu, which "
                          "is not supported",
                          translator->text, what, length, translator->at,
                          (size_t)(translator->at - translator->text));
}

/* An escape is a class of the table, or a character that means the same to both. */
static enum az_status add_escape(struct translator *translator, struct az_error *error)
{
    const char *at = translator->at;
    for (size_t n = 0; n < sizeof classes / sizeof classes[0]; n++) {
        bool negated;
        if (!matches(at, classes[n].written, &negated)) continue;
        if (at[1] == 'w' && az_pattern_with_text(translator->text) != AZ_PATTERN_WHITESPACE) break;
        if (negated && translator->in_class)
            return raise(translator, 2, "a negated class in brackets, ", error);
        return add_class(translator, n, negated, error);
    }
    if (!at[1] || !strchr("rnt\\'\"|?*+.()[]{}^$-/#&<>=!:;,@%~`_ ", at[1])) {
        bool property = at[1] == 'p' || at[1] == 'P';
        return raise(translator, property ? (int)strcspn(at, "}") + 1 : 2, "", error);
    }
    translator->at += 2;
    return az_buffer_add(translator->out, at, 2, error);
}

static enum az_status add_bracket(struct translator *translator, struct az_error *error)
{
    if (translator->in_class) return raise(translator, 1, "a class in a class, ", error);
    translator->in_class = true;
    size_t length = translator->at[1] == '^' ? 2 : 1;
    const char *bracket = translator->at;
    translator->at += length;
    if (*translator->at == ']') return raise(translator, 1, "an empty class before ", error);
    return az_buffer_add(translator->out, bracket, length, error);
}

static enum az_status add_next(struct translator *translator, struct az_error *error)
{
    const char *at = translator->at;
    if (*at == '\\') return add_escape(translator, error);
    if (*at == '[') return add_bracket(translator, error);
    if (translator->in_class && strncmp(at, "&&", 2) == 0) return raise(translator, 2, "", error);
    /* Anchors and the dot differ in their idea of a line. */
    if (!translator->in_class && strchr("^$.", *at)) return raise(translator, 1, "", error);
    bool group = at[0] == '(' && at[1] == '?' && !translator->in_class;
    if (group && strncmp(at, "(?i:", 4) != 0 && !strchr(":=!>", at[2]))
        return raise(translator, 3, "the group ", error);
    if (*at == ']') translator->in_class = false;
    translator->at++;
    return az_buffer_add(translator->out, at, 1, error);
}

enum az_status az_pattern_translate(const char *text, struct az_buffer *translation,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct translator translator = {.text = text, .at = text, .out = translation};
    while (*translator.at) AZ_TRY(add_next(&translator, error));
    AZ_TRY(az_buffer_add(translation, "", 1, error));
    translation->length--;
out:
    return status;
}
