/* gnuplot.h: runs gnuplot. */
#ifndef AZ_VIEW_GNUPLOT_H
#define AZ_VIEW_GNUPLOT_H

#include "base/raise.h"

/* Runs gnuplot in `directory` on the script there, with the variable `output` set to the name of
 * the file to draw to. What gnuplot says goes into the error. AZ_MISSING where it is not
 * installed. */
enum az_status az_gnuplot_run(const char *directory, const char *script, const char *output,
                              struct az_error *error);

#endif
