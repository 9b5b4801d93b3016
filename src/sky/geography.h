/* geography.h: how far things lie from a centre: shells, gaps, voids, core and Oort cloud, the
 * outlier. Distances are L2 in weight units, from explicit differences. */
#ifndef AZ_SKY_GEOGRAPHY_H
#define AZ_SKY_GEOGRAPHY_H

#include "sky/duplicates.h"
#include "sky/sighting.h"

struct az_place {
    int32_t vector;
    int64_t population;
    double radius;
};

struct az_gap {
    int64_t inside; /* vectors (or rows) up to the gap */
    double from, to;
    double ratio; /* to / from; 0 where from is 0 */
};

#define AZ_GAPS 8

struct az_geography {
    int64_t count;
    struct az_place *places;                            /* [count] by radius, then vector */
    struct az_gap by_ratio[AZ_GAPS], by_width[AZ_GAPS]; /* greatest first; inside = 0: no more */
    int64_t least;      /* vectors that each side of the split must have */
    bool split;         /* there is one */
    double core_radius; /* vectors with radius < core_radius are the core */
    struct az_gap gap;  /* the one that was chosen; ratio 0 where the radius was given */
    int64_t core_vectors, core_tokens, core_black_holes;
    int64_t oort_vectors, oort_tokens, oort_black_holes;
};

/* vectors: of the selection, whose radius from the centre is that of their first row. core_radius:
 * given by the caller, or 0: the greatest log gap with `least` vectors (at least 2) on each side.
 * Free in any case. */
enum az_status az_geography_chart(struct az_geography *geography, const struct az_duplicates *found,
                                  const struct az_sighting *sighting, const int32_t *vectors,
                                  int64_t count, double core_radius, int64_t least,
                                  struct az_error *error);
void az_geography_free(struct az_geography *geography);

/* All rows in shells around the centre; rows equal to the centre (radius 0) are shell 0. */
#define AZ_SHELLS 26
struct az_shell {
    double from, to; /* from < radius <= to */
    int64_t rows, vectors;
};
void az_geography_shells(struct az_shell shells[AZ_SHELLS], const struct az_duplicates *found,
                         const struct az_sighting *sighting);

/* The widest gap between consecutive radii of the nearest 10,000 rows (all, if there are fewer):
 * the void around the cluster. inside is rows; 0 when there is none. */
enum az_status az_geography_void(struct az_gap *gap, const struct az_sighting *sighting,
                                 struct az_error *error);

#endif
