/* enrichment.h: how sure it is that a set of rows is more live, or less, than all rows. */
#ifndef AZ_TEXT_ENRICHMENT_H
#define AZ_TEXT_ENRICHMENT_H

#include <stddef.h>

/* Of `rows` rows `live` are live; `set_rows` of them, chosen without looking, have `set_live` live
 * ones. log10 of the two-sided p of Fisher's exact test: the chance of this count and of every
 * other that is no likelier (by 1e-7, as R's fisher.test). 0 for a set of no rows. */
double az_enrichment_log10_p(size_t rows, size_t live, size_t set_rows, size_t set_live);

/* The exact interval of a share, `count` of `total` > 0: the chances for which a count so high, or
 * so low, has at least the probability (1 - confidence) / 2 (Clopper and Pearson 1934). */
void az_enrichment_interval(size_t total, size_t count, double confidence, double *low,
                            double *high);

#endif
