/* hidden_report.h: what `azimuth hidden` prints, writes and draws. */
#ifndef AZ_CLI_HIDDEN_REPORT_H
#define AZ_CLI_HIDDEN_REPORT_H

#include "azimuth/hidden.h"
#include "azimuth/tokenizer.h"
#include "base/raise.h"

struct az_hidden_report {
    const char *path;
    const struct az_hidden *hidden;
    const struct az_tokenizer *tokenizer; /* NULL: not known */
    int threads;
};

void az_hidden_print(const struct az_hidden_report *report);
enum az_status az_hidden_print_json(const struct az_hidden_report *report, struct az_error *error);

/* A row for each step; for each step and token pointed at; for each vector, window and lag. */
enum az_status az_hidden_csv(const struct az_hidden_report *report, const char *path,
                             struct az_error *error);
enum az_status az_hidden_tokens_csv(const struct az_hidden_report *report, const char *path,
                                    struct az_error *error);
enum az_status az_hidden_lags_csv(const struct az_hidden_report *report, const char *path,
                                  struct az_error *error);
enum az_status az_hidden_arrays(const struct az_hidden_report *report, const char *path,
                                struct az_error *error);

/* FILE-hidden: norms, autocorrelations and angles against the step; FILE-track: the directions of
 * h_mean and of the centroids on the sky of the recording's last matrix, where that is whole. */
enum az_status az_hidden_draw(const struct az_hidden_report *report, const char *file,
                              struct az_error *error);
enum az_status az_hidden_draw_track(const struct az_hidden_report *report, const char *file,
                                    struct az_error *error);

/* An angle from a cosine; NaN stays. */
double az_hidden_degrees(double cosine);
/* "steps 11 to 100"; the whole run for AZ_LENS_WINDOWS; false where no step is in the window. */
bool az_hidden_window_text(const struct az_hidden *hidden, int window, char *text,
                           size_t capacity_bytes);
/* The token's bytes for people; "" where they are not known. */
void az_hidden_token_text(const struct az_hidden_report *report, int64_t token, char *text,
                          size_t capacity_bytes);

#endif
