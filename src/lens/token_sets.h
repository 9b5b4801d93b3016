/* token_sets.h: the rows of a recorded matrix sorted into the sets that results are given for.
 *
 * Rows fall into classes that do not overlap; a set is a union of classes. */
#ifndef AZ_LENS_TOKEN_SETS_H
#define AZ_LENS_TOKEN_SETS_H

#include "azimuth/lens.h"
#include "azimuth/recording.h"

#define AZ_TOKEN_CLASSES 4 /* dead, live (or not known), and both of these in the named set */
#define AZ_TOKEN_CLASS_LIVE 1
#define AZ_TOKEN_CLASS_NAMED 2

struct az_token_sets {
    int64_t rows, vocabulary;
    uint8_t *classes; /* [rows] */
    bool dead_known;
    char named[256]; /* name of the named set, or "" */
    int64_t class_rows[AZ_TOKEN_CLASSES];
    bool present[AZ_LENS_SETS];    /* it has a row */
    uint8_t members[AZ_LENS_SETS]; /* bit c: the set holds class c */
    int64_t counts[AZ_LENS_SETS];  /* rows */
};

/* named: NULL, or a set of tokens as az_token_set_read reads it (usage.h). AZ_USAGE where it has
 * one that was not recorded. Free in any case. */
enum az_status az_token_sets_read(struct az_token_sets *sets, const struct az_recording *recording,
                                  const struct az_recorded *tensor, const char *named,
                                  struct az_error *error);
/* Keeps some of the rows, in the order of the list; NULL: the first count. */
void az_token_sets_keep(struct az_token_sets *sets, const int64_t *rows, int64_t count);
void az_token_sets_free(struct az_token_sets *sets);

/* The first set of dead, live, all that holds a class. */
enum az_lens_set az_token_sets_home(const struct az_token_sets *sets, int class_number);

#endif
