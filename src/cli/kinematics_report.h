/* kinematics_report.h: what `azimuth kinematics` prints, writes and draws. */
#ifndef AZ_CLI_KINEMATICS_REPORT_H
#define AZ_CLI_KINEMATICS_REPORT_H

#include "azimuth/kinematics.h"
#include "cli/lens_common.h"

void az_kinematics_print(const struct az_lens *lens, const struct az_lens_request *request);
enum az_status az_kinematics_print_json(const struct az_lens *lens,
                                        const struct az_lens_request *request,
                                        struct az_error *error);
/* A row for each set and frame; each token of the set; each set, window and lag; each set and frame
 * at which the shape was taken. */
enum az_status az_kinematics_csv(const struct az_lens *lens, const char *path,
                                 struct az_error *error);
enum az_status az_kinematics_tokens_csv(const struct az_lens *lens, enum az_lens_set set,
                                        const char *path, struct az_error *error);
enum az_status az_kinematics_velocity_csv(const struct az_lens *lens, const char *path,
                                          struct az_error *error);
enum az_status az_kinematics_shape_csv(const struct az_lens *lens, const char *path,
                                       struct az_error *error);
/* safetensors: steps, token_ids, and of each set centroid_SET [frames][dims] and spectrum_SET, the
 * eigenvalues of the shape. */
enum az_status az_kinematics_arrays(const struct az_lens *lens, const char *path,
                                    struct az_error *error);
enum az_status az_kinematics_draw(const struct az_lens *lens, const struct az_lens_request *request,
                                  const char *file, struct az_error *error);

#endif
