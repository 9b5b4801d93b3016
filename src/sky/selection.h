/* selection.h: sets of rows with a name and a rule, and what is in two of them. */
#ifndef AZ_SKY_SELECTION_H
#define AZ_SKY_SELECTION_H

#include "sky/duplicates.h"
#include "sky/sighting.h"

#define AZ_SELECTION_NAME_BYTES 48
#define AZ_SELECTION_RULE_BYTES 160

struct az_selection {
    char name[AZ_SELECTION_NAME_BYTES];
    char rule[AZ_SELECTION_RULE_BYTES]; /* "exponent distance <= 5 from token 80091" */
    uint8_t *mask;                      /* [rows] */
    int64_t tokens, vectors, black_holes, singletons, excess;
};

#define AZ_SELECTIONS_MOST 32

struct az_selections {
    int64_t rows, count;
    struct az_selection list[AZ_SELECTIONS_MOST];
};

/* Adds an empty selection; mark its rows, then count it. */
enum az_status az_selection_add(struct az_selections *selections, const char *name,
                                struct az_selection **selection, struct az_error *error);
/* Fills the four counts: a vector is in when any of its rows is. */
enum az_status az_selection_count(struct az_selection *selection, const struct az_duplicates *found,
                                  struct az_error *error);
const struct az_selection *az_selection_find(const struct az_selections *selections,
                                             const char *name);
void az_selections_free(struct az_selections *selections);

/* Tokens in both, in the first only, in the second only. */
struct az_overlap {
    int64_t both, first, second;
    double jaccard; /* both / (both + first + second); NaN of two empty sets */
};
struct az_overlap az_selection_overlap(const struct az_selections *selections, int64_t first,
                                       int64_t second);

/* *vectors: those of the selection, ascending; az_memory_free. */
enum az_status az_selection_vectors(const struct az_selection *selection,
                                    const struct az_duplicates *found, int32_t **vectors,
                                    int64_t *count, struct az_error *error);

/* What an expression can measure of a row. */
struct az_selection_measures {
    const struct az_duplicates *found;
    const struct az_sighting *sighting; /* NULL: there is no centre */
    const double *norms;
};

/* "NAME=EXPRESSION", adds and counts it. EXPRESSION: terms joined from left to right by & | and -;
 * a term is the name of a selection that is there, METRIC<=NUMBER, METRIC>=NUMBER, or an expression
 * in parentheses. METRIC: exponent, steps, radius (from the centre), norm, population, token. */
enum az_status az_selection_parse(struct az_selections *selections, const char *text,
                                  const struct az_selection_measures *measures,
                                  struct az_error *error);

#endif
