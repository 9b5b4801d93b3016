#include "cli/report_lens.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/recording.h"
#include "azimuth/structure.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/hidden_report.h"
#include "cli/kinematics_report.h"
#include "cli/ledger_report.h"
#include "cli/lifecycle_report.h"
#include "cli/motion_report.h"
#include "cli/structure_report.h"
#include "store/file.h"

#define PATH_BYTES 4096
#define STRAGGLERS 20
#define STRAGGLER_COLUMNS 10
#define STRUCTURE_FRAMES 200
#define HIDDEN_STEPS 400
#define HIDDEN_ROWS 12

/* The recording lacks something, which is no failure of the report: told in the page. */
static bool is_lacking(enum az_status status)
{
    return status == AZ_MISSING || status == AZ_UNSUPPORTED || status == AZ_USAGE;
}

static enum az_status say_why(struct az_report *report, const char *section,
                              const struct az_error *why)
{
    char text[1400];
    az_report_section(report, section);
    snprintf(text, sizeof text, "Not looked at: %s.", why->message);
    az_report_text(report, text);
    return AZ_OK;
}

/* FIGURES/BASE.png for the functions that draw, which put -NAME before the ending. */
static enum az_status picture(char path[PATH_BYTES], const struct az_report_source *source,
                              const char *name, struct az_error *error)
{
    return az_path_join(path, PATH_BYTES, source->figures, name, error);
}

static enum az_status add_picture(struct az_report *report, const struct az_report_source *source,
                                  const char *name, const char *caption, struct az_error *error)
{
    char path[PATH_BYTES];
    enum az_status status = picture(path, source, name, error);
    if (status == AZ_OK && az_file_exists(path)) az_report_figure(report, path, caption);
    return status;
}

static int64_t frames_of(const char *directory)
{
    struct az_recording *recording = NULL;
    if (az_recording_open(&recording, directory, NULL) != AZ_OK) return 0;
    const struct az_recorded *w = az_recording_find(recording, "W");
    int64_t frames = w ? w->frames : 0;
    az_recording_close(recording);
    return frames;
}

/* ---- motion, lifecycle, kinematics ---- */

static enum az_status add_motion(struct az_report *report, const struct az_report_source *source,
                                 const struct az_lens *lens, const struct az_lens_request *request,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(picture(path, source, "motion.png", error));
    AZ_TRY(az_motion_draw(lens, request, path, error));
    az_report_section(report, "Motion");
    AZ_TRY(add_picture(report, source, "motion-displacement.png",
                       "How far tokens move in a step, in cells of the bf16 lattice: quantiles. "
                       "Below 1 nothing moves.",
                       error));
    AZ_TRY(add_picture(report, source, "motion-hops.png",
                       "Sizes of the hops of single coordinates.", error));
out:
    return status;
}

struct straggler_cells {
    char texts[STRAGGLERS][STRAGGLER_COLUMNS][96];
    const char *cells[STRAGGLERS][STRAGGLER_COLUMNS]; /* the last three where h was recorded */
};

static void print_known(char text[96], const char *format, double value)
{
    snprintf(text, 96, format, value);
    if (isnan(value)) snprintf(text, 96, "-");
}

static void fill_straggler(const struct az_lifecycle_report *life, int64_t n,
                           char texts[STRAGGLER_COLUMNS][96], const char **cells, int columns)
{
    const struct az_straggling *straggling = &life->straggling;
    const struct az_lens *lens = life->lens;
    int64_t row = lens->lifecycle->stragglers[n], token = lens->subject.tokens[row];
    const struct az_token_life *of = &lens->lifecycle->tokens[row];
    const char *script;
    bool known = az_lifecycle_token_text(life, token, texts[1], 96, &script) >= 0;
    snprintf(texts[0], 96, "%" PRId64, token);
    az_lifecycle_token_hex(life, token, texts[2], 40);
    if (!known) snprintf(texts[2], 96, "-");
    snprintf(texts[3], 96, "%s", script);
    snprintf(texts[4], 96, "%" PRId64 "%s", of->freeze_step, of->censored ? " (censored)" : "");
    snprintf(texts[5], 96, "%" PRId64, of->stumbles);
    snprintf(texts[6], 96, "%.4f", of->norm_end_w);
    if (columns == STRAGGLER_COLUMNS && n < straggling->token_count) {
        int64_t at = (straggling->point_count - 1) * straggling->token_count + n;
        print_known(texts[7], "%.1f", straggling->angle_h_degrees[at]);
        print_known(texts[8], "%.3g", straggling->p_mean[n]);
        print_known(texts[9], "%.3g", straggling->p_mean[at]);
    }
    for (int c = 0; c < columns; c++) cells[c] = texts[c];
}

