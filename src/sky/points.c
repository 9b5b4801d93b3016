#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "sky/groups.h"
#include "sky/neighbours_parts.h"
#include "sky/passes.h"

#define PART_ROWS 128

struct making {
    struct az_points *points;
    struct az_rows_view view;
    const struct az_frame *frame;
    float *packed;          /* causal: the whitening, packed */
    float *wide;            /* what is made */
    struct az_bf16 *narrow; /* what is made */
    float *x, *z;           /* [threads][PART_ROWS][dims] */
    struct az_hash *hashes; /* [rows] */
    float *most;            /* [rows] */
};

const float *az_points_row(const struct az_points *points, size_t row, float *scratch)
{
    if (points->wide) return points->wide + row * points->dims;
    points->kernels->widen(points->dims, points->narrow + row * points->narrow_stride, scratch);
    return scratch;
}

double az_points_distance(const struct az_points *points, size_t row_a, const float *a,
                          size_t row_b, const float *b)
{
    bool cosine = points->metric == AZ_METRIC_COSINE;
    double sum = points->code.distance(points->dims, a, cosine ? points->inverse[row_a] : 1, b,
                                       cosine ? points->inverse[row_b] : 1);
    return cosine ? sum / 2 : sum;
}

bool az_points_bounded(const struct az_points *points)
{
    double most = 0;
    for (size_t row = 0; row < points->rows; row++)
        if (points->use[row]) most = fmax(most, points->squares[row]);
    return most < 1e36;
}

/* Norm, usability and hash of a row whose values stand in x. -0 becomes +0 for the hash. */
static void take_row(struct making *making, size_t row, float *x)
{
    struct az_points *points = making->points;
    double squares = 0;
    float most = 0;
    for (size_t d = 0; d < points->dims; d++) {
        squares += (double)x[d] * (double)x[d];
        most = fabsf(x[d]) > most ? fabsf(x[d]) : most;
        x[d] += 0.0f;
    }
    bool finite = isfinite(squares);
    points->squares[row] = squares;
    points->use[row] = finite && (points->metric != AZ_METRIC_COSINE || squares > 0);
    if (points->metric == AZ_METRIC_COSINE)
        points->inverse[row] = squares > 0 && finite ? 1 / sqrt(squares) : 0;
    making->most[row] = points->use[row] ? most : 0;
    making->hashes[row] = az_hash_bytes(x, points->dims * sizeof *x);
}

static void make_part(void *context, int64_t first, int64_t rows, double *sums, int thread)
{
    struct making *making = context;
    struct az_points *points = making->points;
    size_t dims = points->dims, cells = (size_t)thread * PART_ROWS * dims;
    float *x = making->x + cells, *z = making->z ? making->z + cells : NULL;
    (void)sums;
    az_rows_read(&making->view, first, rows, x);
    if (z) { /* whitened */
        struct az_product_f32 product = {.m = (size_t)rows,
                                         .n = dims,
                                         .k = dims,
                                         .a = x,
                                         .a_stride = dims,
                                         .b = making->packed,
                                         .c = z,
                                         .c_stride = dims};
        points->kernels->product_f32(&product);
        x = z;
    }
    for (int64_t n = 0; n < rows; n++) {
        size_t row = (size_t)(first + n);
        float *values = x + (size_t)n * dims;
        if (making->wide) memcpy(making->wide + row * dims, values, dims * sizeof *values);
        if (making->narrow)
            points->kernels->narrow(dims, values, making->narrow + row * points->narrow_stride);
        take_row(making, row, values);
    }
}

/* bf16 points lie in the map where they can: aligned, and rows that are whole blocks of 32. */
static enum az_status choose_form(struct making *making, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_points *points = making->points;
    const struct az_matrix *matrix = points->matrix;
    size_t cells;
    if (matrix->dtype == AZ_DTYPE_BF16 && points->metric != AZ_METRIC_CAUSAL) {
        points->narrow_stride =
            (points->dims + AZ_PRODUCT_BLOCK - 1) / AZ_PRODUCT_BLOCK * AZ_PRODUCT_BLOCK;
        points->narrow = matrix->data;
        if (points->narrow_stride == points->dims && ((uintptr_t)matrix->data & 1) == 0)
            return AZ_OK;
        AZ_TRY(az_size_multiply(points->rows, points->narrow_stride, &cells, error));
        AZ_TRY(az_memory_allocate(&making->narrow, cells, sizeof *making->narrow, "points", error));
        points->narrow = points->owned = making->narrow;
        return AZ_OK;
    }
    AZ_TRY(az_size_multiply(points->rows, points->dims, &cells, error));
    AZ_TRY(az_memory_allocate(&making->wide, cells, sizeof(float), "points", error));
    points->wide = points->owned = making->wide;
out:
    return status;
}

