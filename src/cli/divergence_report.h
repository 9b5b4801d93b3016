/* divergence_report.h: what `azimuth compare --motion` prints, writes and draws. */
#ifndef AZ_CLI_DIVERGENCE_REPORT_H
#define AZ_CLI_DIVERGENCE_REPORT_H

#include "azimuth/divergence.h"
#include "cli/compare_report.h"
#include "cli/lens_common.h"

/* Of one set through the recording. */
struct az_divergence_summary {
    int64_t first_step;         /* at which a token differs; -1: none does */
    int64_t fastest_step;       /* at which distance_w grows most a step; -1: nowhere */
    double fastest_w;           /* by so much */
    int64_t half_step;          /* first at which distance_w is half of its most */
    int64_t never;              /* tokens that never differ */
    double mean_w, deviation_w; /* of the tokens' distances at the last step */
    double most_w;
    int64_t most_token;
};

void az_divergence_summarise(const struct az_divergence *told, enum az_lens_set set,
                             struct az_divergence_summary *summary);
const char *az_divergence_set_title(const struct az_divergence *told, enum az_lens_set set);

void az_divergence_print(const struct az_divergence *told, enum az_lens_set set);
enum az_status az_divergence_print_json(const struct az_divergence *told, enum az_lens_set set,
                                        const struct az_compare_report *report,
                                        struct az_error *error);
/* A row for each set and step; each token. */
enum az_status az_divergence_csv(const struct az_divergence *told, const char *path,
                                 struct az_error *error);
enum az_status az_divergence_tokens_csv(const struct az_divergence *told, const char *path,
                                        struct az_error *error);
/* FILE-divergence.png */
enum az_status az_divergence_draw(const struct az_divergence *told, enum az_lens_set set,
                                  const char *file, struct az_error *error);

#endif
