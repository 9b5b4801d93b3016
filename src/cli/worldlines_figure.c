#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "azimuth/recording.h"
#include "base/memory.h"
#include "cli/drawing.h"
#include "cli/lifecycle_report.h"

#define LATEST 3    /* tokens that freeze last, and as many at the median */
#define STAIRS 6    /* coordinates */
#define TERMINAL 50 /* last moving frames */

struct worldlines {
    const struct az_lifecycle_report *report;
    struct az_recording *recording;
    const struct az_recorded *tensor;
    int64_t first, frames, dims;
    int64_t rows[2 * LATEST];
    size_t count;
    struct az_bf16 *lives[2 * LATEST]; /* [frames][dims] */
    char names[2 * LATEST][48];
    double *steps;
};

struct sorted {
    int64_t step, row;
};

static int compare_latest(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    if (x->step != y->step) return x->step < y->step ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The latest tokens of the set, then those at the median. */
static enum az_status choose(struct worldlines *lines, struct az_error *error)
{
    const struct az_lens *lens = lines->report->lens;
    struct sorted *order;
    int64_t count = 0;
    enum az_status status =
        az_memory_allocate(&order, (size_t)lens->subject.rows, sizeof *order, "a figure", error);
    if (status != AZ_OK) return status;
    for (int64_t row = 0; row < lens->subject.rows; row++)
        if (lens->subject.sets[row] >> lines->report->request->set & 1)
            order[count++] = (struct sorted){lens->lifecycle->tokens[row].freeze_step, row};
    qsort(order, (size_t)count, sizeof *order, compare_latest);
    for (int64_t n = 0; n < 2 * LATEST && n < count; n++) {
        int64_t place = n < LATEST || count < 4 * LATEST ? n : count / 2 + n - LATEST;
        lines->rows[lines->count++] = order[place].row;
    }
    az_memory_free(order);
    return AZ_OK;
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e) return false;
    return true;
}

static enum az_status read_lives(struct worldlines *lines, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_lens_subject *subject = &lines->report->lens->subject;
    AZ_TRY(az_recording_open(&lines->recording, lines->report->request->path, error));
    AZ_TRY(az_recording_require(lines->recording, subject->matrix, &lines->tensor, error));
    lines->first = az_recording_frame_of(lines->tensor, subject->steps[0]);
    lines->frames = subject->moves + 1;
    lines->dims = subject->dims;
    for (size_t n = 0; n < lines->count; n++) {
        const char *script;
        char text[24];
        int64_t token = subject->tokens[lines->rows[n]];
        AZ_TRY(az_memory_allocate(&lines->lives[n], (size_t)(lines->frames * lines->dims),
                                  sizeof(struct az_bf16), "a token's life", error));
        AZ_TRY(az_recording_read_rows(lines->recording, lines->tensor, lines->first, lines->frames,
                                      lines->rows[n], 1, lines->lives[n], error));
        az_lifecycle_token_text(lines->report, token, text, sizeof text, &script);
        if (!is_plain(text)) text[0] = 0; /* the typeface may not have it */
        snprintf(lines->names[n], sizeof lines->names[n], "token %" PRId64 "%s%s", token,
                 text[0] ? " " : "", text);
    }
out:
    return status;
}

static struct az_bf16 at(const struct worldlines *lines, size_t n, int64_t frame, int64_t d)
{
    return lines->lives[n][frame * lines->dims + d];
}

static void norm_panel(struct az_drawing *drawing, const struct worldlines *lines)
{
    az_drawing_panel(drawing, "Worldlines: the latest tokens, and some at the median", "frames",
                     "step", "|x| (w)");
    for (size_t n = 0; n < lines->count; n++) {
        double *norms = az_drawing_array(drawing, (size_t)lines->frames);
        for (int64_t frame = 0; norms && frame < lines->frames; frame++) {
            double squares = 0;
            for (int64_t d = 0; d < lines->dims; d++) {
                double x = (double)az_bf16_to_f32(at(lines, n, frame, d));
                squares += x * x;
            }
            norms[frame] = sqrt(squares);
        }
        az_drawing_add(drawing, lines->names[n], AZ_MARK_LINES, lines->steps, norms,
                       (size_t)lines->frames);
    }
}

