/* simulate_center.h: the point about which a simulation scatters or to which it drifts: a built-in
 * reference, or a row or black holes of a matrix that is there. */
#ifndef AZ_CLI_SIMULATE_CENTER_H
#define AZ_CLI_SIMULATE_CENTER_H

#include "azimuth/figure.h"
#include "azimuth/simulate.h"
#include "cli/arguments.h"

/* What a simulation is compared with, on the terminal and as lines in figures. */
struct az_model_figures {
    char name[96];                       /* "Qwen 3 4B" */
    double unique;                       /* vectors near the core; NaN: not known */
    double black_holes, largest, tokens; /* tokens: of all black holes */
    double radius;                       /* norm of the point */
};

struct az_simulate_center {
    double *values; /* [dims] */
    size_t dims;
    char name[160]; /* "token 80091 of model.safetensors" */
    struct az_model_figures model;
};

/* A line at one of its figures, "Qwen 3 4B: 13". */
#define AZ_MODEL_LABEL_BYTES 128
struct az_figure_line az_model_line(const struct az_model_figures *model, double at,
                                    char label[AZ_MODEL_LABEL_BYTES]);

#define AZ_CENTER_OPTIONS                                                                          \
    {"--from",                                                                                     \
     NULL,                                                                                         \
     "MATRIX",                                                                                     \
     NULL,                                                                                         \
     AZ_COMPLETE_FILE,                                                                             \
     false,                                                                                        \
     false,                                                                                        \
     "takes the reference point from a matrix, as for azimuth census: vector is the row of its "   \
     "largest black hole, centroid the mean of all rows in black holes, centred that less the "    \
     "mean of all rows"},                                                                          \
    {                                                                                              \
        "--token", NULL, "TOKEN", "the largest black hole", AZ_COMPLETE_NONE, false, false,        \
            "with --from: the row of this token is the vector"                                     \
    }

/* reference: one of the enum; of a matrix with --from. Free values in any case. */
enum az_status az_simulate_center_read(struct az_simulate_center *center,
                                       const struct az_arguments *arguments,
                                       enum az_center reference, uint64_t seed,
                                       struct az_pool *pool, struct az_progress *progress,
                                       struct az_error *error);

#endif
