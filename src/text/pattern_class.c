#include "text/pattern_class.h"

#include <string.h>

#include "base/memory.h"
#include "text/unicode.h"
#include "text/unicode_class.h"
#include "text/utf8.h"

#define CLASS_LIMIT 256

enum az_status az_pattern_refuse(const struct az_pattern_reader *reader, int length,
                                 const char *what, struct az_error *error)
{
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the pattern %s has %s%.*s at character %zu, which "
                          "is not supported",
                          reader->text, what, length, reader->at,
                          (size_t)(reader->at - reader->text));
}

enum az_status az_pattern_class_count(struct az_pattern_reader *reader, struct az_error *error)
{
    if (++reader->classes <= CLASS_LIMIT) return AZ_OK;
    return az_error_raise(error, AZ_UNSUPPORTED, "a pattern has more than %d classes of characters",
                          CLASS_LIMIT);
}

/* ---- names ---- */

/* Classes that are made of others: characters, categories and properties by name. Those of
 * Oniguruma know all characters, those of fancy-regex ASCII alone. */
static const struct {
    const char *name, *of;
    bool without; /* all but those */
    const char *ascii;
} composed[] = {
    {"alnum", "alphabetic nd", false, "09AZaz"},
    {"alpha", "alphabetic", false, "AZaz"},
    {"ascii", NULL, false, "\001\177"},
    {"blank", "zs \t", false, "\t\t  "},
    {"cntrl", "cc", false, "\001\037\177\177"},
    {"digit", "nd", false, "09"},
    {"graph", "whitespace cc cn cs", true, "!~"},
    {"lower", "lowercase", false, "az"},
    {"print", "cc cn cs", true, " ~"},
    {"punct", "p s", false, "!/:@[`{~"},
    {"space", "whitespace", false, "\t\r  "},
    {"upper", "uppercase", false, "AZ"},
    {"word", "alphabetic m nd pc", false, "09AZ__az"},
    {"xdigit", NULL, false, "09AFaf"},
};

static void add_pairs(const char *pairs, struct az_code_set *set)
{
    for (; *pairs; pairs += 2)
        az_code_set_add(set, pairs[0] == 1 ? 0 : (uint32_t)pairs[0], (uint32_t)pairs[1]);
}

/* A category, a script or a property; work is scratch. */
static bool add_known(const char *loose, struct az_code_set *set, struct az_code_set *work)
{
    memset(work, 0, sizeof *work);
    if (!az_unicode_class_category(loose, work) && !az_unicode_class_script(loose, work) &&
        !az_unicode_class_property(loose, work))
        return false;
    az_code_set_unite(set, work);
    return true;
}

static bool add_composed(const char *loose, bool ascii, struct az_code_set *set,
                         struct az_code_set *work)
{
    size_t n = 0, count = sizeof composed / sizeof composed[0];
    while (n < count && strcmp(composed[n].name, loose) != 0) n++;
    if (n == count) return false;
    const char *of = ascii ? NULL : composed[n].of;
    if (!of) add_pairs(composed[n].ascii, set);
    while (of && *of) {
        char name[AZ_UNICODE_NAME_ROOM];
        size_t length = strcspn(of, " ");
        if (az_unicode_name(of, length, name))
            add_known(name, set, work);
        else
            az_code_set_add(set, (uint32_t)*of, (uint32_t)*of);
        of += length + (of[length] == ' ');
    }
    if (of && composed[n].without) az_code_set_invert(set);
    return true;
}

/* What stands in the braces of \p{..}. */
static bool add_property(const char *name, size_t length, enum az_dialect dialect,
                         struct az_code_set *set, struct az_code_set *work)
{
    char loose[AZ_UNICODE_NAME_ROOM];
    const char *equals = memchr(name, '=', length);
    if (equals && dialect == AZ_DIALECT_FANCY) {
        size_t before = (size_t)(equals - name);
        if (!az_unicode_name(name, before, loose)) return false;
        bool script = strcmp(loose, "sc") == 0 || strcmp(loose, "script") == 0;
        bool category = strcmp(loose, "gc") == 0 || strcmp(loose, "generalcategory") == 0;
        if (!az_unicode_name(equals + 1, length - before - 1, loose)) return false;
        return script ? az_unicode_class_script(loose, set)
                      : category && az_unicode_class_category(loose, set);
    }
    if (!az_unicode_name(name, length, loose)) return false;
    if (strcmp(loose, "ascii") == 0) return add_composed(loose, true, set, work);
    /* \p{Punct} is the category, [:punct:] has signs too. */
    bool composed_too = dialect == AZ_DIALECT_ONIGURUMA && strcmp(loose, "punct") != 0;
    if (composed_too && add_composed(loose, false, set, work)) return true;
    return add_known(loose, set, work);
}

/* ---- escapes ---- */

