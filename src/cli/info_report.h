/* info_report.h: the two forms in which `azimuth info` tells what a file holds. */
#ifndef AZ_CLI_INFO_REPORT_H
#define AZ_CLI_INFO_REPORT_H

#include "azimuth/recording.h"
#include "azimuth/safetensors.h"
#include "base/raise.h"

void az_info_print_recording(const struct az_recording *recording);
/* One line, of a recording that grows. */
void az_info_print_growth(const struct az_recording *recording);
void az_info_print_tensors(const char *path, const struct az_safetensors *file);
enum az_status az_info_json_recording(const struct az_recording *recording, struct az_error *error);
enum az_status az_info_json_tensors(const char *path, const struct az_safetensors *file,
                                    struct az_error *error);

#endif
