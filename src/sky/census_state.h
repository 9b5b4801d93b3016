/* census_state.h: everything that a census has found, for those who print and write it. */
#ifndef AZ_SKY_CENSUS_STATE_H
#define AZ_SKY_CENSUS_STATE_H

#include "azimuth/census.h"
#include "azimuth/tokens.h"
#include "sky/crystal.h"
#include "sky/extents.h"
#include "sky/flood.h"
#include "sky/geography.h"
#include "sky/scan.h"
#include "sky/selection.h"
#include "sky/sighting.h"
#include "sky/suspects.h"

struct az_census {
    const struct az_matrix *matrix;
    struct az_census_options options;
    struct az_scan scan;
    struct az_summary norms, components;
    struct az_duplicates found;
    int64_t center;            /* row; -1 where no row is finite */
    const char *center_reason; /* "the largest black hole" */
    struct az_sighting sighting;
    struct az_curve curve;
    struct az_selections selections;
    struct az_flood flood; /* from the black holes */
    const char *scope;     /* name of the selection whose vectors are compared; NULL: none */
    int32_t *scope_vectors;
    int64_t scope_count;
    char not_compared[256]; /* why there is no crystal */
    struct az_crystal crystal;
    struct az_crystal_level *levels;
    int64_t level_count;
    struct az_extents extents, black_hole_extents;
    struct az_geography geography;
    struct az_shell shells[AZ_SHELLS];
    struct az_gap void_gap;
    struct az_tokens tokens;
    char not_suspected[256];
    struct az_suspects suspects;
    int threshold;  /* of the neighbourhood; -1: none */
    bool compared;  /* the crystal and what follows from it are there */
    bool charted;   /* the geography is */
    bool surveyed;  /* the tokens are */
    bool suspected; /* the suspects are */
};

/* Name that `scope` has when neither a plateau nor a threshold gives a neighbourhood. */
#define AZ_SCOPE_NEIGHBORHOOD "neighborhood"
#define AZ_SCOPE_FLOOD "spongecrystal"

#endif
