#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "azimuth/neighbours.h"
#include "azimuth/sky.h"
#include "azimuth/tokens.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "config/number.h"

#define TEXT_BYTES 256

struct dossier {
    struct az_matrix *matrix;
    struct az_tokenizer *tokenizer; /* NULL: none was given */
    struct az_pool *pool;
    struct az_frame *frame;
    struct az_sky *sky;
    int64_t row, token;
    float *values, *other; /* [dims] */
    char text[TEXT_BYTES];
};

static const char *text_of(struct dossier *dossier, int64_t token)
{
    size_t length;
    dossier->text[0] = 0;
    if (!dossier->tokenizer) return "";
    if (token < 0 || (size_t)token >= az_tokenizer_size(dossier->tokenizer)) return "(no token)";
    const char *bytes = az_tokenizer_bytes(dossier->tokenizer, (size_t)token, &length);
    if (!bytes) return "(no token)";
    az_token_escape(bytes, length, dossier->text, sizeof dossier->text);
    return dossier->text;
}

/* An id; or, with a tokenizer, a token's text with the escapes that are printed. */
static enum az_status find_row(struct dossier *dossier, const char *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length = strlen(name);
    dossier->row = -1;
    if (!az_number_parse_integer(name, &dossier->token)) {
        if (!dossier->tokenizer)
            AZ_RAISE(AZ_USAGE, "\"%.60s\" is no token id; a token's text needs --tokenizer", name);
        AZ_TRY(az_memory_copy_string(&text, name, error));
        bool good = az_token_unescape(text, &length);
        uint32_t id =
            good ? az_tokenizer_find(dossier->tokenizer, text, length) : AZ_TOKENIZER_NONE;
        if (id == AZ_TOKENIZER_NONE)
            AZ_RAISE(AZ_USAGE, "the tokenizer has no token \"%.60s\"", name);
        dossier->token = id;
    }
    for (int64_t row = 0; row < dossier->matrix->rows && dossier->row < 0; row++)
        if (az_matrix_token(dossier->matrix, row) == dossier->token) dossier->row = row;
    if (dossier->row < 0)
        AZ_RAISE(AZ_USAGE, "token %lld has no row in the matrix, which has %lld",
                 (long long)dossier->token, (long long)dossier->matrix->rows);
out:
    az_memory_free(text);
    return status;
}

static enum az_status print_token(struct dossier *dossier, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokens tokens = {0};
    uint32_t id = (uint32_t)dossier->token;
    printf("token %lld, row %lld of %s\n", (long long)dossier->token, (long long)dossier->row,
           dossier->matrix->path);
    if (!dossier->tokenizer) goto out;
    const char *text = text_of(dossier, dossier->token);
    if (id >= az_tokenizer_size(dossier->tokenizer) || strcmp(text, "(no token)") == 0) {
        printf("  orphan: the tokenizer has no such token\n");
        goto out;
    }
    AZ_TRY(az_tokens_survey_some(&tokens, dossier->tokenizer, &id, 1, error));
    const struct az_token_row *row = &tokens.row[id];
    printf("  text \"%s\", %u bytes, class %s, script %s, reachability %s\n", text,
           (unsigned)row->length_bytes, az_token_class_name((enum az_token_class)row->token_class),
           az_script_name(row->script), az_reach_name((enum az_reach)row->reach));
out:
    az_tokens_free(&tokens);
    return status;
}

static void print_vector(const struct dossier *dossier)
{
    double squares = 0, off = 0, sum = 0;
    float least = INFINITY, most = -INFINITY;
    int64_t zeros = 0, dims = dossier->matrix->dims;
    for (int64_t d = 0; d < dims; d++) {
        float x = dossier->values[d];
        double from_mean = (double)x - dossier->frame->mean[d];
        squares += (double)x * (double)x;
        off += from_mean * from_mean;
        sum += (double)x;
        least = x < least ? x : least;
        most = x > most ? x : most;
        zeros += x == 0;
    }
    printf("vector: norm %.6f (all rows %.6f +- %.6f), distance from the mean %.6f\n",
           sqrt(squares), dossier->frame->norm_mean, dossier->frame->norm_deviation, sqrt(off));
    printf("  coordinates %.6g to %.6g, mean %.3g, %lld zero\n", (double)least, (double)most,
           sum / (double)dims, (long long)zeros);
    int64_t row = dossier->row;
    printf("sky from the origin: latitude %.6f, longitude %.6f, r %.8f\n",
           dossier->sky->latitude[row], dossier->sky->longitude[row], dossier->sky->r[row]);
}

/* Steps between two bf16 rows: L-infinity, L1, dimensions that differ. */
static void steps_between(const struct dossier *dossier, int32_t *linf, int64_t *l1, int64_t *l0)
{
    *linf = 0;
    *l1 = *l0 = 0;
    for (int64_t d = 0; d < dossier->matrix->dims; d++) {
        int32_t cells = abs(az_bf16_cells(az_bf16_from_f32(dossier->values[d]),
                                          az_bf16_from_f32(dossier->other[d])));
        *linf = cells > *linf ? cells : *linf;
        *l1 += cells;
        *l0 += cells != 0;
    }
}

