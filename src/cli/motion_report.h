/* motion_report.h: what `azimuth motion` prints, writes and draws. */
#ifndef AZ_CLI_MOTION_REPORT_H
#define AZ_CLI_MOTION_REPORT_H

#include "azimuth/motion.h"
#include "cli/lens_common.h"

void az_motion_print(const struct az_lens *lens, const struct az_lens_request *request);
enum az_status az_motion_print_json(const struct az_lens *lens,
                                    const struct az_lens_request *request, struct az_error *error);
/* A row for each set and step; each set, window and size of hops; each set, window and binade. */
enum az_status az_motion_csv(const struct az_lens *lens, const char *path, struct az_error *error);
enum az_status az_motion_sizes_csv(const struct az_lens *lens, const char *path,
                                   struct az_error *error);
enum az_status az_motion_strata_csv(const struct az_lens *lens, const char *path,
                                    struct az_error *error);
enum az_status az_motion_draw(const struct az_lens *lens, const struct az_lens_request *request,
                              const char *file, struct az_error *error);

#endif