/* \w, and what it has more in Oniguruma outside brackets: superscripts and fractions of Latin-1. In
 * fancy-regex the joiners are in it. */
static void add_word(const struct az_pattern_reader *reader, bool in_brackets,
                     struct az_code_set *set, struct az_code_set *work)
{
    add_composed("word", false, set, work);
    if (reader->dialect == AZ_DIALECT_FANCY) {
        add_known("joincontrol", set, work);
    } else if (!in_brackets) {
        az_code_set_add(set, 0xb2, 0xb3);
        az_code_set_add(set, 0xb9, 0xb9);
        az_code_set_add(set, 0xbc, 0xbe);
    }
}

/* \p{..}, \p{^..} of Oniguruma, \pL of fancy-regex: the name. */
static const char *property_name(const struct az_pattern_reader *reader, size_t *name_length,
                                 size_t *length, bool *negated)
{
    const char *at = reader->at;
    bool fancy = reader->dialect == AZ_DIALECT_FANCY;
    bool short_form = fancy && at[2] != '{' && at[2];
    bool caret = !fancy && at[2] == '{' && at[3] == '^';
    const char *name = at + (short_form ? 2 : 3 + caret);
    *negated = (at[1] == 'P') != caret;
    *name_length = short_form ? 1 : at[2] == '{' ? strcspn(name, "}") : 0;
    *length = (size_t)(name - at) + *name_length + !short_form;
    return *name_length > 0 && (short_form || name[*name_length]) ? name : NULL;
}

static enum az_status read_property(const struct az_pattern_reader *reader, struct az_code_set *set,
                                    struct az_code_set *work, size_t *length, bool *negated,
                                    struct az_error *error)
{
    size_t name_length;
    const char *name = property_name(reader, &name_length, length, negated);
    if (name && add_property(name, name_length, reader->dialect, set, work)) return AZ_OK;
    int shown = name && *length < 80 ? (int)*length : 2;
    return az_pattern_refuse(reader, shown, "", error);
}

enum az_status az_pattern_class_escape(struct az_pattern_reader *reader, bool in_brackets,
                                       struct az_code_set *set, size_t *length,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_code_set *work = NULL;
    char kind = reader->at[0] == '\\' ? reader->at[1] : 0;
    bool negated = kind >= 'A' && kind <= 'Z';
    *length = 0;
    if (!kind || !strchr("sSdDwWhHpP", kind)) return AZ_OK;
    az_unicode_prepare();
    AZ_TRY(az_pattern_class_count(reader, error));
    AZ_TRY(az_memory_allocate(&work, 1, sizeof *work, "a class of characters", error));
    *length = 2;
    switch (kind | 0x20) {
    case 's': add_composed("space", false, set, work); break;
    case 'd': add_composed("digit", false, set, work); break;
    case 'h': add_composed("xdigit", true, set, work); break;
    case 'w': add_word(reader, in_brackets, set, work); break;
    default: AZ_TRY(read_property(reader, set, work, length, &negated, error));
    }
    if (reader->any_case && reader->dialect == AZ_DIALECT_FANCY) az_pattern_class_fold(set);
    if (negated) az_code_set_invert(set);
    reader->at += *length;
out:
    az_memory_free(work);
    return status;
}

enum az_status az_pattern_class_posix(struct az_pattern_reader *reader, struct az_code_set *set,
                                      size_t *length, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char loose[AZ_UNICODE_NAME_ROOM];
    struct az_code_set *work = NULL;
    *length = 0;
    if (reader->at[0] != '[' || reader->at[1] != ':') return AZ_OK;
    bool negated = reader->at[2] == '^', ascii = reader->dialect == AZ_DIALECT_FANCY;
    const char *name = reader->at + 2 + negated, *end = strstr(name, ":]");
    size_t name_length = end ? (size_t)(end - name) : 0;
    az_unicode_prepare();
    AZ_TRY(az_pattern_class_count(reader, error));
    AZ_TRY(az_memory_allocate(&work, 1, sizeof *work, "a class of characters", error));
    if (name_length > 8 || !az_unicode_name(name, name_length, loose) ||
        !add_composed(loose, ascii, set, work)) {
        status = az_pattern_refuse(reader, 2, "a named class, ", error);
        goto out;
    }
    if (reader->any_case && ascii) az_pattern_class_fold(set);
    if (negated) az_code_set_invert(set);
    *length = (size_t)(end + 2 - reader->at);
    reader->at = end + 2;
out:
    az_memory_free(work);
    return status;
}

enum az_status az_pattern_class_read(struct az_pattern_reader *reader, struct az_code_set *set,
                                     size_t *length, struct az_error *error)
{
    const char *start = reader->at;
    if (*start != '[') return az_pattern_class_escape(reader, false, set, length, error);
    enum az_status status = az_pattern_class_brackets(reader, set, error);
    *length = (size_t)(reader->at - start);
    return status;
}
