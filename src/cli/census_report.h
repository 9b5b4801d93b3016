/* census_report.h: a census on one screen, one vector taken apart. */
#ifndef AZ_CLI_CENSUS_REPORT_H
#define AZ_CLI_CENSUS_REPORT_H

#include "sky/census_state.h"

void az_census_report(const struct az_census *census);

/* Exponents, spacing and extreme dimensions of one row. AZ_USAGE where there is no such token. */
enum az_status az_census_report_vector(const struct az_matrix *matrix, int64_t token,
                                       struct az_error *error);

#endif
