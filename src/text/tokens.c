#include "azimuth/tokens.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>

#include "base/memory.h"
#include "text/encoder.h"
#include "text/tokens_reach.h"
#include "text/utf8.h"

#define STAGE "tokens"
#define CHUNK_ROWS ((size_t)512)
#define ROUND_CHUNKS ((size_t)32) /* between two looks at the clock */
#define ENCODER_BYTES ((size_t)1 << 16)

struct survey {
    struct az_tokens *tokens;
    struct az_encoder *encoders;     /* [threads] */
    struct az_reach_chunk *chunks;   /* [chunk_count] */
    size_t chunk_count, first_chunk; /* first of the round */
};

static void look_at_row(struct az_tokens *tokens, size_t id)
{
    struct az_token_row *row = &tokens->row[id];
    size_t length_bytes;
    const char *bytes = id < az_tokenizer_size(tokens->tokenizer)
                            ? az_tokenizer_bytes(tokens->tokenizer, id, &length_bytes)
                            : NULL;
    row->token_class = AZ_TOKEN_ORPHAN;
    row->reach = AZ_REACH_ORPHAN;
    if (!bytes) return;
    struct az_token_kind kind = az_token_classify(bytes, length_bytes);
    bool special = az_tokenizer_special(tokens->tokenizer, id);
    row->token_class = (uint8_t)(special ? AZ_TOKEN_SPECIAL : kind.token_class);
    row->script = (uint16_t)kind.script;
    row->length_bytes = (uint32_t)length_bytes;
    row->characters = (uint32_t)kind.characters;
}

static void look_at_chunk(void *context, size_t number, int thread)
{
    struct survey *survey = context;
    size_t chunk = survey->first_chunk + number, first = chunk * CHUNK_ROWS;
    size_t end =
        first + CHUNK_ROWS < survey->tokens->rows ? first + CHUNK_ROWS : survey->tokens->rows;
    for (size_t id = first; id < end; id++) look_at_row(survey->tokens, id);
    if (survey->tokens->reached)
        az_reach_rows(survey->tokens, first, end, &survey->encoders[thread],
                      &survey->chunks[chunk]);
}

static enum az_status run_round(struct survey *survey, size_t chunks, struct az_pool *pool,
                                struct az_error *error)
{
    if (pool) az_pool_run(pool, look_at_chunk, survey, chunks);
    for (size_t n = 0; !pool && n < chunks; n++) look_at_chunk(survey, n, 0);
    for (size_t n = 0; survey->tokens->reached && n < chunks; n++) {
        const struct az_reach_chunk *chunk = &survey->chunks[survey->first_chunk + n];
        if (chunk->status == AZ_OK) continue;
        if (error) *error = chunk->error;
        return chunk->status;
    }
    survey->first_chunk += chunks;
    return AZ_OK;
}

static enum az_status run_all(struct survey *survey, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    az_progress_begin(progress);
    while (survey->first_chunk < survey->chunk_count) {
        size_t left = survey->chunk_count - survey->first_chunk;
        AZ_TRY(run_round(survey, left < ROUND_CHUNKS ? left : ROUND_CHUNKS, pool, error));
        size_t done = survey->first_chunk * CHUNK_ROWS;
        if (done > survey->tokens->rows) done = survey->tokens->rows;
        az_progress_tell(progress, STAGE, "token", (double)done, (double)survey->tokens->rows, "");
        if (az_progress_stopped(progress)) AZ_RAISE(AZ_INTERRUPTED, "the survey was stopped");
    }
    az_progress_end(progress, STAGE, "token", (double)survey->tokens->rows,
                    (double)survey->tokens->rows, "");
out:
    return status;
}

