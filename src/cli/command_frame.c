#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/figure.h"
#include "azimuth/frame.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "config/number.h"
#include "store/file.h"

#define PATH_BYTES 4096

struct findings {
    const struct az_matrix *matrix;
    const struct az_frame *frame;
    struct az_isotropy isotropy;
    struct az_causal causal;
    bool has_causal;
};

static void print_rogues(const struct findings *found)
{
    const struct az_isotropy *isotropy = &found->isotropy;
    printf("rogue dimensions, by their share of the mean cosine:\n");
    for (int64_t n = 0; n < isotropy->rogue_count && n < 5; n++)
        printf("  %6lld  %5.1f %%   mean %9.3g   deviation %9.3g\n",
               (long long)isotropy->rogues[n].dim, 100 * isotropy->rogues[n].share,
               isotropy->rogues[n].mean, isotropy->rogues[n].deviation);
}

static void print_causal(const struct az_causal *causal)
{
    printf("causal metric  ridge %g, condition %.4g, eigenvalues of C %.4g to %.4g\n",
           causal->ridge, causal->condition, causal->eigen_least, causal->eigen_most);
    printf("  cosines of %lld random pairs: %.5f +- %.5f; without the metric %.5f +- %.5f; null, "
           "shuffled: %.5f +- %.5f\n",
           (long long)causal->pairs, causal->cosine_mean, causal->cosine_deviation,
           causal->plain_mean, causal->plain_deviation, causal->null_mean, causal->null_deviation);
    printf("  causal norms: mean %.4f +- %.4f, %.4f to %.4f\n", causal->norm_mean,
           causal->norm_deviation, causal->norm_least, causal->norm_most);
}

static void print_spectrum(const struct az_frame *frame)
{
    double sum = 0;
    printf("%lld components, trace %.6g%s\n", (long long)frame->count, frame->trace,
           frame->cached ? ", from the cache" : "");
    for (int64_t k = 0; k < frame->count; k++) {
        sum += frame->values[k];
        bool shown = k < 10 || k + 1 == 100 || k + 1 == 1000 || k + 1 == frame->count;
        if (shown)
            printf("  %5lld  eigenvalue %-11.6g  %6.3f %%  together %6.2f %%\n", (long long)k + 1,
                   frame->values[k], 100 * frame->values[k] / frame->trace,
                   100 * sum / frame->trace);
    }
}

static void print(const struct findings *found)
{
    const struct az_frame *frame = found->frame;
    char rows[AZ_UNIT_TEXT_BYTES], used[AZ_UNIT_TEXT_BYTES], hash[AZ_HASH_TEXT_BYTES];
    double squares = 0;
    for (int64_t d = 0; d < frame->dims; d++) squares += frame->mean[d] * frame->mean[d];
    az_unit_count((uint64_t)frame->rows, rows);
    az_unit_count((uint64_t)frame->used, used);
    az_hash_text(frame->matrix_hash, hash);
    printf("%s %s: %s x %lld, hash %s\n", found->matrix->path, found->matrix->tensor, rows,
           (long long)frame->dims, hash);
    printf("rows used %s, left out: %lld not finite, %lld repeated\n", used,
           (long long)frame->not_finite, (long long)frame->repeated);
    printf("norms: mean %.6f, deviation %.6f, %.6f to %.6f; norm of the mean vector %.6f\n",
           frame->norm_mean, frame->norm_deviation, frame->norm_least, frame->norm_most,
           sqrt(squares));
    print_spectrum(frame);
    printf("mean cosine of all pairs %.6f, of centred rows %.6f; partition isotropy %.4g\n",
           found->isotropy.cosine_origin, found->isotropy.cosine_centred,
           found->isotropy.partition);
    if (frame->whole)
        printf("participation ratio %.2f, effective rank %.2f of %lld\n",
               found->isotropy.participation, found->isotropy.effective_rank,
               (long long)frame->dims);
    print_rogues(found);
    if (found->has_causal) print_causal(&found->causal);
}

/* ---- files ---- */

static enum az_status save(const struct findings *found, const char *path, struct az_error *error)
{
    const struct az_frame *frame = found->frame;
    char hash[AZ_HASH_TEXT_BYTES];
    az_hash_text(frame->matrix_hash, hash);
    const char *metadata[] = {
        "format", "azimuth frame 1", "matrix", found->matrix->path, "matrix_hash", hash, NULL};
    struct az_tensor tensors[] = {{.name = "mean",
                                   .dtype = AZ_DTYPE_F64,
                                   .rank = 1,
                                   .shape = {frame->dims},
                                   .data = frame->mean},
                                  {.name = "deviation",
                                   .dtype = AZ_DTYPE_F64,
                                   .rank = 1,
                                   .shape = {frame->dims},
                                   .data = frame->deviation},
                                  {.name = "eigenvalues",
                                   .dtype = AZ_DTYPE_F64,
                                   .rank = 1,
                                   .shape = {frame->count},
                                   .data = frame->values},
                                  {.name = "eigenvectors",
                                   .dtype = AZ_DTYPE_F32,
                                   .rank = 2,
                                   .shape = {frame->count, frame->dims},
                                   .data = frame->vectors}};
    return az_safetensors_save(path, tensors, 4, metadata, error);
}

