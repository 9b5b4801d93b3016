/* eigenvalues.h: eigenvalues of a symmetric matrix, by Householder's reduction and the implicit QL
 * method, the same bits on every system. Source: Wilkinson and Reinsch, "Handbook for Automatic
 * Computation", vol. 2, procedures tred1 and imtql1. */
#ifndef AZ_LENS_EIGENVALUES_H
#define AZ_LENS_EIGENVALUES_H

#include <stddef.h>

#include "base/raise.h"

/* matrix: [n][n], overwritten. values: [n], descending. scratch: [n]. AZ_FORMAT where a number is
 * not finite or the method does not converge. */
enum az_status az_eigenvalues(double *matrix, size_t n, double *values, double *scratch,
                              struct az_error *error);

#endif
