#include "lens/eigenvalues.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MOST_ROUNDS 60

/* One Householder step: clears row `at` left of its neighbour of the diagonal. Returns that
 * neighbour. */
static double reflect(double *matrix, size_t n, size_t at, double *p)
{
    double *u = matrix + at * n, scale = 0, h = 0;
    for (size_t k = 0; k < at; k++) scale += fabs(u[k]);
    if (at == 1 || scale == 0) return u[at - 1];
    for (size_t k = 0; k < at; k++) {
        u[k] /= scale;
        h += u[k] * u[k];
    }
    double f = u[at - 1], g = f >= 0 ? -sqrt(h) : sqrt(h), sum = 0;
    h -= f * g;
    u[at - 1] = f - g;
    for (size_t j = 0; j < at; j++) {
        double product = 0;
        for (size_t k = 0; k <= j; k++) product += matrix[j * n + k] * u[k];
        for (size_t k = j + 1; k < at; k++) product += matrix[k * n + j] * u[k];
        p[j] = product / h;
        sum += p[j] * u[j];
    }
    double half = sum / (h + h);
    for (size_t j = 0; j < at; j++) p[j] -= half * u[j];
    for (size_t j = 0; j < at; j++)
        for (size_t k = 0; k <= j; k++) matrix[j * n + k] -= u[j] * p[k] + p[j] * u[k];
    return scale * g;
}

/* One implicit QL step on the block from..to of the tridiagonal matrix. */
static void rotate(double *d, double *e, size_t from, size_t to)
{
    double g = (d[from + 1] - d[from]) / (2 * e[from]), r = sqrt(g * g + 1);
    g = d[to] - d[from] + e[from] / (g + (g >= 0 ? r : -r));
    double s = 1, c = 1, p = 0;
    size_t i = to;
    while (i-- > from) {
        double f = s * e[i], b = c * e[i];
        r = sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) {
            d[i + 1] -= p;
            e[to] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
    }
    d[from] -= p;
    e[from] = g;
    e[to] = 0;
}

static int compare_descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

enum az_status az_eigenvalues(double *matrix, size_t n, double *values, double *scratch,
                              struct az_error *error)
{
    double *d = values, *e = scratch;
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(matrix[i]))
            return az_error_raise(error, AZ_FORMAT, "positions that are not finite have no shape");
    for (size_t at = n; at-- > 1;) e[at] = reflect(matrix, n, at, d);
    for (size_t i = 0; i < n; i++) d[i] = matrix[i * n + i];
    for (size_t i = 1; i < n; i++) e[i - 1] = e[i];
    if (n) e[n - 1] = 0;
    for (size_t from = 0; from < n; from++) {
        for (int round = 0;; round++) {
            size_t to = from;
            while (to + 1 < n && fabs(e[to]) > DBL_EPSILON * (fabs(d[to]) + fabs(d[to + 1]))) to++;
            if (to == from) break;
            if (round == MOST_ROUNDS)
                return az_error_raise(error, AZ_FORMAT, "eigenvalues did not converge");
            rotate(d, e, from, to);
        }
    }
    qsort(values, n, sizeof *values, compare_descending);
    return AZ_OK;
}