static enum az_status draw(const struct findings *found, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_frame *frame = found->frame;
    size_t n = (size_t)frame->count;
    double *values = NULL, sum = 0;
    AZ_TRY(az_memory_allocate(&values, 3 * n, sizeof *values, "a figure", error));
    for (size_t k = 0; k < n; k++) {
        sum += frame->values[k];
        values[k] = (double)k + 1;
        values[n + k] = frame->values[k];
        values[2 * n + k] = 100 * sum / frame->trace;
    }
    struct az_figure_series spectrum = {
        .name = "eigenvalue", .x = values, .y = values + n, .count = n};
    struct az_figure_series share = {
        .name = "share (%)", .x = values, .y = values + 2 * n, .count = n};
    if (n < 40) spectrum.mark = share.mark = AZ_MARK_POINTS;
    struct az_figure_panel panels[] = {
        {.title = "Spectrum of the covariance",
         .point_unit = "components",
         .x = {.label = "component", .logarithmic = true},
         .y = {.label = "eigenvalue (squared weight units)", .logarithmic = true},
         .series = &spectrum,
         .series_count = 1},
        {.title = "Share of the variance in the leading components",
         .point_unit = "components",
         .x = {.label = "components"},
         .y = {.label = "share of the variance (%)"},
         .series = &share,
         .series_count = 1}};
    struct az_figure figure = {.panels = panels, .panel_count = 2};
    AZ_TRY(az_figure_draw(&figure, path, error));
out:
    az_memory_free(values);
    return status;
}

static enum az_status write_files(const struct findings *found, const char *directory,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_directory_create(directory, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "frame.safetensors", error));
    AZ_TRY(save(found, path, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "spectrum.png", error));
    AZ_TRY(draw(found, path, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    struct az_frame *frame = NULL;
    struct az_pool *pool = NULL;
    const char *directory = az_arguments_value(arguments, "--output");
    const char *ridge_text = az_arguments_value(arguments, "--ridge");
    struct findings found = {.has_causal = az_arguments_has(arguments, "--causal")};
    struct az_frame_plan plan = {.unique_rows = az_arguments_has(arguments, "--unique"),
                                 .cache = az_arguments_value(arguments, "--cache")};
    int64_t pairs = 4096, seed = 42;
    double ridge = 1e-6;
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_arguments_integer(arguments, "--leading", 1, 10000, &plan.leading, error));
    AZ_TRY(az_arguments_integer(arguments, "--pairs", 1, 1 << 20, &pairs, error));
    AZ_TRY(az_arguments_integer(arguments, "--seed", 0, INT64_MAX, &seed, error));
    if (ridge_text && !az_number_parse(ridge_text, &ridge))
        AZ_RAISE(AZ_USAGE, "--ridge %.60s: expected a number such as 1e-6", ridge_text);
    if (found.has_causal && plan.leading)
        AZ_RAISE(AZ_USAGE, "--causal needs all components: leave --leading away");
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_matrix_open(&matrix, arguments->operands[0], error));
    AZ_TRY(az_frame_find(&frame, matrix, &plan, pool, progress, error));
    found.matrix = matrix;
    found.frame = frame;
    AZ_TRY(az_frame_isotropy(frame, matrix, &found.isotropy, pool, progress, error));
    if (found.has_causal)
        AZ_TRY(az_frame_causal(frame, matrix, ridge, pairs, (uint64_t)seed, &found.causal, pool,
                               error));
    az_bar_end(&bar);
    print(&found);
    if (directory) AZ_TRY(write_files(&found, directory, error));
out:
    az_bar_end(&bar);
    az_frame_free(frame);
    az_matrix_close(matrix);
    az_pool_free(pool);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,
     "writes frame.safetensors (mean, deviation, eigenvalues, eigenvectors) and spectrum.png with "
     "its numbers and script there"},
    {"--leading", NULL, "K", "all", AZ_COMPLETE_NONE, false, false,
     "finds the K leading components only, in seconds, without the covariance"},
    {"--unique", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "of rows that are equal to the bit only the first counts"},
    {"--causal", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "measures the causal metric, the inverse covariance: its condition, and cosines of random "
     "pairs of rows under it, without it, and of a shuffled null"},
    {"--ridge", NULL, "X", "1e-6", AZ_COMPLETE_NONE, false, false,
     "what is added to the eigenvalues before the covariance is inverted"},
    {"--pairs", NULL, "N", "4096", AZ_COMPLETE_NONE, false, false, "random pairs for the cosines"},
    {"--seed", NULL, "N", "42", AZ_COMPLETE_NONE, false, false, "seed of the pairs"},
    {"--cache", NULL, "DIR", "AZ_CACHE or ~/.cache/azimuth", AZ_COMPLETE_DIRECTORY, false, false,
     "where found frames are kept, by the hash of the matrix; \"\" keeps none"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_frame = {
    .name = "frame",
    .summary = "mean, principal components, isotropy of a matrix",
    .operands = "MATRIX",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "MATRIX is a safetensors file, a sharded checkpoint, an .npy file or a frame of a "
        "recording, as PATH[@TENSOR][:STEP]. Rows with a NaN or an infinity are left out. What "
        "each figure means is in docs/definitions.md, \"Frame\".",
    .options = options,
    .examples = "azimuth frame model.safetensors --leading 10\n"
                "azimuth frame model.safetensors --causal -o frame\n",
    .run = run,
};
