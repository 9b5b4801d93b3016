#include "config/key.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "config/number.h"

_Static_assert(sizeof(enum az_arithmetic) == sizeof(int), "choices are stored as int");

static const char *const type_names[] = {
#define TYPE_NAME(id, name, form) name,
    AZ_KEY_TYPE_TABLE(TYPE_NAME)
#undef TYPE_NAME
};
static const char *const type_forms[] = {
#define TYPE_FORM(id, name, form) form,
    AZ_KEY_TYPE_TABLE(TYPE_FORM)
#undef TYPE_FORM
};

const char *az_key_type_name(enum az_key_type type)
{
    return type < sizeof type_names / sizeof *type_names ? type_names[type] : "unknown";
}

const char *az_key_type_form(enum az_key_type type)
{
    return type < sizeof type_forms / sizeof *type_forms ? type_forms[type] : "unknown";
}

const struct az_key *az_key_find(const char *section, const char *name)
{
    for (size_t k = 0; k < az_key_count; k++)
        if (strcmp(az_keys[k].section, section) == 0 && strcmp(az_keys[k].name, name) == 0)
            return &az_keys[k];
    return NULL;
}

/* Parameters that are not part of what a frame hangs on. */
static const struct {
    const char *section, *name; /* name NULL: all of the section */
    bool ends;                  /* it says which step is the last */
} free_keys[] = {{"experiment", NULL, false},
                 {"budget", NULL, false},
                 {"checkpoint", NULL, false},
                 {"stop", NULL, true},
                 {"train", "steps", true}};

static bool is_free(const char *section, const char *name, bool ends_too)
{
    for (size_t n = 0; n < sizeof free_keys / sizeof *free_keys; n++)
        if (strcmp(section, free_keys[n].section) == 0 &&
            (!free_keys[n].name || strcmp(name, free_keys[n].name) == 0))
            return ends_too || !free_keys[n].ends;
    return false;
}

bool az_key_may_change(const char *section, const char *name)
{
    return is_free(section, name, true);
}

bool az_key_decides_bits(const char *section, const char *name)
{
    return !is_free(section, name, false);
}

const struct az_section *az_section_find(const char *name)
{
    for (size_t s = 0; s < az_section_count; s++)
        if (strcmp(az_sections[s].name, name) == 0) return &az_sections[s];
    return NULL;
}

/* ---- ranges ---- */

struct interval {
    double low, high;
    bool low_open, high_open;
};

static struct interval interval_of(const char *range)
{
    struct interval interval = {-INFINITY, INFINITY, true, true};
    if (!range) return interval;
    char *end;
    interval.low_open = range[0] == '(';
    interval.low = az_number_read(range + 1, &end);
    interval.high = az_number_read(end + 1, &end);
    interval.high_open = *end == ')';
    return interval;
}

static bool inside(const char *range, double value)
{
    struct interval i = interval_of(range);
    return (i.low_open ? value > i.low : value >= i.low) &&
           (i.high_open ? value < i.high : value <= i.high);
}

static void bound_text(double bound, const struct az_key *key, char text[AZ_NUMBER_TEXT_BYTES])
{
    if (key->type == AZ_KEY_BYTES)
        az_number_format_bytes((int64_t)bound, text);
    else if (bound == floor(bound) && fabs(bound) < 1e15)
        snprintf(text, AZ_NUMBER_TEXT_BYTES, "%.0f", bound);
    else
        az_number_format(bound, text);
}

static void interval_text(const struct az_key *key, char text[AZ_KEY_TEXT_BYTES])
{
    struct interval i = interval_of(key->range);
    char low[AZ_NUMBER_TEXT_BYTES], high[AZ_NUMBER_TEXT_BYTES];
    bound_text(i.low, key, low);
    if (isinf(i.high)) {
        snprintf(text, AZ_KEY_TEXT_BYTES, i.low_open ? "above %s" : "at least %s", low);
        return;
    }
    bound_text(i.high, key, high);
    if (i.low_open)
        snprintf(text, AZ_KEY_TEXT_BYTES, "above %s, %s %s", low, i.high_open ? "below" : "up to",
                 high);
    else
        snprintf(text, AZ_KEY_TEXT_BYTES, i.high_open ? "at least %s, below %s" : "from %s to %s",
                 low, high);
}