static enum az_status add_stragglers(struct az_report *report,
                                     const struct az_lifecycle_report *life, struct az_error *error)
{
    static const char *const heads[STRAGGLER_COLUMNS] = {
        "token",    "text",    "bytes",      "script",   "freezes",
        "stumbles", "norm, w", "angle to h", "p, first", "p, last"};
    static const char *const definitions[] = {
        NULL,
        "The token's bytes; what is no UTF-8 alone as \\x..",
        "The same in hexadecimal.",
        "The Unicode script of most of its characters.",
        ("Freeze step: the last step at which it moved, plus one. Censored: it moved within the "
         "guard's steps of the end, so it may go on."),
        "Motions after at least one still step.",
        "Euclidean norm of its row at the end.",
        "Degrees between its row before the last step and the mean of the step's hidden states.",
        "Its probability at the first step with h: mean over 512 positions.",
        "The same at the last step."};
    int columns = life->straggling.point_count ? STRAGGLER_COLUMNS : STRAGGLER_COLUMNS - 3;
    struct straggler_cells *cells = NULL;
    const struct az_lifecycle *lifecycle = life->lens->lifecycle;
    int64_t count =
        lifecycle->straggler_count < STRAGGLERS ? lifecycle->straggler_count : STRAGGLERS;
    char caption[160];
    if (!count) return AZ_OK;
    enum az_status status = az_memory_allocate(&cells, 1, sizeof *cells, "stragglers", error);
    if (status != AZ_OK) return status;
    const char **all = &cells->cells[0][0]; /* rows of `columns` cells */
    for (int64_t n = 0; n < count; n++)
        fill_straggler(life, n, cells->texts[n], all + n * columns, columns);
    snprintf(caption, sizeof caption,
             "Stragglers: dead tokens that froze after 99 %% of them, or not at all (%" PRId64
             "; the latest first)",
             lifecycle->straggler_count);
    az_report_table(report, &(struct az_report_table){.caption = caption,
                                                      .heads = heads,
                                                      .definitions = definitions,
                                                      .cells = all,
                                                      .rows = (size_t)count,
                                                      .columns = (size_t)columns});
    az_memory_free(cells);
    return AZ_OK;
}

static enum az_status add_lifecycle(struct az_report *report, const struct az_report_source *source,
                                    const struct az_lens *lens,
                                    const struct az_lens_request *request, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    struct az_tokenizer *tokenizer = NULL;
    struct az_lifecycle_report life = {.lens = lens, .request = request};
    AZ_TRY(az_lens_tokenizer_read(&tokenizer, NULL, source->directory, error));
    life.tokenizer = tokenizer;
    AZ_TRY(az_straggling_find(&life.straggling, source->directory, lens, source->threads, error));
    AZ_TRY(picture(path, source, "lifecycle.png", error));
    AZ_TRY(az_lifecycle_draw(&life, path, error));
    az_report_section(report, "Lifecycle");
    AZ_TRY(add_picture(report, source, "lifecycle-phases.png",
                       "Share of the tokens in each phase. A phase lasts until the last step at "
                       "which its condition held.",
                       error));
    AZ_TRY(add_picture(report, source, "lifecycle-onsets.png",
                       "When tokens froze: counts, and their cumulative share.", error));
    AZ_TRY(add_picture(report, source, "lifecycle-map.png",
                       "Every token against time, sorted by the step at which it froze.", error));
    AZ_TRY(add_picture(report, source, "lifecycle-worldlines.png",
                       "Worldlines, staircases of coordinates, and terminal trajectories: of the "
                       "latest tokens to freeze, and of some at the median.",
                       error));
    AZ_TRY(add_stragglers(report, &life, error));
out:
    az_straggling_free(&life.straggling);
    az_tokenizer_free(tokenizer);
    return status;
}

static enum az_status add_kinematics(struct az_report *report,
                                     const struct az_report_source *source,
                                     const struct az_lens *lens,
                                     const struct az_lens_request *request, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(picture(path, source, "kinematics.png", error));
    AZ_TRY(az_kinematics_draw(lens, request, path, error));
    az_report_section(report, "Kinematics");
    AZ_TRY(add_picture(report, source, "kinematics-radius.png",
                       "The cloud as a whole: its centroid, its radius, its speed.", error));
    AZ_TRY(add_picture(report, source, "kinematics-bulk.png",
                       "Bulk motion, common to all, and thermal motion about it.", error));
    AZ_TRY(add_picture(report, source, "kinematics-velocity.png",
                       "How long a token keeps its direction: autocorrelation of the velocity.",
                       error));
out:
    return status;
}

