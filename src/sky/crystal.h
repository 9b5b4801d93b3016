/* crystal.h: vectors of a selection as a graph on the lattice: pairs in steps, edges, components,
 * hubs, near misses, and the whole curve of thresholds from one minimum spanning tree. */
#ifndef AZ_SKY_CRYSTAL_H
#define AZ_SKY_CRYSTAL_H

#include "sky/duplicates.h"
#include "sky/lattice_row.h"

#define AZ_CRYSTAL_MOST 2048 /* vectors; all pairs are held */

struct az_crystal_edge {
    int32_t a, b; /* a < b, numbers within the crystal */
    struct az_steps steps;
};

struct az_crystal_component {
    int64_t vectors, tokens, black_holes, edges;
    double density;    /* edges of vectors * (vectors - 1) / 2; NaN for one vector */
    double clustering; /* mean over its vectors of the share of a vector's neighbours that touch */
};

struct az_crystal {
    int64_t count, dims;
    uint32_t reach;                /* vectors touch when Linf <= reach */
    const int32_t *vectors;        /* [count] of the duplicates, ascending; borrowed */
    int32_t *orders;               /* [count][dims] */
    int64_t *population;           /* [count] */
    uint32_t *linf;                /* [count][count] */
    double *l2;                    /* [count][count] in weight units, from explicit differences */
    struct az_crystal_edge *edges; /* by a, then b */
    int64_t edge_count;
    int32_t *degree;     /* [count] */
    double *betweenness; /* [count] shortest paths through it, each pair counted once (Brandes) */
    int32_t *component;  /* [count] components ordered by vectors, tokens, then first vector */
    struct az_crystal_component *components;
    int64_t component_count;
    struct az_crystal_edge *tree; /* [count - 1] by Linf, then a, b */
    int32_t medoid;               /* least mean L2 to the others, each vector counted once */
    double diameter;              /* greatest L2 */
};

/* vectors: ascending; AZ_BUDGET beyond AZ_CRYSTAL_MOST. Free in any case. */
enum az_status az_crystal_grow(struct az_crystal *crystal, const struct az_matrix *matrix,
                               const struct az_duplicates *found, const int32_t *vectors,
                               int64_t count, uint32_t reach, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error);
void az_crystal_free(struct az_crystal *crystal);

/* Pairs of different vectors with exactly this Linf. */
int64_t az_crystal_pairs_at(const struct az_crystal *crystal, uint32_t linf);

/* The graph that has an edge for Linf <= threshold, at each threshold where its components change,
 * and at 1 to 10. */
struct az_crystal_level {
    uint32_t threshold;
    int64_t components, edges, largest_vectors, largest_tokens;
};
/* *levels: az_memory_free. */
enum az_status az_crystal_levels(const struct az_crystal *crystal, struct az_crystal_level **levels,
                                 int64_t *count, struct az_error *error);

/* Least Linf between two components and the pair that has it; 0 where there is but one. */
struct az_crystal_edge az_crystal_near_miss(const struct az_crystal *crystal, int32_t component);

/* Parts of az_crystal_grow. */
enum az_status az_crystal_components(struct az_crystal *crystal, struct az_error *error);
enum az_status az_crystal_centrality(struct az_crystal *crystal, struct az_error *error);
enum az_status az_crystal_tree(struct az_crystal *crystal, struct az_error *error);

#endif