/* Encodings of all chunks in one array, in order of row. */
static enum az_status join(struct survey *survey, struct az_error *error)
{
    struct az_tokens *tokens = survey->tokens;
    size_t total = 0;
    for (size_t n = 0; n < survey->chunk_count; n++) total += survey->chunks[n].count;
    if (total > UINT32_MAX)
        return az_error_raise(error, AZ_UNSUPPORTED, "the tokens encode to %zu ids, too many",
                              total);
    enum az_status status = az_memory_allocate(&tokens->encodings, total, sizeof *tokens->encodings,
                                               "encodings", error);
    if (status != AZ_OK) return status;
    uint32_t place = 0;
    for (size_t n = 0; n < survey->chunk_count; n++) {
        const struct az_reach_chunk *chunk = &survey->chunks[n];
        if (chunk->count)
            memcpy(tokens->encodings + place, chunk->ids, chunk->count * sizeof *chunk->ids);
        place += (uint32_t)chunk->count;
    }
    place = 0;
    for (size_t id = 0; id < tokens->rows; id++) {
        tokens->row[id].encoding = place;
        place += tokens->row[id].encoding_count;
    }
    return AZ_OK;
}

static enum az_status prepare(struct survey *survey, int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tokens *tokens = survey->tokens;
    survey->chunk_count = (tokens->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    if (!tokens->reached) goto out;
    AZ_TRY(az_memory_allocate(&survey->chunks, survey->chunk_count, sizeof *survey->chunks,
                              "the tokens' encodings", error));
    AZ_TRY(az_memory_allocate(&survey->encoders, (size_t)threads, sizeof *survey->encoders,
                              "the encoders", error));
    for (int n = 0; n < threads; n++)
        AZ_TRY(az_encoder_init(&survey->encoders[n], tokens->tokenizer, ENCODER_BYTES, error));
out:
    return status;
}

static void release(struct survey *survey, int threads)
{
    for (int n = 0; survey->encoders && n < threads; n++) az_encoder_free(&survey->encoders[n]);
    for (size_t n = 0; survey->chunks && n < survey->chunk_count; n++)
        az_memory_free(survey->chunks[n].ids);
    az_memory_free(survey->encoders);
    az_memory_free(survey->chunks);
}

enum az_status az_tokens_survey(struct az_tokens *tokens, const struct az_tokenizer *tokenizer,
                                size_t rows, bool reach, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t ids = az_tokenizer_size(tokenizer);
    int threads = pool ? az_pool_threads(pool) : 1;
    struct survey survey = {.tokens = tokens};
    *tokens =
        (struct az_tokens){.tokenizer = tokenizer, .rows = rows ? rows : ids, .reached = reach};
    if (tokens->rows < ids)
        AZ_RAISE(AZ_USAGE, "a matrix of %zu rows is too small for a tokenizer with ids up to %zu",
                 rows, ids - 1);
    if (tokens->rows > AZ_TOKEN_LIMIT)
        AZ_RAISE(AZ_USAGE, "%zu rows are more than the %zu that can be", rows, AZ_TOKEN_LIMIT);
    AZ_TRY(az_memory_allocate(&tokens->row, tokens->rows, sizeof *tokens->row, "the rows", error));
    AZ_TRY(prepare(&survey, threads, error));
    AZ_TRY(run_all(&survey, pool, progress, error));
    if (reach) AZ_TRY(join(&survey, error));
out:
    release(&survey, threads);
    return status;
}

/* Encodings stand in the order of the ids here; a repeated id is encoded once. */
enum az_status az_tokens_survey_some(struct az_tokens *tokens, const struct az_tokenizer *tokenizer,
                                     const uint32_t *ids, size_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_encoder encoder = {0};
    struct az_reach_chunk chunk = {0};
    *tokens = (struct az_tokens){
        .tokenizer = tokenizer, .rows = az_tokenizer_size(tokenizer), .reached = true};
    AZ_TRY(az_memory_allocate(&tokens->row, tokens->rows, sizeof *tokens->row, "the rows", error));
    AZ_TRY(az_encoder_init(&encoder, tokenizer, ENCODER_BYTES, error));
    for (size_t n = 0; n < count; n++) {
        struct az_token_row *row = &tokens->row[ids[n]];
        if (row->encoding_count) continue;
        look_at_row(tokens, ids[n]);
        row->encoding = (uint32_t)chunk.count;
        az_reach_rows(tokens, ids[n], ids[n] + 1, &encoder, &chunk);
        if (chunk.status != AZ_OK && error) *error = chunk.error;
        AZ_TRY(chunk.status);
    }
    tokens->encodings = chunk.ids;
    chunk.ids = NULL;
out:
    az_memory_free(chunk.ids);
    az_encoder_free(&encoder);
    return status;
}

void az_tokens_free(struct az_tokens *tokens)
{
    az_memory_free(tokens->row);
    az_memory_free(tokens->encodings);
    *tokens = (struct az_tokens){0};
}

void az_tokens_count(const struct az_tokens *tokens,
                     struct az_token_group_counts counts[AZ_TOKEN_GROUP_LIMIT])
{
    memset(counts, 0, AZ_TOKEN_GROUP_LIMIT * sizeof *counts);
    for (size_t id = 0; id < tokens->rows; id++) {
        const struct az_token_row *row = &tokens->row[id];
        struct az_token_group_counts *group = &counts[az_token_group(row)];
        if (group->rows++ == 0) group->first = id;
        group->last = id;
        group->bytes += row->length_bytes;
        if (row->length_bytes > group->longest_bytes) group->longest_bytes = row->length_bytes;
        group->reach[row->reach] += tokens->reached;
    }
}

/* ---- reasons ---- */

static void reason_of_split(const struct az_tokens *tokens, size_t id, char reason[AZ_REASON_BYTES])
{
    const struct az_token_row *row = &tokens->row[id];
    size_t length, used;
    const char *bytes = az_tokenizer_bytes(tokens->tokenizer, id, &length);
    uint32_t before = 0, after = az_utf8_decode(bytes + row->cut_bytes, &used);
    if (row->cut_bytes)
        before = az_utf8_decode(bytes + az_utf8_before(bytes, row->cut_bytes), &used);
    snprintf(reason, AZ_REASON_BYTES,
             "cut at byte %" PRIu32 ", U+%04" PRIX32 " | U+%04" PRIX32 "%s", row->cut_bytes, before,
             after, row->cut_at_mark ? ", at a combining mark" : "");
}

size_t az_tokens_within(const struct az_tokens *tokens, size_t id, char *text,
                        size_t capacity_bytes)
{
    const struct az_token_within *within = &tokens->row[id].within;
    size_t length, before = within->before_count;
    if (!within->found) return 0;
    const char *bytes = az_tokenizer_bytes(tokens->tokenizer, id, &length);
    if (before + length + within->after_count > capacity_bytes) return 0;
    memcpy(text, within->before, before);
    memcpy(text + before, bytes, length);
    memcpy(text + before + length, within->after, within->after_count);
    return before + length + within->after_count;
}

static void reason_of_within(const struct az_tokens *tokens, size_t id,
                             char reason[AZ_REASON_BYTES])
{
    char text[AZ_REASON_BYTES / 2], shown[AZ_REASON_BYTES / 2];
    size_t length = az_tokens_within(tokens, id, text, sizeof text);
    bool fits = length && az_token_escape(text, length, shown, sizeof shown) < sizeof shown;
    if (fits)
        snprintf(reason, AZ_REASON_BYTES, "within \"%s\"", shown);
    else
        snprintf(reason, AZ_REASON_BYTES, "%s",
                 tokens->row[id].within.found ? "within a longer text"
                                              : "no longer text was found that gives it");
}

void az_tokens_reason(const struct az_tokens *tokens, size_t id, char reason[AZ_REASON_BYTES])
{
    const struct az_token_row *row = &tokens->row[id];
    reason[0] = 0;
    if (!tokens->reached) return;
    switch ((enum az_reach)row->reach) {
    case AZ_REACH_SPLIT: reason_of_split(tokens, id, reason); break;
    case AZ_REACH_INVALID_UTF8:
    case AZ_REACH_CONTINUATION: reason_of_within(tokens, id, reason); break;
    case AZ_REACH_NORMALISED:
        snprintf(reason, AZ_REASON_BYTES, "the normaliser changes its text");
        break;
    case AZ_REACH_MERGE:
        snprintf(reason, AZ_REASON_BYTES, "one word, of which the model makes %" PRIu32 " tokens",
                 row->encoding_count);
        break;
    default: break;
    }
}
