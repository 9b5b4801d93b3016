#include "text/pattern_class.h"

#include <stdio.h>
#include <string.h>

#include "text/unicode.h"

/* Categories that only grew since Unicode 14: of the others (Mn, C, Cn) characters went. */
static const char supported[] =
    " L M N P S Z Lu Ll Lt Lm Lo Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf ";

static bool is_supported(const char *name, size_t length)
{
    char word[8];
    if (length > 2) return false;
    snprintf(word, sizeof word, " %.*s ", (int)length, name);
    return strstr(supported, word) != NULL;
}

size_t az_pattern_class_parse(const char *text, struct az_pattern_class *class)
{
    char kind = text[1], low = kind >= 'A' && kind <= 'Z' ? (char)(kind + 32) : kind;
    *class = (struct az_pattern_class){.name = text + 1, .length = 1, .negated = kind != low};
    if (kind && strchr("sdwh", low)) {
        static const char *const names[] = {"s", "d", "w", "h"};
        for (int n = 0; n < 4; n++)
            if (names[n][0] == low) class->name = names[n];
        return 2;
    }
    if (low != 'p' || text[2] != '{') return 0;
    bool caret = text[3] == '^';
    class->name = text + 3 + caret;
    class->length = strcspn(class->name, "}");
    class->negated ^= caret;
    if (!class->name[class->length] || !is_supported(class->name, class->length)) return 0;
    return (size_t)(class->name + class->length - text) + 1;
}

static enum az_status add(struct az_buffer *out, const char *text, struct az_error *error)
{
    return az_buffer_add(out, text, strlen(text), error);
}

/* What was added to a category, or to a group of them, since Unicode 14. */
static enum az_status add_changes(const char *name, size_t length, struct az_buffer *out,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int n = 0; n < az_unicode_change_count; n++) {
        const struct az_unicode_change *change = &az_unicode_changes[n];
        char range[40];
        if (memcmp(change->category, name, length) != 0) continue;
        snprintf(range, sizeof range, "\\x{%x}-\\x{%x}", (unsigned)change->first,
                 (unsigned)change->last);
        AZ_TRY(add(out, range, error));
    }
out:
    return status;
}

static enum az_status add_category(const char *name, size_t length, struct az_buffer *out,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(add(out, "\\p{", error));
    AZ_TRY(az_buffer_add(out, name, length, error));
    AZ_TRY(add(out, "}", error));
    AZ_TRY(add_changes(name, length, out, error));
out:
    return status;
}

enum az_status az_pattern_class_add(const char *name, size_t length, struct az_buffer *out,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    switch (length == 1 ? name[0] : 0) {
    case 's': /* PCRE2's own has U+180E too */
        return add(out,
                   "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
                   "\\x{205f}\\x{3000}",
                   error);
    case 'd': return add_category("Nd", 2, out, error);
    case 'h': return add(out, "0-9A-Fa-f", error);
    case 'w':
        AZ_TRY(add(out, "\\p{Alphabetic}", error));
        AZ_TRY(add_category("M", 1, out, error));
        AZ_TRY(add_category("Nd", 2, out, error));
        AZ_TRY(add_category("Pc", 2, out, error));
        return add_changes("L", 1, out, error);
    default: return add_category(name, length, out, error);
    }
out:
    return status;
}
