/* compare_report.h: the three forms in which `azimuth compare` tells what it found. */
#ifndef AZ_CLI_COMPARE_REPORT_H
#define AZ_CLI_COMPARE_REPORT_H

#include "azimuth/compare.h"
#include "base/raise.h"
#include "store/csv.h"
#include "store/json.h"

#define AZ_COMPARE_EDGE 12 /* frames that differ: shown at the beginning and at the end */

/* Gathers what is shown, whatever the length of the recordings; rows go to csv as they come. */
struct az_compare_report {
    const struct az_recording *a, *b;
    struct az_compare_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    struct az_compare_frame first[AZ_COMPARE_EDGE], last[AZ_COMPARE_EDGE];
    int64_t differing;  /* frames */
    struct az_csv *csv; /* NULL: none */
    enum az_status status;
    struct az_error error;
};

/* For az_compare_options; context is the report. */
void az_compare_report_frame(void *context, const struct az_compare_frame *frame);
void az_compare_report_tensor(void *context, const struct az_compare_tensor *tensor);

#define AZ_COMPARE_CSV_HEADER                                                                      \
    "tensor,step,set,rows,rows_differing,components,differing,bits_differing,l1_cells,l2_cells,"   \
    "linf_cells,distance_w"

/* The two paths, and the parameters that differ, of which only a and b of the report are looked at.
 */
void az_compare_print_parameters(const struct az_compare_report *report);
void az_compare_json_parameters(struct az_json *json, const struct az_compare_report *report);

void az_compare_report_print(const struct az_compare_report *report,
                             const struct az_compare_result *result);
enum az_status az_compare_report_json(const struct az_compare_report *report,
                                      const struct az_compare_result *result,
                                      struct az_error *error);
void az_compare_report_free(struct az_compare_report *report);

#endif
