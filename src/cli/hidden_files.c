/* azimuth hidden: CSV, safetensors, JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "cli/hidden_report.h"
#include "cli/print_json.h"
#include "store/csv.h"

static const char *source(const struct az_hidden *hidden)
{
    return hidden->probabilities ? "states" : hidden->gradients ? "gradients" : "none";
}

static const char *recorded(const struct az_hidden *hidden)
{
    return hidden->positions ? "h" : hidden->means ? "h_mean" : "none";
}

enum az_status az_hidden_csv(const struct az_hidden_report *report, const char *path,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    const struct az_hidden *hidden = report->hidden;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    az_csv_text(csv, "step");
    for (int q = 0; q < AZ_HIDDEN_QUANTITIES; q++)
        az_csv_text(csv, az_hidden_name((enum az_hidden_quantity)q));
    AZ_TRY(az_csv_end(csv, error));
    for (int64_t n = 0; n < hidden->count; n++) {
        az_csv_integer(csv, hidden->steps[n].step);
        for (int q = 0; q < AZ_HIDDEN_QUANTITIES; q++) az_csv_known(csv, hidden->steps[n].of[q]);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

static enum az_status add_tokens(struct az_csv *csv, const struct az_hidden_report *report,
                                 int64_t n, const struct az_hidden_token *tokens, const char *side,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char text[256];
    for (int k = 0; k < AZ_HIDDEN_TOKENS; k++) {
        const struct az_hidden_token *token = &tokens[n * AZ_HIDDEN_TOKENS + k];
        if (token->token < 0) continue;
        az_hidden_token_text(report, token->token, text, sizeof text);
        az_csv_integer(csv, report->hidden->steps[n].step);
        az_csv_text(csv, side);
        az_csv_integer(csv, k + 1);
        az_csv_integer(csv, token->token);
        az_csv_text(csv, text);
        az_csv_f64(csv, token->cosine);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return status;
}

enum az_status az_hidden_tokens_csv(const struct az_hidden_report *report, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    const struct az_hidden *hidden = report->hidden;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, "step,side,rank,token,text,cosine", error));
    for (int64_t n = 0; n < hidden->count; n++) {
        AZ_TRY(add_tokens(csv, report, n, hidden->towards, "towards", error));
        AZ_TRY(add_tokens(csv, report, n, hidden->away, "away", error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_hidden_lags_csv(const struct az_hidden_report *report, const char *path,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    const struct az_hidden *hidden = report->hidden;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "vector,steps,lag_frames,pairs,mean_cosine,least_cosine,pearson", error));
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) {
        for (int window = 0; window <= AZ_LENS_WINDOWS; window++) {
            char text[64];
            if (!az_hidden_window_text(hidden, window, text, sizeof text)) continue;
            for (int n = 0; n < AZ_HIDDEN_LAGS; n++) {
                const struct az_hidden_lag *lag = &hidden->lags[v][window][n];
                if (!lag->pairs) continue;
                az_csv_text(csv, az_hidden_vector_name((enum az_hidden_vector)v));
                az_csv_text(csv, text);
                az_csv_integer(csv, lag->lag_frames);
                az_csv_integer(csv, lag->pairs);
                az_csv_known(csv, lag->mean_cosine);
                az_csv_known(csv, lag->least_cosine);
                az_csv_known(csv, lag->pearson);
                AZ_TRY(az_csv_end(csv, error));
            }
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

/* ---- safetensors ---- */

enum az_status az_hidden_arrays(const struct az_hidden_report *report, const char *path,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_hidden *hidden = report->hidden;
    size_t count = (size_t)hidden->count;
    int64_t *steps = NULL;
    const char *metadata[] = {"format", "azimuth-hidden-1", "matrix", hidden->matrix,
                              "h_dead", source(hidden),     "h",      recorded(hidden),
                              NULL};
    struct az_tensor tensors[1 + AZ_HIDDEN_VECTORS] = {0};
    AZ_TRY(az_memory_allocate(&steps, count, sizeof *steps, "arrays", error));
    for (size_t n = 0; n < count; n++) steps[n] = hidden->steps[n].step;
    tensors[0] = (struct az_tensor){
        .name = "steps", .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {hidden->count}, .data = steps};
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) {
        struct az_tensor *tensor = &tensors[1 + v];
        *tensor = (struct az_tensor){.dtype = AZ_DTYPE_F64,
                                     .rank = 2,
                                     .shape = {hidden->count, hidden->dims},
                                     .data = hidden->vectors[v]};
        snprintf(tensor->name, sizeof tensor->name, "%s",
                 az_hidden_vector_name((enum az_hidden_vector)v));
    }
    AZ_TRY(az_safetensors_save(path, tensors, 1 + AZ_HIDDEN_VECTORS, metadata, error));
