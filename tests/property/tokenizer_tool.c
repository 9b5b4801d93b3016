/* tokenizer_tool: the tokenizer for scripts, without the program's ways of speaking.
 *
 *   tokenizer_tool train OUT MODEL PATTERN VOCABULARY BASE SPECIALS TEXT:WEIGHT...
 *   tokenizer_tool encode TOKENIZER [TEXT IDS BACK]...      writes the ids of TEXT (uint32, as
 *                                       the machine has them) and the text that they decode to
 *   tokenizer_tool batch TOKENIZER TEXTS IDS BACK THREADS SPECIAL [PATTERN]
 *                                       TEXTS: each a length (uint32) and its bytes; IDS: each a
 *                                       number and ids; BACK as TEXTS, decoded. SPECIAL 1: with the
 *                                       tokens of the post-processor, decoded without them
 *   tokenizer_tool matches DIALECT PATTERNS TEXTS OUT
 *                                       PATTERNS as TEXTS. OUT: for each pattern 1, and for each
 * text a number of matches and the first byte and the end of each (uint32); or 0 where it is
 * refused. DIALECT: oniguruma, fancy tokenizer_tool resave TOKENIZER OUT tokenizer_tool text NAME
 * OUT                  a built-in text */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "store/file.h"
#include "text/splitter.h"

#define TEXTS 8

static enum az_status train(char **arguments, int count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_weighted_text texts[TEXTS] = {{0}};
    char *bytes[TEXTS] = {0};
    int text_count = 0;
    struct az_tokenizer_plan plan = {
        .model = strcmp(arguments[1], "byte") == 0 ? AZ_TOKEN_MODEL_BYTE : AZ_TOKEN_MODEL_CHARACTER,
        .pattern = arguments[2],
        .vocabulary = atoll(arguments[3]),
        .base_characters = atoll(arguments[4]),
        .special_tokens = arguments[5]};
    for (int n = 6; n < count && text_count < TEXTS; n++, text_count++) {
        char *colon = strrchr(arguments[n], ':');
        if (!colon) AZ_RAISE(AZ_USAGE, "%s has no weight", arguments[n]);
        *colon = 0;
        texts[text_count].weight = atoll(colon + 1);
        AZ_TRY(az_corpus_read(arguments[n], &bytes[text_count], &texts[text_count].length_bytes,
                              error));
        texts[text_count].bytes = bytes[text_count];
    }
    AZ_TRY(az_tokenizer_train(&tokenizer, &plan, texts, (size_t)text_count, NULL, error));
    AZ_TRY(az_tokenizer_save(tokenizer, arguments[0], error));
out:
    for (int n = 0; n < TEXTS; n++) az_corpus_free_text(bytes[n]);
    az_tokenizer_free(tokenizer);
    return status;
}

/* Not az_file_write, which waits for the disk each time. */
static enum az_status write_file(const char *path, const void *bytes, size_t length_bytes,
                                 struct az_error *error)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, length_bytes, file) == length_bytes;
    if ((file && fclose(file) != 0) || !good)
        return az_error_raise(error, AZ_IO, "cannot write %s", path);
    return AZ_OK;
}

static enum az_status encode_file(const struct az_tokenizer *tokenizer, char **paths,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL, *back = NULL;
    uint32_t *ids = NULL;
    size_t length_bytes, id_count;
    AZ_TRY(az_file_read(paths[0], 0, &text, &length_bytes, error));
    AZ_TRY(az_tokenizer_encode(tokenizer, text, length_bytes, &ids, &id_count, NULL, error));
    AZ_TRY(write_file(paths[1], ids, id_count * sizeof *ids, error));
    AZ_TRY(az_tokenizer_decode(tokenizer, ids, id_count, &back, &length_bytes, error));
    AZ_TRY(write_file(paths[2], back, length_bytes, error));
out:
    az_memory_free(text);
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
    return status;
}

static enum az_status encode(char **arguments, int count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    AZ_TRY(az_tokenizer_load(&tokenizer, arguments[0], error));
    for (int n = 1; n + 2 < count; n += 3) AZ_TRY(encode_file(tokenizer, arguments + n, error));
out:
    az_tokenizer_free(tokenizer);
    return status;
}

/* Calls `each` for every text of a file of them. */
static enum az_status walk_texts(const char *texts, size_t bytes,
                                 enum az_status (*each)(void *, const char *, size_t,
                                                        struct az_error *),
                                 void *context, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t at = 0; at + sizeof(uint32_t) <= bytes;) {
        uint32_t length;
        memcpy(&length, texts + at, sizeof length);
        at += sizeof length;
        if (length > bytes - at) AZ_RAISE(AZ_FORMAT, "a text that is cut short");
        AZ_TRY(each(context, texts + at, length, error));
        at += length;
    }
out:
    return status;
}

struct batch {
    struct az_tokenizer *tokenizer;
    struct az_encode_options options;
    FILE *ids, *back;
};

static enum az_status batch_text(void *context, const char *text, size_t length_bytes,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct batch *batch = context;
    uint32_t *ids = NULL, number;
    char *back = NULL;
    size_t count, back_bytes;
    AZ_TRY(az_tokenizer_encode_with(batch->tokenizer, &batch->options, text, length_bytes, &ids,
                                    &count, NULL, error));
    AZ_TRY(az_tokenizer_decode_with(batch->tokenizer, ids, count, batch->options.special_tokens,
                                    &back, &back_bytes, error));
    number = (uint32_t)count;
    fwrite(&number, sizeof number, 1, batch->ids);
    fwrite(ids, sizeof *ids, count, batch->ids);
    number = (uint32_t)back_bytes;
    fwrite(&number, sizeof number, 1, batch->back);
    fwrite(back, 1, back_bytes, batch->back);
out:
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
    return status;
}

