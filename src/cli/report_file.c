#include "cli/report_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/drawing.h"
#include "lens/token_sets.h"
#include "store/recording_names.h"

#define MOST_PARAMETERS 256

/* The movie that the lens looks at; NULL: there is none. */
static const struct az_recorded *matrix_of(const struct az_report_file *file)
{
    const struct az_recorded *w = az_recording_find(file->recording, "W");
    return w && w->frame_rank == 2 ? w : NULL;
}

enum az_status az_report_file_read(struct az_report_file *file, const char *path,
                                   struct az_error *error)
{
    const char *slash = strrchr(path, '/');
    *file = (struct az_report_file){.path = path};
    snprintf(file->name, sizeof file->name, "%s", slash && slash[1] ? slash + 1 : path);
    enum az_status status = az_recording_open(&file->recording, path, error);
    if (status != AZ_OK) return status;
    const struct az_recorded *w = matrix_of(file);
    bool ours = az_recording_text(file->recording, AZ_RECORDING_FORMAT_KEY) != NULL;
    snprintf(file->facts, sizeof file->facts, "a recording %s, %s%s%s",
             ours ? "of azimuth" : "of another program", az_recording_container(file->recording),
             w ? ", W in " : "", w ? az_dtype_name(w->dtype) : "");
    return AZ_OK;
}

void az_report_file_free(struct az_report_file *file)
{
    az_recording_close(file->recording);
    file->recording = NULL;
}

/* ---- losses ---- */

/* Steps and losses from step 1 on, in one block; 0: there are none. */
static enum az_status read_losses(const struct az_report_file *file, double **steps,
                                  double **losses, size_t *count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *movie = az_recording_find(file->recording, "losses");
    float *values = NULL;
    *steps = NULL;
    *count = 0;
    if (!movie || movie->frame_rank != 0 || movie->dtype != AZ_DTYPE_F32) return AZ_OK;
    size_t frames = (size_t)movie->frames;
    AZ_TRY(az_memory_allocate(&values, frames, sizeof *values, "losses", error));
    AZ_TRY(az_memory_allocate(steps, 2 * frames, sizeof **steps, "losses", error));
    *losses = *steps + frames;
    AZ_TRY(az_recording_read(file->recording, movie, 0, movie->frames, values, error));
    for (size_t n = 0; n < frames; n++) {
        int64_t step = az_recording_step_of(movie, (int64_t)n);
        if (step < 1) continue;
        (*steps)[*count] = (double)step;
        (*losses)[(*count)++] = (double)values[n];
    }
out:
    az_memory_free(values);
    return status;
}

enum az_status az_report_file_training(const struct az_report_file *file, struct az_report *report,
                                       const char *picture, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double *steps = NULL, *losses = NULL;
    struct az_drawing *drawing = NULL;
    size_t count = 0, known = 0;
    AZ_TRY(read_losses(file, &steps, &losses, &count, error));
    for (size_t n = 0; n < count; n++) known += isfinite(losses[n]) != 0;
    if (known == 0) goto out;
    drawing = az_drawing_create(file->name, error);
    if (!drawing) AZ_RAISE(AZ_MEMORY, "no memory for a figure");
    az_drawing_panel(drawing, "Loss of each step's batch", "steps", "step", "loss");
    az_drawing_add(drawing, "loss", AZ_MARK_LINES, steps, losses, count);
    AZ_TRY(az_drawing_finish(drawing, picture, error));
    az_report_section(report, "Training");
    az_report_figure(report, picture, "Loss of each step's batch.");
out:
    az_memory_free(steps);
    return status;
}

/* ---- numbers ---- */

static void put_count(char text[64], int64_t count)
{
    char counted[AZ_UNIT_TEXT_BYTES] = "-";
    if (count >= 0) az_unit_count((uint64_t)count, counted);
    snprintf(text, 64, "%s", counted);
}

