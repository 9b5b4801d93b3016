#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "sky/census_files.h"

enum { TENSORS_MOST = AZ_SELECTIONS_MOST + 32 };

/* Tensors on their way to the file; numbers and lists made here are held until it is written. */
struct masks {
    struct az_tensor tensors[TENSORS_MOST];
    size_t count;
    int64_t *black_hole_of; /* [rows] */
    int64_t *sizes;         /* [black holes] */
    int64_t *near_ids;      /* token ids of the neighbourhood at exponent distance 0 */
    uint8_t *local;         /* [rows] of those, without the black holes */
    int32_t numbers[8];
};

static void add(struct masks *masks, const char *name, enum az_dtype dtype, int64_t length,
                const void *data)
{
    struct az_tensor *tensor = &masks->tensors[masks->count++];
    *tensor = (struct az_tensor){.dtype = dtype, .rank = length >= 0, .data = data};
    if (length >= 0) tensor->shape[0] = length;
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
}

/* The names that masks have in the notebooks' files; others are NAME_mask. */
static void add_selections(struct masks *masks, const struct az_selections *selections)
{
    static const struct {
        const char *name, *known;
    } known[] = {{"black_holes", "black_hole_mask"}, {"same_exponents", "full_neighborhood_mask"}};
    char text[AZ_SELECTION_NAME_BYTES + 8];
    for (int64_t n = 0; n < selections->count; n++) {
        const struct az_selection *selection = &selections->list[n];
        snprintf(text, sizeof text, "%s_mask", selection->name);
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (strcmp(known[k].name, selection->name) == 0)
                snprintf(text, sizeof text, "%s", known[k].known);
        add(masks, text, AZ_DTYPE_BOOL, selections->rows, selection->mask);
    }
}

static enum az_status add_black_holes(struct masks *masks, const struct az_duplicates *found,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)found->rows, holes = (size_t)found->black_holes;
    AZ_TRY(az_memory_allocate(&masks->black_hole_of, rows, sizeof(int64_t), "masks", error));
    AZ_TRY(az_memory_allocate(&masks->sizes, holes, sizeof(int64_t), "masks", error));
    for (size_t row = 0; row < rows; row++) {
        int32_t vector = found->vector_of[row];
        masks->black_hole_of[row] = vector < found->black_holes ? vector : -1;
    }
    for (size_t hole = 0; hole < holes; hole++) masks->sizes[hole] = found->population[hole];
    add(masks, "token_to_black_hole", AZ_DTYPE_I64, found->rows, masks->black_hole_of);
    add(masks, "token_to_vector", AZ_DTYPE_I32, found->rows, found->vector_of);
    add(masks, "black_hole_sizes", AZ_DTYPE_I64, found->black_holes, masks->sizes);
    masks->numbers[0] = (int32_t)found->unique;
    masks->numbers[1] = (int32_t)found->black_holes;
    add(masks, "n_unique_vectors", AZ_DTYPE_I32, -1, &masks->numbers[0]);
    add(masks, "n_black_holes", AZ_DTYPE_I32, -1, &masks->numbers[1]);
out:
    return status;
}

/* What 1.9g called the local neighbourhood: exponent distance 0, without the black holes. */
static enum az_status add_local(struct masks *masks, const struct az_census *census,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_selection *same = az_selection_find(&census->selections, "same_exponents");
    if (!same) goto out;
    AZ_TRY(az_memory_allocate(&masks->local, (size_t)census->matrix->rows, 1, "masks", error));
    AZ_TRY(az_memory_allocate(&masks->near_ids, (size_t)same->tokens, sizeof(int64_t), "masks",
                              error));
    int64_t local = 0;
    for (int64_t row = 0; row < census->matrix->rows; row++) {
        masks->local[row] = same->mask[row] && masks->black_hole_of[row] < 0;
        if (masks->local[row]) masks->near_ids[local++] = az_matrix_token(census->matrix, row);
    }
    add(masks, "local_neighborhood_mask", AZ_DTYPE_BOOL, census->matrix->rows, masks->local);
    add(masks, "local_neighborhood_token_ids", AZ_DTYPE_I64, local, masks->near_ids);
out:
    return status;
}

static void add_measures(struct masks *masks, const struct az_census *census)
{
    int64_t rows = census->matrix->rows;
    add(masks, "row_norm_w", AZ_DTYPE_F64, rows, census->scan.norms);
    add(masks, "mean_vector_w", AZ_DTYPE_F64, census->matrix->dims, census->scan.mean);
    if (census->center >= 0) {
        add(masks, "exponent_distance_exps", AZ_DTYPE_U16, rows, census->sighting.exponents);
        add(masks, "sign_mismatches", AZ_DTYPE_U32, rows, census->sighting.sign_mismatches);
        add(masks, "linf_steps", AZ_DTYPE_U32, rows, census->sighting.steps);
        add(masks, "radius_w", AZ_DTYPE_F64, rows, census->sighting.radii);
    }
    for (int n = 0; census->suspected && n < AZ_INDICATORS; n++) {
        char name[64];
        snprintf(name, sizeof name, "indicator_%s", az_indicator_name((enum az_indicator)n));
        add(masks, name, AZ_DTYPE_F64, rows, census->suspects.values[n]);
    }
}

static void add_pairs(struct masks *masks, const struct az_crystal *crystal)
{
    add(masks, "pair_linf_steps", AZ_DTYPE_U32, crystal->count, crystal->linf);
    struct az_tensor *square = &masks->tensors[masks->count - 1];
    square->rank = 2;
    square->shape[1] = crystal->count;
    add(masks, "pair_l2_w", AZ_DTYPE_F64, crystal->count, crystal->l2);
    square = &masks->tensors[masks->count - 1];
    square->rank = 2;
    square->shape[1] = crystal->count;
    add(masks, "pair_vectors", AZ_DTYPE_I32, crystal->count, crystal->vectors);
    add(masks, "pair_component", AZ_DTYPE_I32, crystal->count, crystal->component);
}

enum az_status az_census_masks(const struct az_census *census, const char *path,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    char hash[AZ_HASH_TEXT_BYTES];
    struct masks *masks = NULL;
    az_hash_text(census->scan.hash, hash);
    const char *metadata[] = {
        "format", "azimuth-census-1", "matrix", census->matrix->path, "matrix_hash", hash, NULL};
    AZ_TRY(az_memory_allocate(&masks, 1, sizeof *masks, "masks", error));
    AZ_TRY(add_black_holes(masks, &census->found, error));
    add_selections(masks, &census->selections);
    AZ_TRY(add_local(masks, census, error));
    add_measures(masks, census);
    if (census->compared) add_pairs(masks, &census->crystal);
    AZ_TRY(az_safetensors_save(path, masks->tensors, masks->count, metadata, error));
out:
    if (masks) {
        az_memory_free(masks->black_hole_of);
        az_memory_free(masks->sizes);
        az_memory_free(masks->near_ids);
        az_memory_free(masks->local);
    }
    az_memory_free(masks);
    return status;
}
