#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

#include "text/pattern_class.h"

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

struct translator {
    const char *text, *at;
    enum az_dialect dialect;
    int class_depth; /* open brackets; those inside others are not written */
    bool looks_behind;
    struct az_buffer *out;
};

static enum az_status add(struct translator *translator, const char *text, struct az_error *error)
{
    return az_buffer_add(translator->out, text, strlen(text), error);
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

/* \b and \B, by the \w of Oniguruma. */
static enum az_status add_boundary(struct translator *translator, bool negated,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *shape = negated ? "(?:(?<=@)(?=@)|(?<!@)(?!@))" : "(?:(?<=@)(?!@)|(?<!@)(?=@))";
    for (; *shape; shape++) {
        if (*shape != '@') {
            AZ_TRY(az_buffer_add(translator->out, shape, 1, error));
            continue;
        }
        AZ_TRY(add(translator, "[" AZ_PATTERN_CLASS_BARE_WORD, error));
        AZ_TRY(az_pattern_class_add("w", 1, translator->out, error));
        AZ_TRY(add(translator, "]", error));
    }
    translator->looks_behind = true;
    translator->at += 2;
out:
    return status;
}

/* \s \d \w \h \p{..} and their negations. *length: of the escape; 0 where it is none of them. */
static enum az_status add_class(struct translator *translator, size_t *length,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pattern_class class;
    *length = az_pattern_class_parse(translator->at, &class);
    if (*length == 0) goto out;
    if (class.name[0] == 'w' && translator->dialect == AZ_DIALECT_FANCY)
        return raise(translator, 2, "", error);
    if (class.negated && translator->class_depth > 0) {
        if (class.name[0] != 's')
            return raise(translator, (int)*length, "a negated class in brackets, ", error);
        AZ_TRY(add(translator, AZ_PATTERN_CLASS_NOT_SPACE, error));
        goto out;
    }
    if (translator->class_depth == 0) AZ_TRY(add(translator, class.negated ? "[^" : "[", error));
    if (translator->class_depth == 0 && class.name[0] == 'w')
        AZ_TRY(add(translator, AZ_PATTERN_CLASS_BARE_WORD, error));
    AZ_TRY(az_pattern_class_add(class.name, class.length, translator->out, error));
    if (translator->class_depth == 0) AZ_TRY(add(translator, "]", error));
out:
    return status;
}

/* \uHHHH of Oniguruma. */
static enum az_status add_code(struct translator *translator, struct az_error *error)
{
    char code[16];
    size_t digits = strspn(translator->at + 2, "0123456789abcdefABCDEF");
    if (digits < 4) return raise(translator, 2, "", error);
    snprintf(code, sizeof code, "\\x{%.4s}", translator->at + 2);
    translator->at += 6;
    return add(translator, code, error);
}

/* An escape is a class, or a character that means the same to both. */
static enum az_status add_escape(struct translator *translator, struct az_error *error)
{
    const char *at = translator->at;
    size_t length;
    enum az_status status = add_class(translator, &length, error);
    translator->at += status == AZ_OK ? length : 0;
    if (status != AZ_OK || length > 0) return status;
    if (at[1] == 'u' && translator->dialect == AZ_DIALECT_ONIGURUMA)
        return add_code(translator, error);
    bool boundary = (at[1] == 'b' || at[1] == 'B') && translator->class_depth == 0 &&
                    translator->dialect == AZ_DIALECT_ONIGURUMA;
    if (boundary) return add_boundary(translator, at[1] == 'B', error);
    bool anchor = (at[1] == 'A' || at[1] == 'z') && translator->class_depth == 0;
    translator->looks_behind |= at[1] == 'A';
    if (!anchor && (!at[1] || !strchr("rnt\\'\"|?*+.()[]{}^$-/#&<>=!:;,@%~`_ ", at[1]))) {
        bool property = at[1] == 'p' || at[1] == 'P';
        return raise(translator, property ? (int)strcspn(at, "}") + 1 : 2, "", error);
    }
    translator->at += 2;
    return az_buffer_add(translator->out, at, 2, error);
}

/* A class in a class is a part of it. */
static enum az_status add_bracket(struct translator *translator, struct az_error *error)
{
    const char *bracket = translator->at;
    bool inner = translator->class_depth > 0;
    if (inner && (bracket[1] == '^' || bracket[1] == ':'))
        return raise(translator, 2, "a negated or named class in a class, ", error);
    translator->class_depth++;
    size_t length = bracket[1] == '^' ? 2 : 1;
    translator->at += length;
    if (*translator->at == ']') return raise(translator, 1, "an empty class before ", error);
    return inner ? AZ_OK : az_buffer_add(translator->out, bracket, length, error);
}

static enum az_status end_bracket(struct translator *translator, struct az_error *error)
{
    translator->at++;
    return --translator->class_depth > 0 ? AZ_OK : add(translator, "]", error);
}

/* In brackets ( | and the like are themselves to both. */
static enum az_status add_in_class(struct translator *translator, struct az_error *error)
{
    const char *at = translator->at;
    if (*at == '[') return add_bracket(translator, error);
    if (*at == ']') return end_bracket(translator, error);
    if (strncmp(at, "&&", 2) == 0) return raise(translator, 2, "", error);
    if (translator->dialect == AZ_DIALECT_FANCY && (at[0] == '-' || at[0] == '~') && at[1] == at[0])
        return raise(translator, 2, "", error);
    translator->at++;
    return az_buffer_add(translator->out, at, 1, error);
}

static enum az_status add_group(struct translator *translator, struct az_error *error)
{
    static const char *const kinds[] = {"(?<=", "(?<!", "(?i:", "(?:", "(?=", "(?!", "(?>"};
    const char *at = translator->at;
    if (strncmp(at, "(?i)", 4) == 0 && at == translator->text) {
        translator->at += 4;
        return add(translator, "(?i)", error);
    }
    size_t n = 0, count = sizeof kinds / sizeof kinds[0];
    while (n < count && strncmp(at, kinds[n], strlen(kinds[n])) != 0) n++;
    if (n == count) return raise(translator, 3, "the group ", error);
    translator->looks_behind |= n < 2;
    translator->at += strlen(kinds[n]);
    return add(translator, kinds[n], error);
}

/* {n}, {n,}, {n,m}. Possessive in PCRE2 and fancy-regex, repeated once more in Oniguruma: {n}+. */
static enum az_status add_count(struct translator *translator, struct az_error *error)
{
    const char *at = translator->at;
    size_t digits = strspn(at + 1, "0123456789");
    size_t length = 1 + digits + strspn(at + 1 + digits, ",0123456789");
    bool possessive = at[length] == '}' && at[length + 1] == '+';
    if (digits == 0 || at[length] != '}' ||
        (possessive && translator->dialect == AZ_DIALECT_ONIGURUMA))
        return raise(translator, (int)(strcspn(at, "}") + 2), "the repetition ", error);
    translator->at += length + 1;
    return az_buffer_add(translator->out, at, length + 1, error);
}

static enum az_status add_next(struct translator *translator, struct az_error *error)
{
    const char *at = translator->at;
    if (*at == '\\') return add_escape(translator, error);
    if (translator->class_depth > 0) return add_in_class(translator, error);
    if (*at == '[') return add_bracket(translator, error);
    if (*at == '{') return add_count(translator, error);
    if (at[0] == '(' && at[1] == '?') return add_group(translator, error);
    if (*at == '^') translator->looks_behind = true;
    translator->at++;
    /* Without MULTILINE $ of PCRE2 is before a last newline too. */
    if (*at == '$' && translator->dialect == AZ_DIALECT_FANCY) return add(translator, "\\z", error);
    return az_buffer_add(translator->out, at, 1, error);
}

enum az_status az_pattern_translate(const char *text, enum az_dialect dialect,
                                    struct az_buffer *translation, bool *looks_behind,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct translator translator = {
        .text = text, .at = text, .dialect = dialect, .out = translation};
    while (*translator.at) AZ_TRY(add_next(&translator, error));
    AZ_TRY(az_buffer_add(translation, "", 1, error));
    translation->length--;
    *looks_behind = translator.looks_behind;
out:
    return status;
}