/* The coordinates of the latest token that hop last. */
static void stairs_panel(struct az_drawing *drawing, const struct worldlines *lines, char *title,
                         size_t capacity_bytes)
{
    bool taken[1 << 14] = {false};
    snprintf(title, capacity_bytes, "Staircases: coordinates of %s that hop last", lines->names[0]);
    az_drawing_panel(drawing, title, "frames", "step", "coordinate (w)");
    for (int stair = 0; stair < STAIRS && stair < lines->dims; stair++) {
        int64_t latest = -1, best = 0;
        for (int64_t d = 0; d < lines->dims; d++) {
            int64_t frame = lines->frames - 1;
            while (frame > 0 &&
                   az_bf16_cells(at(lines, 0, frame - 1, d), at(lines, 0, frame, d)) == 0)
                frame--;
            if (taken[d] || frame <= latest) continue;
            latest = frame;
            best = d;
        }
        taken[best] = true;
        char name[32];
        double *values = az_drawing_array(drawing, (size_t)lines->frames);
        snprintf(name, sizeof name, "dim %" PRId64, best);
        for (int64_t frame = 0; values && frame < lines->frames; frame++)
            values[frame] = (double)az_bf16_to_f32(at(lines, 0, frame, best));
        az_drawing_add(drawing, name, AZ_MARK_STEPS, lines->steps, values, (size_t)lines->frames);
    }
}

static int64_t l1_between(const struct worldlines *lines, size_t n, int64_t a, int64_t b)
{
    return az_bf16_displacement(lines->lives[n] + a * lines->dims,
                                lines->lives[n] + b * lines->dims, (size_t)lines->dims)
        .l1_cells;
}

/* Distance to the last place, over the last moving frames. */
static void terminal_panel(struct az_drawing *drawing, const struct worldlines *lines)
{
    struct az_figure_panel *panel = az_drawing_panel(
        drawing, "Terminal trajectories: the last 50 frames in which each token moved", "frames",
        "step", "L1 to its last place (cells)");
    for (size_t n = 0; n < lines->count; n++) {
        double *x = az_drawing_array(drawing, TERMINAL), *y = az_drawing_array(drawing, TERMINAL);
        int64_t last = lines->frames - 1;
        size_t count = 0;
        for (int64_t frame = last; x && y && frame > 0 && count < TERMINAL; frame--) {
            if (l1_between(lines, n, frame - 1, frame) == 0) continue;
            x[TERMINAL - ++count] = lines->steps[frame];
            y[TERMINAL - count] = (double)l1_between(lines, n, frame, last);
        }
        if (count)
            az_drawing_add(drawing, lines->names[n], AZ_MARK_JOINED, x + TERMINAL - count,
                           y + TERMINAL - count, count);
    }
    if (panel->series_count == 0) drawing->panel_count--;
}

enum az_status az_lifecycle_draw_worldlines(const struct az_lifecycle_report *report,
                                            const char *title, const char *file,
                                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct worldlines lines = {.report = report};
    struct az_drawing *drawing = NULL;
    char stairs[128];
    AZ_TRY(choose(&lines, error));
    AZ_TRY(read_lives(&lines, error));
    drawing = az_drawing_create(title, error);
    if (!drawing) {
        status = AZ_MEMORY;
        goto out;
    }
    drawing->figure.panel_height_inches = 4;
    lines.steps = az_drawing_array(drawing, (size_t)lines.frames);
    for (int64_t n = 0; lines.steps && n < lines.frames; n++)
        lines.steps[n] = (double)report->lens->subject.steps[n];
    if (lines.steps) {
        norm_panel(drawing, &lines);
        stairs_panel(drawing, &lines, stairs, sizeof stairs);
        terminal_panel(drawing, &lines);
    }
    status = az_drawing_draw(drawing, file, "worldlines", error);
out:
    for (size_t n = 0; n < lines.count; n++) az_memory_free(lines.lives[n]);
    az_recording_close(lines.recording);
    return status;
}