static enum az_status put_tokens(const struct az_report_file *file, char texts[3][64],
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_sets sets = {0};
    const struct az_recorded *w = matrix_of(file);
    for (int n = 0; n < 3; n++) put_count(texts[n], -1);
    if (!w) return AZ_OK;
    AZ_TRY(az_token_sets_read(&sets, file->recording, w, NULL, error));
    put_count(texts[0], sets.vocabulary);
    put_count(texts[1], sets.dead_known ? sets.counts[AZ_LENS_DEAD] : -1);
    put_count(texts[2], w->frame_shape[1]);
out:
    az_token_sets_free(&sets);
    return status;
}

enum az_status az_report_file_numbers(const struct az_report_file *file, struct az_report *report,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    char tokens[3][64], steps[64], loss[64] = "-", note[64] = "not recorded";
    double *at = NULL, *losses = NULL;
    size_t count = 0;
    AZ_TRY(put_tokens(file, tokens, error));
    AZ_TRY(read_losses(file, &at, &losses, &count, error));
    put_count(steps, az_recording_last_step(file->recording));
    if (count) {
        snprintf(loss, sizeof loss, "%.4f", losses[count - 1]);
        snprintf(note, sizeof note, "%.4f at step %.0f", losses[0], at[0]);
    }
    const struct az_report_number numbers[] = {
        {"Steps", steps, "the last that was recorded",
         "Optimizer steps. Frame 0 is the initial state."},
        {"Loss", loss, note, "As it was recorded, of the last step."},
        {"Vocabulary", tokens[0], NULL, "Rows of the embedding."},
        {"Dimensions", tokens[2], NULL, "Of each row."},
        {"Dead tokens", tokens[1], "as the file says",
         "Tokens that were never presented to training: dead_indices, dead_mask, or what stands "
         "for them in the file."},
    };
    az_report_numbers(report, numbers, sizeof numbers / sizeof *numbers);
out:
    az_memory_free(at);
    return status;
}

/* ---- parameters ---- */

struct parameters {
    char texts[MOST_PARAMETERS][2][160];
    const char *cells[MOST_PARAMETERS][2];
    size_t count;
};

static void put_parameter(struct parameters *parameters, const char *key, const char *value)
{
    if (parameters->count == MOST_PARAMETERS) return;
    char(*texts)[160] = parameters->texts[parameters->count];
    snprintf(texts[0], 160, "%.150s", key);
    snprintf(texts[1], 160, "%.150s", value);
    parameters->cells[parameters->count][0] = texts[0];
    parameters->cells[parameters->count++][1] = texts[1];
}

enum az_status az_report_file_parameters(const struct az_report_file *file,
                                         struct az_report *report, struct az_error *error)
{
    static const char *const heads[] = {"name", "value"};
    struct parameters *parameters;
    const struct az_tensor *constant;
    const char *key, *value;
    char text[64];
    enum az_status status =
        az_memory_allocate(&parameters, 1, sizeof *parameters, "parameters", error);
    if (status != AZ_OK) return status;
    for (size_t cursor = 0;
         (constant = az_recording_constant_next(file->recording, &cursor)) != NULL;) {
        double number;
        if (constant->rank || !az_recording_scalar(constant, &number)) continue;
        snprintf(text, sizeof text, "%.12g", number);
        put_parameter(parameters, constant->name, text);
    }
    for (size_t n = 0; az_recording_metadata_at(file->recording, n, &key, &value); n++)
        put_parameter(parameters, key, value);
    az_report_section(report, "What the file says");
    if (parameters->count)
        az_report_table(report, &(struct az_report_table){.caption = "all numbers and texts",
                                                          .heads = heads,
                                                          .cells = &parameters->cells[0][0],
                                                          .rows = parameters->count,
                                                          .columns = 2,
                                                          .folded = true});
    else
        az_report_text(report, "Nothing but tensors: azimuth info lists them.");
    az_memory_free(parameters);
    return AZ_OK;
}
