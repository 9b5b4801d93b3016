/* galaxy.h: a synthetic embedding matrix with planted truth, as large as a real one.
 *
 * The core is that of Qwen 3 4B as its census was published: 13 black holes and 112 singletons,
 * their distances in steps, components, radii and exponents; around it an Oort cloud, a halo in
 * shells, and a bulk with the published norms, mean vector and leading covariance. Every row is a
 * function of (seed, row) alone: results depend neither on threads nor on the instruction set.
 * docs/census.md says what is planted and where the figures come from. */
#ifndef AZIMUTH_GALAXY_H
#define AZIMUTH_GALAXY_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

#define AZ_GALAXY_ROWS 151936
#define AZ_GALAXY_DIMS 2560
#define AZ_GALAXY_LEAST_ROWS 8192
#define AZ_GALAXY_LEAST_DIMS 2048

struct az_galaxy_options {
    int64_t rows, dims; /* at least the above; the core is whole in all of them */
    uint64_t seed;
};

/* What was planted, in numbers. */
struct az_galaxy_truth {
    int64_t unique, excess, black_holes, black_hole_tokens;
    int64_t near_tokens, near_vectors; /* exponent distance <= 5 from the centre */
    int64_t within[6];                 /* rows at exponent distance <= 0..5 */
    int64_t edges, components, flood_vectors, flood_tokens;
    int64_t core_vectors, core_tokens, oort_vectors, oort_tokens;
    int64_t halo_tokens;
    int64_t center_token;
    double core_radius; /* between the two */
};

/* Writes the matrix to `path` (safetensors, tensor "model.embed_tokens.weight", BF16) and the plan
 * beside it: PATH less ".safetensors" plus ".plan.json" and ".plan.safetensors". truth may be NULL.
 * AZ_USAGE for sizes that cannot hold the core. */
AZ_API enum az_status az_galaxy_write(const char *path, const struct az_galaxy_options *options,
                                      struct az_pool *pool, struct az_galaxy_truth *truth,
                                      struct az_progress *progress, struct az_error *error);

#endif
