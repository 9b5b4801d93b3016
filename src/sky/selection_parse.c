#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "sky/selection.h"

enum { DEPTH_MOST = 16 };

struct parser {
    const char *at, *text;
    struct az_selections *selections;
    const struct az_selection_measures *measures;
    int depth;
    struct az_error *error;
};

/* The metrics of an expression, by name. */
enum metric { EXPONENT, STEPS, RADIUS, NORM, POPULATION, TOKEN, METRICS };
static const char *const metric_names[METRICS] = {"exponent", "steps",      "radius",
                                                  "norm",     "population", "token"};

static double measure(const struct az_selection_measures *measures, enum metric metric, int64_t row)
{
    const struct az_sighting *sighting = measures->sighting;
    int32_t vector = measures->found->vector_of[row];
    switch (metric) {
    case EXPONENT: return sighting->exponents[row];
    case STEPS: return sighting->steps[row];
    case RADIUS: return sighting->radii[row];
    case NORM: return measures->norms[row];
    case POPULATION: return vector < 0 ? 1 : (double)measures->found->population[vector];
    default: return (double)row;
    }
}

static enum az_status wrong(const struct parser *parser, const char *expected)
{
    return az_error_raise(parser->error, AZ_USAGE,
                          "in the selection \"%.100s\", at \"%.40s\": %s is expected", parser->text,
                          parser->at, expected);
}

static enum az_status unknown(const struct parser *parser, const char *word)
{
    char names[1024] = "";
    size_t used = 0;
    for (int64_t n = 0; n < parser->selections->count && used < sizeof names; n++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", n ? ", " : "",
                                 parser->selections->list[n].name);
    return az_error_raise(parser->error, AZ_MISSING,
                          "there is no selection or measure \"%s\"; measures are exponent, steps, "
                          "radius, norm, population and token; selections: %s",
                          word, names);
}

static void skip_blanks(struct parser *parser)
{
    while (*parser->at == ' ') parser->at++;
}

/* A name of letters, digits and '_' into word; false when there is none or it is too long. */
static bool take_word(struct parser *parser, char word[AZ_SELECTION_NAME_BYTES])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    skip_blanks(parser);
    size_t length = strspn(parser->at, letters);
    if (length == 0 || length >= AZ_SELECTION_NAME_BYTES) return false;
    memcpy(word, parser->at, length);
    word[length] = 0;
    parser->at += length;
    return true;
}

static enum az_status compare(struct parser *parser, enum metric metric, uint8_t *mask)
{
    bool least = parser->at[0] == '>';
    char *end;
    if ((parser->at[0] != '<' && parser->at[0] != '>') || parser->at[1] != '=')
        return wrong(parser, "<= or >=");
    if (metric <= RADIUS && !parser->measures->sighting)
        return az_error_raise(parser->error, AZ_USAGE,
                              "%s is measured from a centre, and there is none",
                              metric_names[metric]);
    parser->at += 2;
    skip_blanks(parser);
    double bound = az_number_read(parser->at, &end);
    if (end == parser->at || isnan(bound)) return wrong(parser, "a number");
    parser->at = end;
    for (int64_t row = 0; row < parser->selections->rows; row++) {
        double value = measure(parser->measures, metric, row);
        mask[row] = least ? value >= bound : value <= bound;
    }
    return AZ_OK;
}

static enum az_status take_expression(struct parser *parser, uint8_t *mask);

static enum az_status take_term(struct parser *parser, uint8_t *mask)
{
    char word[AZ_SELECTION_NAME_BYTES];
    skip_blanks(parser);
    if (*parser->at == '(') {
        parser->at++;
        enum az_status status = take_expression(parser, mask);
        if (status != AZ_OK) return status;
        if (*parser->at != ')') return wrong(parser, ")");
        parser->at++;
        return AZ_OK;
    }
    if (!take_word(parser, word)) return wrong(parser, "a selection or a measure");
    skip_blanks(parser);
    for (enum metric metric = 0; metric < METRICS; metric++)
        if (strcmp(word, metric_names[metric]) == 0) return compare(parser, metric, mask);
    const struct az_selection *named = az_selection_find(parser->selections, word);
    if (!named) return unknown(parser, word);
    memcpy(mask, named->mask, (size_t)parser->selections->rows);
    return AZ_OK;
}

static void combine(char operation, uint8_t *mask, const uint8_t *other, int64_t rows)
{
    for (int64_t row = 0; row < rows; row++) {
        if (operation == '&')
            mask[row] &= other[row];
        else if (operation == '|')
            mask[row] |= other[row];
        else
            mask[row] = mask[row] && !other[row];
    }
}

static enum az_status take_expression(struct parser *parser, uint8_t *mask)
{
    enum az_status status = AZ_OK;
    struct az_error *error = parser->error;
    int64_t rows = parser->selections->rows;
    uint8_t *other = NULL;
    if (++parser->depth > DEPTH_MOST) AZ_RAISE(AZ_USAGE, "too many parentheses in a selection");
    AZ_TRY(az_memory_allocate(&other, (size_t)rows, 1, "a selection", error));
    AZ_TRY(take_term(parser, mask));
    for (skip_blanks(parser); *parser->at && strchr("&|-", *parser->at); skip_blanks(parser)) {
        char operation = *parser->at++;
        AZ_TRY(take_term(parser, other));
        combine(operation, mask, other, rows);
    }
out:
    parser->depth--;
    az_memory_free(other);
    return status;
}

enum az_status az_selection_parse(struct az_selections *selections, const char *text,
                                  const struct az_selection_measures *measures,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char name[AZ_SELECTION_NAME_BYTES];
    struct az_selection *added;
    struct parser parser = {text, text, selections, measures, 0, error};
    if (!take_word(&parser, name) || *parser.at != '=') return wrong(&parser, "NAME=EXPRESSION");
    parser.at++;
    for (int metric = 0; metric < METRICS; metric++)
        if (strcmp(name, metric_names[metric]) == 0)
            return az_error_raise(error, AZ_USAGE, "\"%s\" is a measure and names no selection",
                                  name);
    if (az_selection_find(selections, name))
        return az_error_raise(error, AZ_USAGE, "there is a selection \"%s\" already", name);
    AZ_TRY(az_selection_add(selections, name, &added, error));
    snprintf(added->rule, sizeof added->rule, "%s", parser.at);
    AZ_TRY(take_expression(&parser, added->mask));
    if (*parser.at) return wrong(&parser, "&, |, - or the end");
    AZ_TRY(az_selection_count(added, measures->found, error));
out:
    return status;
}
