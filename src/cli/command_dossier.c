#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/neighbours.h"
#include "azimuth/sky.h"
#include "azimuth/tokens.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "config/number.h"
#include "sky/lattice_row.h"
#include "sky/sighting.h"

#define TEXT_BYTES 256

struct dossier {
    struct az_matrix *matrix;
    struct az_tokenizer *tokenizer; /* NULL: none was given */
    struct az_pool *pool;
    struct az_frame *frame;
    struct az_sky *sky;
    int64_t row, token;
    float *values;           /* [dims] */
    int32_t *orders, *other; /* [dims] of the row, and of another */
    void *scratch;           /* a row */
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
    char reason[AZ_REASON_BYTES];
    az_tokens_reason(&tokens, id, reason);
    printf("  text \"%s\", class %s, script %s\n  bytes", text,
           az_token_class_name((enum az_token_class)row->token_class), az_script_name(row->script));
    size_t length;
    const char *bytes = az_tokenizer_bytes(dossier->tokenizer, id, &length);
    for (size_t n = 0; n < length; n++) printf(" %02x", (unsigned char)bytes[n]);
    printf("\n  reachability %s%s%s; encodes to", az_reach_name((enum az_reach)row->reach),
           reason[0] ? ": " : "", reason);
    for (uint32_t n = 0; n < row->encoding_count; n++)
        printf(" %" PRIu32, tokens.encodings[row->encoding + n]);
    printf("%s\n", row->encoding_count ? "" : " nothing");
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

/* ---- what lies near ---- */

static struct az_steps steps_to(struct dossier *dossier, int64_t row)
{
    az_row_orders(dossier->matrix, row, dossier->scratch, dossier->other);
    return az_orders_distance(dossier->orders, dossier->other, dossier->matrix->dims);
}

static enum az_status print_neighbours(struct dossier *dossier, int64_t k,
                                       struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_neighbours *near = NULL;
    struct az_neighbours_plan plan = {.k = k, .queries = &dossier->row, .query_count = 1};
    if (k == 0) return AZ_OK;
    AZ_TRY(az_neighbours_find(&near, dossier->matrix, &plan, NULL, dossier->pool, progress, error));
    printf("nearest rows by l2; steps of the lattice: Linf, L1, dimensions\n");
    for (int64_t n = 0; n < near->k && near->rows[n] >= 0; n++) {
        struct az_steps steps = steps_to(dossier, near->rows[n]);
        int64_t token = az_matrix_token(dossier->matrix, near->rows[n]);
        printf("  %3" PRId64 "  token %8" PRId64 "  %-14.9g  %6" PRIu32 " %8" PRIu64 " %6" PRIu32
               "  %s\n",
               n + 1, token, near->distances[n], steps.linf, steps.l1, steps.l0,
               text_of(dossier, token));
    }
out:
    az_neighbours_free(near);
    return status;
}

static bool has_nan(struct dossier *dossier, int64_t row)
{
    az_matrix_row_f32(dossier->matrix, row, dossier->values);
    for (int64_t d = 0; d < dossier->matrix->dims; d++)
        if (isnan(dossier->values[d])) return true;
    return false;
}

struct touching {
    int64_t row;
    struct az_steps steps;
};

static int by_steps(const void *a, const void *b)
{
    const struct touching *x = a, *y = b;
    if (x->steps.linf != y->steps.linf) return x->steps.linf < y->steps.linf ? -1 : 1;
    if (x->steps.l1 != y->steps.l1) return x->steps.l1 < y->steps.l1 ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Rows at Linf 0, 1 and 2 steps, of all rows of the matrix; *found: sorted, az_memory_free. */
static enum az_status find_touching(struct dossier *dossier, const struct az_sighting *sighting,
                                    struct touching **found, int64_t counts[3],
                                    struct az_error *error)
{
    int64_t count = 0;
    for (int64_t row = 0; row < sighting->rows; row++) count += sighting->steps[row] <= 2;
    enum az_status status =
        az_memory_allocate(found, (size_t)count, sizeof **found, "rows that touch", error);
    count = 0;
    for (int64_t row = 0; status == AZ_OK && row < sighting->rows; row++) {
        if (sighting->steps[row] > 2 || row == dossier->row || has_nan(dossier, row)) continue;
        counts[sighting->steps[row]]++;
        (*found)[count++] = (struct touching){row, steps_to(dossier, row)};
    }
    if (status == AZ_OK) qsort(*found, (size_t)count, sizeof **found, by_steps);
    return status;
}

static void print_touching(struct dossier *dossier, const struct touching *found, int64_t count,
                           int64_t most)
{
    for (int64_t n = 0; n < count && n < most; n++) {
        int64_t token = az_matrix_token(dossier->matrix, found[n].row);
        printf("  token %8" PRId64 "  L1 %" PRIu64 "  %s\n", token, found[n].steps.l1,
               text_of(dossier, token));
    }
    if (count > most) printf("  and %" PRId64 " more\n", count - most);
}

/* Equal rows and rows that touch, by their bits: every row of the matrix is compared. */
static enum az_status print_lattice(struct dossier *dossier, int64_t most,
                                    struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_sighting sighting = {0};
    struct touching *found = NULL;
    int64_t counts[3] = {0};
    void *centre = NULL;
    size_t bytes = dossier->matrix->row_bytes;
    if (has_nan(dossier, dossier->row)) {
        printf(
            "on the lattice: the row holds a NaN, so it is equal to nothing and touches nothing\n");
        return AZ_OK;
    }
    AZ_TRY(az_memory_allocate(&centre, 1, bytes, "a row", error));
    memcpy(centre, az_matrix_row(dossier->matrix, dossier->row, dossier->scratch), bytes);
    AZ_TRY(az_sighting_take(&sighting, dossier->matrix, centre, dossier->pool, progress, error));
    AZ_TRY(find_touching(dossier, &sighting, &found, counts, error));
    printf("on the lattice, all rows compared: %" PRId64 " equal (-0 as +0), %" PRId64
           " touching (Linf 1), %" PRId64 " one step too far (Linf 2)\n",
           counts[0], counts[1], counts[2]);
    if (counts[0]) printf("equal to it\n");
    print_touching(dossier, found, counts[0], most);
    if (counts[1]) printf("touching it\n");
    print_touching(dossier, found + counts[0], counts[1], most);
out:
    az_memory_free(centre);
    az_memory_free(found);
    az_sighting_free(&sighting);
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
    AZ_TRY(az_memory_allocate(&dossier->orders, dims, sizeof(int32_t), "a row", error));
    AZ_TRY(az_memory_allocate(&dossier->other, dims, sizeof(int32_t), "a row", error));
    AZ_TRY(az_memory_allocate(&dossier->scratch, dossier->matrix->row_bytes, 1, "a row", error));
    az_row_orders(dossier->matrix, dossier->row, dossier->scratch, dossier->orders);
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
    AZ_TRY(print_lattice(&dossier, k, NULL, error));
    AZ_TRY(print_neighbours(&dossier, k, NULL, error));
out:
    az_bar_end(&bar);
    az_memory_free(dossier.values);
    az_memory_free(dossier.orders);
    az_memory_free(dossier.other);
    az_memory_free(dossier.scratch);
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
    {"--neighbours", "-k", "K", "10", AZ_COMPLETE_NONE, false, false,
     "rows to list: the nearest, the equal, those that touch"},
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
                   "rows equal to it and rows that it touches on the lattice (every component at "
                   "most one step away), found by their bits among all rows, and the nearest rows "
                   "by distance. TOKEN is an id or, with a tokenizer, a text.",
    .options = options,
    .examples = "azimuth inspect model.safetensors 80091\n"
                "azimuth inspect model.safetensors ' the' --tokenizer tokenizer.json\n",
    .run = run,
};
