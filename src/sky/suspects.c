#include "sky/suspects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/row_pass.h"

enum { LANES = 8, ROUNDS = 4, SAMPLE_ROWS = 8192 };

static const char *const names[AZ_INDICATORS] = {"distance", "cosine", "centered", "without_first",
                                                 "norm"};

const char *az_indicator_name(enum az_indicator indicator) { return names[indicator]; }

struct looking {
    struct az_suspects *suspects;
    const struct az_scan *scan;
    const double *reference, *mean, *first; /* [dims] */
    /* products of the vectors above with one another */
    double rr, rm, rf, mm;
};

static double product(const double *a, const double *b, int64_t dims)
{
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) sum += a[d] * b[d];
    return sum;
}

static bool is_finite_row(const struct az_scan *scan, int64_t row)
{
    return !(scan->flags[row] & (AZ_ROW_NAN | AZ_ROW_INFINITE));
}

/* ---- reference rows ---- */

/* Bytes that no UTF-8 text has. */
static bool is_impossible_byte(const struct az_tokens *tokens, int64_t row)
{
    size_t length;
    const char *bytes = az_tokenizer_bytes(tokens->tokenizer, (size_t)row, &length);
    if (!bytes || length != 1) return false;
    unsigned char byte = (unsigned char)bytes[0];
    return byte == 0xc0 || byte == 0xc1 || byte >= 0xf5;
}

static bool is_reference(const struct az_tokens *tokens, const struct az_duplicates *found,
                         int64_t row)
{
    if (!tokens) return found->vector_of[row] == 0;
    return tokens->row[row].token_class == AZ_TOKEN_ORPHAN || is_impossible_byte(tokens, row);
}

static int64_t average_reference(const struct az_matrix *matrix, const struct az_scan *scan,
                                 const struct az_tokens *tokens, const struct az_duplicates *found,
                                 float *values, double *reference)
{
    int64_t count = 0;
    memset(reference, 0, (size_t)matrix->dims * sizeof *reference);
    for (int64_t row = 0; row < matrix->rows; row++) {
        if (!is_finite_row(scan, row) || !is_reference(tokens, found, row)) continue;
        az_matrix_row_f32(matrix, row, values);
        for (int64_t d = 0; d < matrix->dims; d++) reference[d] += (double)values[d];
        count++;
    }
    for (int64_t d = 0; count && d < matrix->dims; d++) reference[d] /= (double)count;
    return count;
}

static enum az_status find_reference(struct az_suspects *suspects, const struct az_matrix *matrix,
                                     const struct az_scan *scan, const struct az_duplicates *found,
                                     const struct az_tokens *tokens, double *reference,
                                     struct az_error *error)
{
    float *values;
    enum az_status status =
        az_memory_allocate(&values, (size_t)matrix->dims, sizeof *values, "a row", error);
    if (status != AZ_OK) return status;
    if (tokens) {
        suspects->reference = "orphan rows and bytes that no text has";
        suspects->reference_rows =
            average_reference(matrix, scan, tokens, found, values, reference);
    }
    if (!suspects->reference_rows && found->black_holes) {
        suspects->reference = "rows of the largest black hole";
        suspects->reference_rows = average_reference(matrix, scan, NULL, found, values, reference);
    }
    az_memory_free(values);
    if (suspects->reference_rows) return AZ_OK;
    return az_error_raise(error, AZ_MISSING,
                          "no reference rows: there are no black holes, and %s; suspects cannot be "
                          "ranked",
                          tokens ? "the tokenizer leaves no orphan row and no impossible byte"
                                 : "no tokenizer was given to tell orphans");
}

/* ---- the first component ---- */