enum az_status az_report_add_lens(struct az_report *report, const struct az_report_source *source,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens *lens = NULL;
    struct az_error why;
    struct az_lens_request request = {.path = source->directory,
                                      .options = {.threads = source->threads, .kinematics = true}};
    az_error_clear(&why);
    status = az_lens_look(&lens, source->directory, &request.options, source->progress, &why);
    if (is_lacking(status)) return say_why(report, "Motion", &why);
    if (status != AZ_OK) {
        if (error) *error = why;
        return status;
    }
    request.set = lens->subject.present[AZ_LENS_DEAD] ? AZ_LENS_DEAD : AZ_LENS_ALL;
    AZ_TRY(add_motion(report, source, lens, &request, error));
    AZ_TRY(add_lifecycle(report, source, lens, &request, error));
    AZ_TRY(add_kinematics(report, source, lens, &request, error));
out:
    az_lens_free(lens);
    return status;
}

/* ---- forces ---- */

static void add_causes(struct az_report *report, const struct az_ledger *ledger)
{
    static const char *const heads[] = {"cause", "tokens", "share", "what it means"};
    char texts[AZ_CAUSES][2][AZ_UNIT_TEXT_BYTES];
    const char *cells[AZ_CAUSES][4];
    for (int c = 0; c < AZ_CAUSES; c++) {
        double share = ledger->frozen ? (double)ledger->causes[c] / (double)ledger->frozen : 0;
        az_unit_count((uint64_t)ledger->causes[c], texts[c][0]);
        snprintf(texts[c][1], sizeof texts[c][1], "%.1f %%", 100 * share);
        cells[c][0] = az_cause_name((enum az_cause)c);
        cells[c][1] = texts[c][0];
        cells[c][2] = texts[c][1];
        cells[c][3] = az_cause_meaning((enum az_cause)c);
    }
    az_report_table(report,
                    &(struct az_report_table){
                        .caption = "Why dead tokens froze: what took the drive ratio of the "
                                   "coordinate that hopped last below 1 for good",
                        .heads = heads,
                        .cells = &cells[0][0],
                        .rows = AZ_CAUSES,
                        .columns = 4});
}

enum az_status az_report_add_forces(struct az_report *report, const struct az_report_source *source,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    struct az_error why;
    struct az_ledger_report forces = {.path = source->directory, .token = -1};
    struct az_ledger_options options = {.threads = source->threads};
    az_error_clear(&why);
    status = az_ledger_report_make(&forces, &options, source->progress, &why);
    if (is_lacking(status)) {
        status = say_why(report, "Forces", &why);
        goto out;
    }
    if (status != AZ_OK) {
        if (error) *error = why;
        goto out;
    }
    AZ_TRY(picture(path, source, "forces.png", error));
    AZ_TRY(az_ledger_report_draw(&forces, path, error));
    az_report_section(report, "Forces");
    if (forces.ledger.frozen) add_causes(report, &forces.ledger);
    AZ_TRY(
        add_picture(report, source, "forces.png",
                    "Drive ratio: the step that Adam asks for, by half the gap to the next bf16. "
                    "A coordinate moves where it is above 1.",
                    error));
out:
    az_ledger_report_free(&forces);
    return status;
}

/* ---- hidden states ---- */

struct hidden_cells {
    char texts[HIDDEN_ROWS][3][400];
    const char *cells[HIDDEN_ROWS][3];
};

/* The first tokens with their cosines. */
static void list_tokens(const struct az_hidden_report *of, const struct az_hidden_token *tokens,
                        char text[400])
{
    size_t used = 0;
    for (int k = 0; k < 4 && tokens[k].token >= 0; k++) {
        char token[40];
        az_hidden_token_text(of, tokens[k].token, token, sizeof token);
        if (!token[0]) snprintf(token, sizeof token, "#%" PRId64, tokens[k].token);
        int length = snprintf(text + used, 400 - used, "%s\"%s\" %.3f", k ? ", " : "", token,
                              tokens[k].cosine);
        used += (size_t)length;
    }
}