static enum az_status batch(char **arguments, int count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct batch batch = {.options.special_tokens = arguments[5][0] == '1'};
    char *texts = NULL;
    size_t bytes;
    AZ_TRY(az_tokenizer_load_with(&batch.tokenizer, arguments[0], count > 6 ? arguments[6] : NULL,
                                  error));
    if (atoi(arguments[4]) > 1)
        AZ_TRY(az_pool_create(&batch.options.pool, atoi(arguments[4]), error));
    AZ_TRY(az_file_read(arguments[1], 0, &texts, &bytes, error));
    batch.ids = fopen(arguments[2], "wb");
    batch.back = fopen(arguments[3], "wb");
    if (!batch.ids || !batch.back) AZ_RAISE(AZ_IO, "cannot write %s", arguments[2]);
    AZ_TRY(walk_texts(texts, bytes, batch_text, &batch, error));
out:
    if (batch.ids) fclose(batch.ids);
    if (batch.back) fclose(batch.back);
    az_memory_free(texts);
    az_pool_free(batch.options.pool);
    az_tokenizer_free(batch.tokenizer);
    return status;
}

struct matching {
    enum az_dialect dialect;
    const char *texts;
    size_t texts_bytes;
    struct az_walk walk;
    FILE *out;
};

static enum az_status match_text(void *context, const char *text, size_t length_bytes,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct matching *matching = context;
    struct az_buffer found = {0};
    const char *piece;
    size_t piece_bytes;
    bool match;
    enum az_status walked;
    az_walk_begin(&matching->walk, text, length_bytes);
    while ((walked = az_walk_piece(&matching->walk, &piece, &piece_bytes, &match, error)) ==
               AZ_OK &&
           piece_bytes > 0) {
        const uint32_t ends[2] = {(uint32_t)(piece - text),
                                  (uint32_t)((size_t)(piece - text) + piece_bytes)};
        if (match) AZ_TRY(az_buffer_add(&found, ends, sizeof ends, error));
    }
    if (walked != AZ_OK) found.length = 0;
    uint32_t count = walked == AZ_OK ? (uint32_t)(found.length / 8) : UINT32_MAX;
    fwrite(&count, sizeof count, 1, matching->out);
    fwrite(found.bytes, 1, found.length, matching->out);
out:
    az_buffer_free(&found);
    return status;
}

static enum az_status match_pattern(void *context, const char *pattern, size_t length_bytes,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct matching *matching = context;
    struct az_splitter splitter = {0};
    struct az_buffer text = {0};
    AZ_TRY(az_buffer_add(&text, pattern, length_bytes, error));
    AZ_TRY(az_buffer_add(&text, "", 1, error));
    uint32_t good = az_splitter_init(&splitter, text.bytes, matching->dialect, error) == AZ_OK;
    fwrite(&good, sizeof good, 1, matching->out);
    if (!good) fprintf(stderr, "%s\n", error->message);
    if (!good) goto out;
    AZ_TRY(az_walk_init(&matching->walk, &splitter, error));
    AZ_TRY(walk_texts(matching->texts, matching->texts_bytes, match_text, matching, error));
out:
    az_walk_free(&matching->walk);
    az_splitter_free(&splitter);
    az_buffer_free(&text);
    return status;
}

static enum az_status matches(char **arguments, int count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct matching matching = {
        .dialect = strcmp(arguments[0], "fancy") == 0 ? AZ_DIALECT_FANCY : AZ_DIALECT_ONIGURUMA};
    char *patterns = NULL, *texts = NULL;
    size_t bytes;
    (void)count;
    AZ_TRY(az_file_read(arguments[1], 0, &patterns, &bytes, error));
    AZ_TRY(az_file_read(arguments[2], 0, &texts, &matching.texts_bytes, error));
    matching.texts = texts;
    matching.out = fopen(arguments[3], "wb");
    if (!matching.out) AZ_RAISE(AZ_IO, "cannot write %s", arguments[3]);
    AZ_TRY(walk_texts(patterns, bytes, match_pattern, &matching, error));
out:
    if (matching.out) fclose(matching.out);
    az_memory_free(patterns);
    az_memory_free(texts);
    return status;
}

static enum az_status resave(char **arguments, int count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    (void)count;
    AZ_TRY(az_tokenizer_load(&tokenizer, arguments[0], error));
    AZ_TRY(az_tokenizer_save(tokenizer, arguments[1], error));
out:
    az_tokenizer_free(tokenizer);
    return status;
}

static enum az_status text(char **arguments, int count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *bytes = NULL;
    size_t length_bytes;
    (void)count;
    AZ_TRY(az_corpus_read(arguments[0], &bytes, &length_bytes, error));
    AZ_TRY(write_file(arguments[1], bytes, length_bytes, error));
out:
    az_corpus_free_text(bytes);
    return status;
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        int arguments;
        enum az_status (*run)(char **, int, struct az_error *);
    } commands[] = {
        {"train", 7, train},     {"encode", 1, encode}, {"batch", 6, batch},
        {"matches", 4, matches}, {"resave", 2, resave}, {"text", 2, text},
    };
    struct az_error error;
    az_error_clear(&error);
    for (size_t n = 0; n < sizeof commands / sizeof commands[0]; n++) {
        if (count < 2 + commands[n].arguments || strcmp(arguments[1], commands[n].name) != 0)
            continue;
        if (commands[n].run(arguments + 2, count - 2, &error) == AZ_OK) return 0;
        char message[2048];
        az_error_format(&error, message, sizeof message);
        fprintf(stderr, "%s\n", message);
        return az_status_exit_code(error.status);
    }
    fprintf(stderr, "tokenizer_tool: see the head of tests/property/tokenizer_tool.c\n");
    return 2;
}