static void choices_text(const struct az_choice *choices, char text[AZ_KEY_TEXT_BYTES])
{
    size_t used = 0;
    for (const struct az_choice *choice = choices; choice->name; choice++)
        used += (size_t)snprintf(text + used, AZ_KEY_TEXT_BYTES - used, "%s%s",
                                 choice == choices ? "" : " | ", choice->name);
}

void az_key_range(const struct az_key *key, char text[AZ_KEY_TEXT_BYTES])
{
    text[0] = 0;
    if (key->choices)
        choices_text(key->choices, text);
    else if (key->range)
        interval_text(key, text);
    else if (key->type == AZ_KEY_SWITCH)
        snprintf(text, AZ_KEY_TEXT_BYTES, "true | false");
}

/* ---- reading ---- */

static enum az_status wrong_value(const struct az_key *key, const char *text,
                                  struct az_error *error)
{
    char range[AZ_KEY_TEXT_BYTES];
    az_key_range(key, range);
    if (!*text) text = "(nothing)";
    if (key->choices) {
        struct az_suggest suggest;
        az_suggest_init(&suggest, text);
        for (const struct az_choice *choice = key->choices; choice->name; choice++)
            az_suggest_offer(&suggest, choice->name);
        const char *best = az_suggest_best(&suggest);
        return az_error_raise(error, AZ_USAGE, "%s.%s = %.200s: expected %s%s%s%s", key->section,
                              key->name, text, range, best ? "; did you mean \"" : "",
                              best ? best : "", best ? "\"?" : "");
    }
    return az_error_raise(error, AZ_USAGE, "%s.%s = %.200s: expected %s (%s)%s%s", key->section,
                          key->name, text, az_key_type_name(key->type), az_key_type_form(key->type),
                          key->range ? ", " : "", key->range ? range : "");
}

static bool choice_index(const struct az_choice *choices, const char *text, int *index)
{
    for (*index = 0; choices[*index].name; ++*index)
        if (strcmp(choices[*index].name, text) == 0) return true;
    return false;
}

static enum az_status parse_text(const struct az_key *key, const char *text, char *field,
                                 struct az_error *error)
{
    int index;
    size_t length = strlen(text);
    if (key->choices && !choice_index(key->choices, text, &index))
        return wrong_value(key, text, error);
    if (length >= AZ_TEXT_BYTES)
        return az_error_raise(error, AZ_USAGE, "%s.%s: the text has %zu bytes, at most %d fit",
                              key->section, key->name, length, AZ_TEXT_BYTES - 1);
    memset(field, 0, AZ_TEXT_BYTES);
    memcpy(field, text, length);
    return AZ_OK;
}

/* Reads everything but text into value; false when the type is wrong. */
static bool parse_value(const struct az_key *key, const char *text, void *value, size_t *bytes)
{
    *bytes = sizeof(int64_t);
    switch (key->type) {
    case AZ_KEY_INTEGER: return az_number_parse_integer(text, value);
    case AZ_KEY_SEED: return az_number_parse_seed(text, value);
    case AZ_KEY_BYTES: return az_number_parse_bytes(text, value);
    case AZ_KEY_NUMBER: *bytes = sizeof(double); return az_number_parse(text, value);
    case AZ_KEY_CADENCE: *bytes = sizeof(struct az_cadence); return az_cadence_parse(text, value);
    case AZ_KEY_CHOICE: *bytes = sizeof(int); return choice_index(key->choices, text, value);
    case AZ_KEY_SWITCH:
        *bytes = sizeof(bool);
        *(bool *)value = strcmp(text, "true") == 0;
        return *(bool *)value || strcmp(text, "false") == 0;
    case AZ_KEY_TEXT:
    case AZ_KEY_TYPE_COUNT: break;
    }
    return false;
}