static enum az_status plan_whitening(struct making *making, const struct az_neighbours_plan *plan,
                                     float **minus, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_frame *frame = plan->frame;
    size_t dims = making->points->dims, square;
    float *scaled = NULL;
    if (!frame || !frame->whole || frame->dims != making->points->matrix->dims)
        AZ_RAISE(AZ_USAGE, "the causal metric needs all components of the matrix's frame");
    if (!(plan->ridge >= 0) || !(frame->values[dims - 1] + plan->ridge > 1e-12 * frame->values[0]))
        AZ_RAISE(AZ_USAGE, "the covariance has no inverse: give a ridge above 0");
    AZ_TRY(az_size_multiply(dims, dims, &square, error));
    AZ_TRY(az_memory_allocate(&scaled, square, sizeof(float), "a metric", error));
    AZ_TRY(az_memory_allocate(&making->packed, az_packed_f32(dims, dims), 4, "a metric", error));
    AZ_TRY(az_memory_allocate(minus, dims, sizeof(float), "a mean", error));
    for (size_t k = 0; k < dims; k++) {
        double factor = 1 / sqrt(frame->values[k] + plan->ridge);
        (*minus)[k] = -(float)frame->mean[k];
        for (size_t d = 0; d < dims; d++)
            scaled[k * dims + d] = (float)((double)frame->vectors[k * dims + d] * factor);
    }
    making->points->kernels->pack_b_f32_transposed(dims, dims, scaled, dims, making->packed);
    making->view.minus_center = *minus;
out:
    az_memory_free(scaled);
    return status;
}

/* Classes from the hashes of the rows, numbered by their lowest row. */
static enum az_status make_classes(struct making *making, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_points *points = making->points;
    struct az_groups groups = {0};
    size_t rows = points->rows;
    uint32_t *slot = NULL;
    AZ_TRY(az_memory_allocate(&points->first, rows, sizeof(uint32_t), "classes", error));
    AZ_TRY(az_memory_allocate(&points->class_of, rows, sizeof(uint32_t), "classes", error));
    AZ_TRY(az_memory_allocate(&points->member_start, rows + 1, sizeof(uint32_t), "classes", error));
    AZ_TRY(az_memory_allocate(&points->members, rows, sizeof(uint32_t), "classes", error));
    AZ_TRY(az_memory_allocate(&slot, rows, sizeof(uint32_t), "classes", error));
    AZ_TRY(az_groups_create(&groups, rows, error));
    az_groups_find(&groups, making->hashes, rows, sizeof *making->hashes);
    for (size_t g = 0; g < groups.count; g++) slot[groups.first[g]] = (uint32_t)g + 1;
    /* Groups are in order of appearance: of their lowest row. Those left out have no number. */
    uint32_t *number = points->members;
    for (size_t g = 0; g < groups.count; g++) {
        bool used = points->use[groups.first[g]];
        number[g] = used ? (uint32_t)points->class_count : UINT32_MAX;
        if (used) points->first[points->class_count++] = groups.first[g];
    }
    for (size_t row = 0; row < rows; row++) {
        size_t group = az_groups_of(&groups, making->hashes, row, sizeof *making->hashes);
        points->class_of[row] = number[group];
        if (number[group] != UINT32_MAX) points->member_start[number[group] + 1]++;
    }
    for (size_t c = 0; c < points->class_count; c++)
        points->member_start[c + 1] += points->member_start[c];
    memcpy(slot, points->member_start, points->class_count * sizeof *slot);
    for (size_t row = 0; row < rows; row++)
        if (points->class_of[row] != UINT32_MAX)
            points->members[slot[points->class_of[row]]++] = (uint32_t)row;
out:
    az_groups_free(&groups);
    az_memory_free(slot);
    return status;
}

enum az_status az_points_create(struct az_points *points, const struct az_matrix *matrix,
                                const struct az_neighbours_plan *plan,
                                const struct az_kernels *kernels, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct making making = {.points = points, .view = {matrix, kernels, NULL, 1, NULL}};
    size_t threads = (size_t)az_pool_threads(pool), cells;
    float *minus = NULL;
    *points = (struct az_points){.matrix = matrix,
                                 .kernels = kernels,
                                 .metric = plan->metric,
                                 .rows = (size_t)matrix->rows,
                                 .dims = (size_t)matrix->dims};
    az_near_code_select(&points->code, kernels, AZ_NEAR_PANEL);
    AZ_TRY(az_size_multiply(threads * PART_ROWS, points->dims, &cells, error));
    AZ_TRY(az_memory_allocate(&points->inverse, points->rows, sizeof(double), "norms", error));
    AZ_TRY(az_memory_allocate(&points->squares, points->rows, sizeof(double), "norms", error));
    AZ_TRY(az_memory_allocate(&points->use, points->rows, 1, "rows", error));
    AZ_TRY(az_memory_allocate(&making.x, cells, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&making.hashes, points->rows, sizeof *making.hashes, "rows", error));
    AZ_TRY(az_memory_allocate(&making.most, points->rows, sizeof(float), "rows", error));
    AZ_TRY(choose_form(&making, error));
    if (plan->metric == AZ_METRIC_CAUSAL) {
        AZ_TRY(plan_whitening(&making, plan, &minus, error));
        AZ_TRY(az_memory_allocate(&making.z, cells, sizeof(float), "rows", error));
    }
    struct az_pass pass = {make_part, &making, matrix->rows, PART_ROWS, 0, "reading rows"};
    AZ_TRY(az_pass_run(&pass, NULL, pool, progress, error));
    for (size_t row = 0; row < points->rows; row++)
        points->most = fmaxf(points->most, making.most[row]);
    AZ_TRY(make_classes(&making, error));
out:
    az_memory_free(making.packed);
    az_memory_free(making.x);
    az_memory_free(making.z);
    az_memory_free(making.hashes);
    az_memory_free(making.most);
    az_memory_free(minus);
    return status;
}

void az_points_free(struct az_points *points)
{
    az_memory_free(points->owned);
    az_memory_free(points->inverse);
    az_memory_free(points->squares);
    az_memory_free(points->use);
    az_memory_free(points->first);
    az_memory_free(points->class_of);
    az_memory_free(points->member_start);
    az_memory_free(points->members);
}
