#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "sky/frame_parts.h"

/* LAPACK and OpenBLAS, called as the library exports them: LAPACKE would bring in a second copy of
 * LAPACK, with threads of its own. The lengths of strings are what gfortran adds. */
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *w, double *work, const int *work_count, int *integers,
             const int *integer_count, int *info, size_t job_length, size_t triangle_length);
void openblas_set_num_threads(int threads);

enum az_status az_eigen_symmetric(size_t n, double *matrix, double *values, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double best, *work = NULL;
    int *integers = NULL, size = (int)n, query = -1, info = 0, integer_best;
    if (n > INT_MAX / 8) AZ_RAISE(AZ_MEMORY, "%zu dimensions are too many", n);
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(matrix[i]))
            AZ_RAISE(AZ_USAGE, "a covariance is not finite: the numbers are too large");
    openblas_set_num_threads(1);
    dsyevd_("V", "L", &size, matrix, &size, values, &best, &query, &integer_best, &query, &info, 1,
            1);
    int count = (int)best;
    AZ_TRY(az_memory_allocate(&work, (size_t)count, sizeof *work, "LAPACK", error));
    AZ_TRY(az_memory_allocate(&integers, (size_t)integer_best, sizeof *integers, "LAPACK", error));
    dsyevd_("V", "L", &size, matrix, &size, values, work, &count, integers, &integer_best, &info, 1,
            1);
    if (info != 0) AZ_RAISE(AZ_UNSUPPORTED, "LAPACK's dsyevd found no eigenvalues (%d)", info);
out:
    az_memory_free(work);
    az_memory_free(integers);
    return status;
}