/* Power iteration on the second moments (not centred) of evenly spaced rows, from the mean. */
static enum az_status find_first(const struct az_matrix *matrix, const struct az_scan *scan,
                                 double *first, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t dims = matrix->dims, stride = matrix->rows / SAMPLE_ROWS + 1;
    float *values = NULL;
    double *next = NULL, norm;
    AZ_TRY(az_memory_allocate(&values, (size_t)dims, sizeof *values, "a row", error));
    AZ_TRY(az_memory_allocate(&next, (size_t)dims, sizeof *next, "a component", error));
    for (int64_t d = 0; d < dims; d++) first[d] = scan->mean[d];
    for (int round = 0; round <= ROUNDS; round++) {
        norm = sqrt(product(first, first, dims));
        for (int64_t d = 0; d < dims; d++) first[d] = norm > 0 ? first[d] / norm : 0;
        if (round == ROUNDS) break;
        memset(next, 0, (size_t)dims * sizeof *next);
        for (int64_t row = 0; row < matrix->rows; row += stride) {
            double along = 0;
            if (!is_finite_row(scan, row)) continue;
            az_matrix_row_f32(matrix, row, values);
            for (int64_t d = 0; d < dims; d++) along += (double)values[d] * first[d];
            for (int64_t d = 0; d < dims; d++) next[d] += along * (double)values[d];
        }
        memcpy(first, next, (size_t)dims * sizeof *first);
    }
out:
    az_memory_free(values);
    az_memory_free(next);
    return status;
}

/* ---- indicators ---- */

struct products {
    double distance, wr, wm, wf, ww;
};

static struct products multiply(const struct looking *looking, const float *values, int64_t dims)
{
    double lanes[5][LANES] = {{0}}, sums[5] = {0};
    for (int64_t d = 0; d < dims; d++) {
        double w = (double)values[d], gap = w - looking->reference[d];
        int lane = (int)(d % LANES);
        lanes[0][lane] += gap * gap;
        lanes[1][lane] += w * looking->reference[d];
        lanes[2][lane] += w * looking->mean[d];
        lanes[3][lane] += w * looking->first[d];
        lanes[4][lane] += w * w;
    }
    for (int n = 0; n < 5; n++)
        for (int lane = 0; lane < LANES; lane++) sums[n] += lanes[n][lane];
    return (struct products){sqrt(sums[0]), sums[1], sums[2], sums[3], sums[4]};
}

/* 1 - cosine; 1 where one of them has no length. */
static double apart(double product_of, double left, double right)
{
    double lengths = sqrt(left > 0 ? left : 0) * sqrt(right > 0 ? right : 0);
    return lengths > 0 ? 1 - product_of / lengths : 1;
}

static void look_at_row(const struct looking *looking, int64_t row, const float *values,
                        int64_t dims)
{
    double *const *to = looking->suspects->values;
    struct products p = multiply(looking, values, dims);
    to[AZ_INDICATOR_DISTANCE][row] = p.distance;
    to[AZ_INDICATOR_COSINE][row] = apart(p.wr, p.ww, looking->rr);
    to[AZ_INDICATOR_CENTERED][row] =
        apart(p.wr - p.wm - looking->rm + looking->mm, p.ww - 2 * p.wm + looking->mm,
              looking->rr - 2 * looking->rm + looking->mm);
    to[AZ_INDICATOR_FIRST][row] = apart(p.wr - p.wf * looking->rf, p.ww - p.wf * p.wf,
                                        looking->rr - looking->rf * looking->rf);
    to[AZ_INDICATOR_NORM][row] = sqrt(p.ww);
}

static void look(struct az_row_pass *pass, int64_t first, int64_t end,
                 const struct az_row_pass_thread *thread)
{
    const struct looking *looking = pass->context;
    for (int64_t row = first; row < end; row++) {
        for (int n = 0; n < AZ_INDICATORS; n++) looking->suspects->values[n][row] = (double)NAN;
        if (!is_finite_row(looking->scan, row)) continue;
        az_matrix_row_f32(pass->matrix, row, thread->values);
        look_at_row(looking, row, thread->values, pass->matrix->dims);
    }
}