enum az_status az_key_parse(const struct az_key *key, const char *text,
                            struct az_experiment *experiment, struct az_error *error)
{
    char *field = (char *)experiment + key->offset;
    if (key->type == AZ_KEY_TEXT) return parse_text(key, text, field, error);
    union {
        int64_t integer;
        double number;
        struct az_cadence cadence;
    } value = {0};
    size_t bytes;
    if (!parse_value(key, text, &value, &bytes)) return wrong_value(key, text, error);
    if (key->range) {
        double number = key->type == AZ_KEY_NUMBER ? value.number : (double)value.integer;
        if (!inside(key->range, number)) return wrong_value(key, text, error);
    }
    memcpy(field, &value, bytes);
    if (field == (char *)&experiment->record.strategy) az_strategy_apply(experiment);
    if (field == (char *)&experiment->model.tied) az_strategy_follow(experiment);
    return AZ_OK;
}

/* ---- printing ---- */

void az_key_format(const struct az_key *key, const struct az_experiment *experiment,
                   char text[AZ_KEY_TEXT_BYTES])
{
    const void *field = (const char *)experiment + key->offset;
    switch (key->type) {
    case AZ_KEY_TEXT: snprintf(text, AZ_KEY_TEXT_BYTES, "%s", (const char *)field); break;
    case AZ_KEY_INTEGER:
        snprintf(text, AZ_KEY_TEXT_BYTES, "%" PRId64, *(const int64_t *)field);
        break;
    case AZ_KEY_SEED:
        snprintf(text, AZ_KEY_TEXT_BYTES, "%" PRIu64, *(const uint64_t *)field);
        break;
    case AZ_KEY_NUMBER: az_number_format(*(const double *)field, text); break;
    case AZ_KEY_SWITCH:
        snprintf(text, AZ_KEY_TEXT_BYTES, "%s", *(const bool *)field ? "true" : "false");
        break;
    case AZ_KEY_CHOICE:
        snprintf(text, AZ_KEY_TEXT_BYTES, "%s", key->choices[*(const int *)field].name);
        break;
    case AZ_KEY_CADENCE: az_cadence_format(field, text); break;
    case AZ_KEY_BYTES: az_number_format_bytes(*(const int64_t *)field, text); break;
    case AZ_KEY_TYPE_COUNT: break;
    }
}

/* ---- unknown names ---- */

static enum az_status unknown(const char *what, const char *name, const char *where,
                              const char *best, struct az_error *error)
{
    if (best)
        return az_error_raise(error, AZ_USAGE, "unknown %s \"%.100s\"%s; did you mean \"%s\"?",
                              what, name, where, best);
    return az_error_raise(error, AZ_USAGE,
                          "unknown %s \"%.100s\"%s; `azimuth help parameters` lists all", what,
                          name, where);
}

enum az_status az_key_unknown(const char *section, const char *name, struct az_error *error)
{
    char where[80];
    struct az_suggest suggest;
    az_suggest_init(&suggest, name);
    snprintf(where, sizeof where, " in [%.60s]", section);
    for (size_t k = 0; k < az_key_count; k++) {
        if (strcmp(az_keys[k].section, section) == 0)
            az_suggest_offer(&suggest, az_keys[k].name);
        else if (strcmp(az_keys[k].name, name) == 0)
            return az_error_raise(error, AZ_USAGE, "unknown key \"%s\"%s: it belongs to [%s]", name,
                                  where, az_keys[k].section);
    }
    return unknown("key", name, where, az_suggest_best(&suggest), error);
}

enum az_status az_section_unknown(const char *name, struct az_error *error)
{
    struct az_suggest suggest;
    az_suggest_init(&suggest, name);
    for (size_t s = 0; s < az_section_count; s++) az_suggest_offer(&suggest, az_sections[s].name);
    return unknown("section", name, "", az_suggest_best(&suggest), error);
}