static enum az_status print_neighbours(struct dossier *dossier, int64_t k,
                                       struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_neighbours *near = NULL;
    bool lattice = dossier->matrix->dtype == AZ_DTYPE_BF16;
    int64_t equal = 0, touching = 0;
    struct az_neighbours_plan plan = {
        .k = AZ_NEIGHBOURS_MOST, .queries = &dossier->row, .query_count = 1};
    AZ_TRY(az_neighbours_find(&near, dossier->matrix, &plan, NULL, dossier->pool, progress, error));
    printf("nearest rows by l2%s:\n", lattice ? "; steps of bf16: Linf, L1, dimensions" : "");
    for (int64_t n = 0; n < near->k && near->rows[n] >= 0; n++) {
        int32_t linf = 0;
        int64_t l1 = 0, l0 = 0, token = az_matrix_token(dossier->matrix, near->rows[n]);
        az_matrix_row_f32(dossier->matrix, near->rows[n], dossier->other);
        if (lattice) steps_between(dossier, &linf, &l1, &l0);
        equal += near->distances[n] == 0;
        touching += lattice && linf == 1;
        if (n >= k) continue;
        printf("  %3lld  token %8lld  %-14.9g", (long long)n + 1, (long long)token,
               near->distances[n]);
        if (lattice) printf("  %6d %8lld %6lld", (int)linf, (long long)l1, (long long)l0);
        printf("  %s\n", text_of(dossier, token));
    }
    bool more = near->k == AZ_NEIGHBOURS_MOST && near->rows[near->k - 1] >= 0;
    printf("equal to it: %lld rows%s", (long long)equal,
           more && equal == AZ_NEIGHBOURS_MOST ? " or more" : "");
    if (lattice)
        printf("; touching it (every coordinate at most one step away): %lld of the nearest %d "
               "rows",
               (long long)touching, AZ_NEIGHBOURS_MOST);
    printf("\n");
out:
    az_neighbours_free(near);
    return status;
}

static enum az_status open_all(struct dossier *dossier, const struct az_arguments *arguments,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *tokenizer = az_arguments_value(arguments, "--tokenizer");
    struct az_frame_plan plan = {.leading = 10, .cache = az_arguments_value(arguments, "--cache")};
    struct az_sky_plan sky = {.ridge = 0};
    int threads;
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_pool_create(&dossier->pool, threads, error));
    AZ_TRY(az_matrix_open(&dossier->matrix, arguments->operands[0], error));
    if (tokenizer) AZ_TRY(az_tokenizer_load(&dossier->tokenizer, tokenizer, error));
    AZ_TRY(find_row(dossier, arguments->operands[1], error));
    size_t dims = (size_t)dossier->matrix->dims;
    AZ_TRY(az_memory_allocate(&dossier->values, dims, sizeof(float), "a row", error));
    AZ_TRY(az_memory_allocate(&dossier->other, dims, sizeof(float), "a row", error));
    az_matrix_row_f32(dossier->matrix, dossier->row, dossier->values);
    AZ_TRY(az_frame_find(&dossier->frame, dossier->matrix, &plan, dossier->pool, progress, error));
    AZ_TRY(az_sky_project(&dossier->sky, dossier->matrix, dossier->frame, &sky, dossier->pool,
                          progress, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct dossier dossier = {0};
    int64_t k = 10;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_integer(arguments, "--neighbours", 0, AZ_NEIGHBOURS_MOST, &k, error));
    AZ_TRY(open_all(&dossier, arguments, progress, error));
    az_bar_end(&bar);
    AZ_TRY(print_token(&dossier, error));
    print_vector(&dossier);
    AZ_TRY(print_neighbours(&dossier, k, NULL, error));
out:
    az_bar_end(&bar);
    az_memory_free(dossier.values);
    az_memory_free(dossier.other);
    az_sky_free(dossier.sky);
    az_frame_free(dossier.frame);
    az_tokenizer_free(dossier.tokenizer);
    az_matrix_close(dossier.matrix);
    az_pool_free(dossier.pool);
    return status;
}

static const struct az_option options[] = {
    {"--tokenizer", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "a tokenizer.json: texts, script and reachability; TOKEN may then be a text"},
    {"--neighbours", "-k", "K", "10", AZ_COMPLETE_NONE, false, false, "nearest rows to list"},
    {"--cache", NULL, "DIR", "AZ_CACHE or ~/.cache/azimuth", AZ_COMPLETE_DIRECTORY, false, false,
     "where found frames are kept; \"\" keeps none"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_inspect = {
    .name = "inspect",
    .summary = "all that is known of one token",
    .operands = "MATRIX TOKEN",
    .operands_least = 2,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description = "Bytes, script and reachability (with a tokenizer), norm, place on the sky, "
                   "nearest rows with their distance in steps of bf16, rows equal to it and rows "
                   "that it touches. TOKEN is an id or, with a tokenizer, a text.",
    .options = options,
    .examples = "azimuth inspect model.safetensors 80091\n"
                "azimuth inspect model.safetensors ' the' --tokenizer tokenizer.json\n",
    .run = run,
};