static enum az_status add_pointing(struct az_report *report, const struct az_hidden_report *of,
                                   struct az_error *error)
{
    static const char *const heads[] = {"step", "h_mean points at", "and away from"};
    struct hidden_cells *cells = NULL;
    const struct az_hidden *hidden = of->hidden;
    int64_t every = (hidden->count + HIDDEN_ROWS - 1) / HIDDEN_ROWS;
    size_t rows = 0;
    if (!hidden->towards) return AZ_OK;
    enum az_status status = az_memory_allocate(&cells, 1, sizeof *cells, "the tokens", error);
    if (status != AZ_OK) return status;
    for (int64_t n = 0; n < hidden->count; n += every, rows++) {
        snprintf(cells->texts[rows][0], 400, "%" PRId64, hidden->steps[n].step);
        list_tokens(of, hidden->towards + n * AZ_HIDDEN_TOKENS, cells->texts[rows][1]);
        list_tokens(of, hidden->away + n * AZ_HIDDEN_TOKENS, cells->texts[rows][2]);
        for (int c = 0; c < 3; c++) cells->cells[rows][c] = cells->texts[rows][c];
    }
    az_report_table(report, &(struct az_report_table){
                                .caption = "Tokens whose rows the mean hidden state points at and "
                                           "away from, with the cosine",
                                .heads = heads,
                                .cells = &cells->cells[0][0],
                                .rows = rows,
                                .columns = 3});
    az_memory_free(cells);
    return AZ_OK;
}

static enum az_status add_directions(struct az_report *report,
                                     const struct az_report_source *source,
                                     const struct az_hidden_report *of, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES], text[256];
    AZ_TRY(picture(path, source, "hidden.png", error));
    AZ_TRY(az_hidden_draw(of, path, error));
    az_report_section(report, "Hidden states");
    if (of->hidden->longest_gap_steps > 1) {
        snprintf(text, sizeof text,
                 "One step in %" PRId64 " was looked at; turns are over as many.",
                 of->hidden->longest_gap_steps);
        az_report_text(report, text);
    }
    AZ_TRY(add_picture(report, source, "hidden-states.png",
                       "The final hidden states: how long their mean is, how far positions agree, "
                       "how many dimensions they use, how long directions are remembered.",
                       error));
    AZ_TRY(add_picture(report, source, "hidden-angles.png",
                       "What pushes dead tokens: h_dead is the mean hidden state weighted with "
                       "their probability, dc the motion of their centroid.",
                       error));
    AZ_TRY(add_picture(report, source, "hidden-track.png",
                       "The same directions over the sky of the last matrix; in brackets the share "
                       "of each vector's length that lies along the three axes.",
                       error));
    AZ_TRY(add_pointing(report, of, error));
out:
    return status;
}

enum az_status az_report_add_hidden(struct az_report *report, const struct az_report_source *source,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_error why;
    struct az_hidden *hidden = NULL;
    struct az_tokenizer *tokenizer = NULL;
    struct az_hidden_options options = {.every = frames_of(source->directory) / HIDDEN_STEPS + 1,
                                        .threads = source->threads};
    az_error_clear(&why);
    status = az_hidden_look(&hidden, source->directory, &options, source->progress, &why);
    if (is_lacking(status)) return say_why(report, "Hidden states", &why);
    if (status != AZ_OK) {
        if (error) *error = why;
        return status;
    }
    AZ_TRY(az_lens_tokenizer_read(&tokenizer, NULL, source->directory, error));
    AZ_TRY(add_directions(report, source,
                          &(struct az_hidden_report){.path = source->directory,
                                                     .hidden = hidden,
                                                     .tokenizer = tokenizer,
                                                     .threads = source->threads},
                          error));
out:
    az_tokenizer_free(tokenizer);
    az_hidden_free(hidden);
    return status;
}

/* ---- structure ---- */

enum az_status az_report_add_structure(struct az_report *report,
                                       const struct az_report_source *source,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    struct az_error why;
    struct az_structure *structure = NULL;
    int64_t frames = frames_of(source->directory);
    struct az_structure_options options = {
        .set = AZ_LENS_SETS, .every = frames / STRUCTURE_FRAMES + 1, .threads = source->threads};
    az_error_clear(&why);
    status = az_structure_look(&structure, source->directory, &options, source->progress, &why);
    if (is_lacking(status)) return say_why(report, "Structure", &why);
    if (status != AZ_OK) {
        if (error) *error = why;
        return status;
    }
    AZ_TRY(picture(path, source, "rows.png", error));
    AZ_TRY(az_structure_draw(structure, path, error));
    az_report_section(report, "Structure");
    AZ_TRY(
        add_picture(report, source, "rows-structure.png",
                    "Rows that are equal bit for bit (black holes) and rows that are neighbours on "
                    "the lattice, through training.",
                    error));
out:
    az_structure_free(structure);
    return status;
}
