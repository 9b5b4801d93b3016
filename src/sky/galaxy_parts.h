/* galaxy_parts.h: the planted core, the random sky around it, and which row is what. */
#ifndef AZ_SKY_GALAXY_PARTS_H
#define AZ_SKY_GALAXY_PARTS_H

#include "azimuth/galaxy.h"

/* ---- the table: galaxy_table.c, found once by a search for the published matrix of distances ----
 */
#define AZ_GALAXY_HOLES 13
#define AZ_GALAXY_CLOSE 47 /* black holes and singletons within 5 steps of another vector */
#define AZ_GALAXY_ACTIVE 41

struct az_galaxy_hole {
    const char *name;
    int population;
    int32_t first; /* lowest token, of 151,936 */
    int orphans;   /* of the last 267 rows, how many are its */
};
extern const struct az_galaxy_hole az_galaxy_holes[AZ_GALAXY_HOLES];
extern const uint8_t az_galaxy_steps[AZ_GALAXY_HOLES][AZ_GALAXY_HOLES]; /* Linf */
/* Dimensions (of 2,560) in which close vectors differ from the centre, with its exponent field and
 * mantissa there; sign 1 is negative. */
struct az_galaxy_dim {
    int16_t dim;
    uint8_t exponent, mantissa, sign;
};
extern const struct az_galaxy_dim az_galaxy_dims[AZ_GALAXY_ACTIVE];
/* Mantissa of each close vector less the centre's. The centre is hole AZ_GALAXY_CENTER. */
#define AZ_GALAXY_CENTER 4
extern const int8_t az_galaxy_offsets[AZ_GALAXY_CLOSE][AZ_GALAXY_ACTIVE];
/* Component of each close vector at one step: 1..5, 0 alone. */
extern const uint8_t az_galaxy_component[AZ_GALAXY_CLOSE];

/* ---- the core: every vector of the neighbourhood, and some just outside it ---- */
#define AZ_GALAXY_NEAR 125
#define AZ_GALAXY_OUTSIDE 11
#define AZ_GALAXY_VECTORS (AZ_GALAXY_NEAR + AZ_GALAXY_OUTSIDE)
#define AZ_GALAXY_CORE_RADIUS 5e-5
/* Of the vectors far from all others, how many are of the core: 63 singletons less the close ones.
 */
#define AZ_GALAXY_FAR_CORE 29

struct az_galaxy_vector {
    int population;
    int exponents; /* distance from the centre */
    int component; /* 1..5, 0 alone */
    double radius; /* L2 from the centre, from the planted offsets */
    bool oort;     /* else core; of those outside the neighbourhood nothing */
};

struct az_galaxy_core {
    int64_t dims;
    uint16_t *bits; /* [AZ_GALAXY_VECTORS][dims] */
    struct az_galaxy_vector vectors[AZ_GALAXY_VECTORS];
    int64_t finest; /* dimension of the centre's least exponent */
};
enum az_status az_galaxy_core_make(struct az_galaxy_core *core, int64_t dims, uint64_t seed,
                                   struct az_error *error);
void az_galaxy_core_free(struct az_galaxy_core *core);

/* ---- who is what ---- */
enum az_galaxy_kind { AZ_GALAXY_BULK, AZ_GALAXY_HALO, AZ_GALAXY_PLANTED };
struct az_galaxy_plan {
    int64_t rows;
    uint8_t *kind;   /* [rows] enum az_galaxy_kind */
    int32_t *vector; /* [rows] of the core, or -1 */
    float *radius;   /* [rows] of a row of the halo, else 0 */
    int64_t halo_rows;
};
enum az_status az_galaxy_plan_make(struct az_galaxy_plan *plan, const struct az_galaxy_core *core,
                                   const struct az_galaxy_options *options, struct az_error *error);
void az_galaxy_plan_free(struct az_galaxy_plan *plan);

/* ---- the random sky ---- */
#define AZ_GALAXY_COMPONENTS 10
struct az_galaxy_field {
    int64_t dims;
    uint64_t seed;
    const uint16_t *center_bits;
    float *center; /* [dims] */
    double *mean;  /* [dims] of the bulk */
    double mean_square;
    float *directions; /* [AZ_GALAXY_COMPONENTS][dims] orthonormal */
    float *deviates;   /* quantiles of the normal distribution */
    int64_t finest;
};
enum az_status az_galaxy_field_make(struct az_galaxy_field *field,
                                    const struct az_galaxy_core *core, uint64_t seed,
                                    struct az_error *error);
void az_galaxy_field_free(struct az_galaxy_field *field);
/* One row of the bulk, or with a radius of the halo. scratch: [dims]. */
void az_galaxy_field_row(const struct az_galaxy_field *field, int64_t row, float radius,
                         uint16_t *bits, float *scratch);

/* Streams of random numbers: bits 8.. of AZ_STREAM_SIMULATION. */
enum az_galaxy_stream { AZ_GALAXY_CORE = 1, AZ_GALAXY_PLAN, AZ_GALAXY_FRAME, AZ_GALAXY_ROWS_OF };
uint32_t az_galaxy_stream(enum az_galaxy_stream stream);

#endif