/* ---- ranking ---- */

struct ranked {
    double value;
    int32_t row;
};

static int compare_values(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int compare_suspects(const void *left, const void *right)
{
    const struct az_suspect *a = left, *b = right;
    if (a->score != b->score) return a->score < b->score ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Equal values get the rank of the first of them, so that equal rows get equal scores. */
static enum az_status rank(struct az_suspects *suspects, const struct az_scan *scan,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct ranked *order = NULL;
    double *scores = NULL;
    size_t rows = (size_t)suspects->rows;
    int64_t n;
    AZ_TRY(az_memory_allocate(&order, rows, sizeof *order, "a ranking", error));
    AZ_TRY(az_memory_allocate(&scores, rows, sizeof *scores, "a ranking", error));
    AZ_TRY(az_memory_allocate(&suspects->ranking, rows, sizeof *suspects->ranking, "a ranking",
                              error));
    for (int indicator = 0; indicator <= AZ_INDICATOR_FIRST; indicator++) {
        n = 0;
        for (int64_t row = 0; row < suspects->rows; row++)
            if (is_finite_row(scan, row))
                order[n++] = (struct ranked){suspects->values[indicator][row], (int32_t)row};
        qsort(order, (size_t)n, sizeof *order, compare_values);
        int64_t tied = 0;
        for (int64_t at = 0; at < n; at++) {
            if (order[at].value != order[tied].value) tied = at;
            scores[order[at].row] += (double)tied / (double)n / (AZ_INDICATOR_FIRST + 1);
        }
    }
    for (int64_t row = 0; row < suspects->rows; row++)
        if (is_finite_row(scan, row))
            suspects->ranking[suspects->ranked++] = (struct az_suspect){(int32_t)row, scores[row]};
    qsort(suspects->ranking, (size_t)suspects->ranked, sizeof *suspects->ranking, compare_suspects);
out:
    az_memory_free(order);
    az_memory_free(scores);
    return status;
}

enum az_status az_suspects_find(struct az_suspects *suspects, const struct az_matrix *matrix,
                                const struct az_scan *scan, const struct az_duplicates *found,
                                const struct az_tokens *tokens, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)matrix->rows, dims = (size_t)matrix->dims;
    double *reference = NULL;
    struct looking looking = {.suspects = suspects, .scan = scan, .mean = scan->mean};
    struct az_row_pass pass = {
        .matrix = matrix, .task = look, .context = &looking, .stage = "looking for suspects"};
    *suspects = (struct az_suspects){.rows = matrix->rows};
    AZ_TRY(az_memory_allocate(&reference, dims, sizeof *reference, "a reference row", error));
    AZ_TRY(find_reference(suspects, matrix, scan, found, tokens, reference, error));
    AZ_TRY(az_memory_allocate(&suspects->first_component, dims, sizeof *reference, "a component",
                              error));
    AZ_TRY(find_first(matrix, scan, suspects->first_component, error));
    for (int n = 0; n < AZ_INDICATORS; n++)
        AZ_TRY(az_memory_allocate(&suspects->values[n], rows, sizeof(double), "indicators", error));
    looking.reference = reference;
    looking.first = suspects->first_component;
    looking.rr = product(reference, reference, matrix->dims);
    looking.rm = product(reference, looking.mean, matrix->dims);
    looking.rf = product(reference, looking.first, matrix->dims);
    looking.mm = product(looking.mean, looking.mean, matrix->dims);
    AZ_TRY(az_row_pass_run(&pass, pool, progress, error));
    AZ_TRY(rank(suspects, scan, error));
out:
    az_memory_free(reference);
    return status;
}

void az_suspects_free(struct az_suspects *suspects)
{
    for (int n = 0; n < AZ_INDICATORS; n++) az_memory_free(suspects->values[n]);
    az_memory_free(suspects->first_component);
    az_memory_free(suspects->ranking);
    *suspects = (struct az_suspects){0};
}