out:
    az_memory_free(steps);
    return status;
}

/* ---- JSON ---- */

static void json_vector(struct az_json *json, const struct az_hidden *hidden, int v)
{
    const struct az_hidden_track *track = &hidden->tracks[v];
    az_json_open(json, az_hidden_vector_name((enum az_hidden_vector)v), '{');
    az_json_integer(json, "directions", track->directions);
    az_json_real(json, "path_degrees", track->path_degrees);
    az_json_real(json, "net_degrees", track->net_degrees);
    az_json_real(json, "straightness", track->straightness);
    az_json_real(json, "spread_degrees", track->spread_degrees);
    az_json_real(json, "spread_most_degrees", track->spread_most_degrees);
    az_json_open(json, "autocorrelation", '[');
    for (int n = 0; n < AZ_HIDDEN_LAGS; n++) {
        const struct az_hidden_lag *lag = &hidden->lags[v][AZ_LENS_WINDOWS][n];
        if (!lag->pairs) continue;
        az_json_open(json, NULL, '{');
        az_json_integer(json, "lag_frames", lag->lag_frames);
        az_json_integer(json, "pairs", lag->pairs);
        az_json_real(json, "mean_cosine", lag->mean_cosine);
        az_json_real(json, "least_cosine", lag->least_cosine);
        az_json_real(json, "pearson", lag->pearson);
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
    az_json_close(json, '}');
}

static void json_tokens(struct az_json *json, const char *key,
                        const struct az_hidden_report *report, const struct az_hidden_token *tokens)
{
    az_json_open(json, key, '[');
    for (int k = 0; k < AZ_HIDDEN_TOKENS && tokens[k].token >= 0; k++) {
        char text[256];
        az_hidden_token_text(report, tokens[k].token, text, sizeof text);
        az_json_open(json, NULL, '{');
        az_json_integer(json, "token", tokens[k].token);
        az_json_text(json, "text", text);
        az_json_real(json, "cosine", tokens[k].cosine);
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

static void json_steps(struct az_json *json, const struct az_hidden_report *report)
{
    const struct az_hidden *hidden = report->hidden;
    az_json_open(json, "steps", '[');
    for (int64_t n = 0; n < hidden->count; n++) {
        az_json_open(json, NULL, '{');
        az_json_integer(json, "step", hidden->steps[n].step);
        for (int q = 0; q < AZ_HIDDEN_QUANTITIES; q++)
            az_json_real(json, az_hidden_name((enum az_hidden_quantity)q), hidden->steps[n].of[q]);
        if (hidden->towards) {
            json_tokens(json, "towards", report, hidden->towards + n * AZ_HIDDEN_TOKENS);
            json_tokens(json, "away", report, hidden->away + n * AZ_HIDDEN_TOKENS);
        }
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

enum az_status az_hidden_print_json(const struct az_hidden_report *report, struct az_error *error)
{
    const struct az_hidden *hidden = report->hidden;
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", report->path);
    az_json_text(&json, "matrix", hidden->matrix);
    az_json_text(&json, "h", recorded(hidden));
    az_json_text(&json, "h_dead", source(hidden));
    az_json_integer(&json, "dims", hidden->dims);
    az_json_integer(&json, "positions", hidden->positions);
    az_json_integer(&json, "dead_tokens", hidden->dead);
    az_json_integer(&json, "live_tokens", hidden->live);
    az_json_open(&json, "meanings", '{');
    for (int q = 0; q < AZ_HIDDEN_QUANTITIES; q++)
        az_json_text(&json, az_hidden_name((enum az_hidden_quantity)q),
                     az_hidden_meaning((enum az_hidden_quantity)q));
    az_json_close(&json, '}');
    az_json_open(&json, "vectors", '{');
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++)
        if (hidden->tracks[v].directions) json_vector(&json, hidden, v);
    az_json_close(&json, '}');
    json_steps(&json, report);
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
