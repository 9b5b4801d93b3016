#include "lab/hidden_sums.h"

#include <math.h>
#include <string.h>

static double squared_length(const struct az_bf16 *row, size_t dims)
{
    double lanes[8] = {0}, squares = 0;
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        for (size_t k = 0; k < 8; k++) {
            double x = (double)az_bf16_to_f32(row[d + k]);
            lanes[k] += x * x;
        }
    }
    for (; d < dims; d++) {
        double x = (double)az_bf16_to_f32(row[d]);
        squares += x * x;
    }
    for (int k = 0; k < 8; k++) squares += lanes[k];
    return squares;
}

void az_hidden_sum_states(const struct az_bf16 *h, size_t count, size_t dims, double *sums)
{
    double *units = sums + dims;
    memset(sums, 0, 2 * dims * sizeof *sums);
    for (size_t n = 0; n < count; n++) {
        const struct az_bf16 *row = h + n * dims;
        double squares = squared_length(row, dims);
        double factor = squares > 0 ? 1 / sqrt(squares) : 0;
        for (size_t d = 0; d < dims; d++) {
            double x = (double)az_bf16_to_f32(row[d]);
            sums[d] += x;
            units[d] += factor * x;
        }
    }
}

double az_hidden_mean(const double *sums, size_t chunks, size_t positions, size_t dims,
                      double *mean)
{
    double squares = 0, count = (double)positions;
    for (size_t d = 0; d < dims; d++) {
        double unit = 0;
        mean[d] = 0;
        for (size_t chunk = 0; chunk < chunks; chunk++) {
            mean[d] += sums[2 * chunk * dims + d];
            unit += sums[(2 * chunk + 1) * dims + d];
        }
        mean[d] /= count;
        squares += unit / count * (unit / count);
    }
    return sqrt(squares);
}

/* ---- rows ---- */

static size_t place(const struct az_hidden_rows *of, size_t n, size_t dims)
{
    return (of->rows ? (size_t)of->rows[n] : n) * dims;
}

void az_hidden_sum_rows(const struct az_hidden_rows *of, size_t first, size_t count, size_t dims,
                        double *sums)
{
    memset(sums, 0, dims * sizeof *sums);
    for (size_t n = first; n < first + count; n++) {
        size_t at = place(of, n, dims);
        if (of->wide) {
            const float *row = (const float *)of->values + at;
            for (size_t d = 0; d < dims; d++) sums[d] += (double)row[d];
        } else {
            const struct az_bf16 *row = (const struct az_bf16 *)of->values + at;
            for (size_t d = 0; d < dims; d++) sums[d] += (double)az_bf16_to_f32(row[d]);
        }
    }
}

void az_hidden_sum_motions(const struct az_hidden_rows *before, const struct az_hidden_rows *after,
                           size_t first, size_t count, size_t dims, double *sums)
{
    memset(sums, 0, dims * sizeof *sums);
    for (size_t n = first; n < first + count; n++) {
        const struct az_bf16 *from =
            (const struct az_bf16 *)before->values + place(before, n, dims);
        const struct az_bf16 *to = (const struct az_bf16 *)after->values + place(after, n, dims);
        for (size_t d = 0; d < dims; d++)
            sums[d] += (double)az_bf16_to_f32(to[d]) - (double)az_bf16_to_f32(from[d]);
    }
}

void az_hidden_add_chunks(const double *sums, size_t chunks, size_t dims, double *total)
{
    memset(total, 0, dims * sizeof *total);
    for (size_t chunk = 0; chunk < chunks; chunk++)
        for (size_t d = 0; d < dims; d++) total[d] += sums[chunk * dims + d];
}

double az_hidden_cosine(const double *a, const double *b, size_t dims)
{
    double dot = 0, squares_a = 0, squares_b = 0;
    for (size_t d = 0; d < dims; d++) {
        dot += a[d] * b[d];
        squares_a += a[d] * a[d];
        squares_b += b[d] * b[d];
    }
    double lengths = sqrt(squares_a) * sqrt(squares_b);
    return lengths > 0 ? dot / lengths : (double)NAN;
}
