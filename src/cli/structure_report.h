/* structure_report.h: what `azimuth structure` prints, writes and draws. */
#ifndef AZ_CLI_STRUCTURE_REPORT_H
#define AZ_CLI_STRUCTURE_REPORT_H

#include "azimuth/structure.h"
#include "base/raise.h"

void az_structure_print(const struct az_structure *structure, const char *path);
enum az_status az_structure_print_json(const struct az_structure *structure, const char *path,
                                       struct az_error *error);
/* A row for each frame; each token; safetensors of both. */
enum az_status az_structure_csv(const struct az_structure *structure, const char *path,
                                struct az_error *error);
enum az_status az_structure_tokens_csv(const struct az_structure *structure, const char *path,
                                       struct az_error *error);
enum az_status az_structure_arrays(const struct az_structure *structure, const char *path,
                                   struct az_error *error);
enum az_status az_structure_draw(const struct az_structure *structure, const char *file,
                                 struct az_error *error);

#endif
