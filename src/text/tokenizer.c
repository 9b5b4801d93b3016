#include "azimuth/tokenizer.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
#include "text/tokenizer_parts.h"

#define FILE_LIMIT_BYTES ((size_t)1 << 30)
#define PATH_BYTES 4096

enum az_status az_tokenizer_create(struct az_tokenizer **tokenizer, enum az_token_model model,
                                   struct az_error *error)
{
    enum az_status status =
        az_memory_allocate(tokenizer, 1, sizeof **tokenizer, "a tokenizer", error);
    if (status != AZ_OK) return status;
    (*tokenizer)->model = model;
    (*tokenizer)->unknown = AZ_TOKEN_NONE;
    for (int byte = 0; byte < 256; byte++) (*tokenizer)->fallback_ids[byte] = AZ_TOKEN_NONE;
    return AZ_OK;
}

void az_tokenizer_free(struct az_tokenizer *tokenizer)
{
    if (!tokenizer) return;
    az_normaliser_free(&tokenizer->normaliser);
    az_cutter_free(&tokenizer->cutter);
    az_decoder_free(&tokenizer->decoder);
    az_vocabulary_free(&tokenizer->vocabulary);
    az_vocabulary_free(&tokenizer->renamed);
    az_vocabulary_free(&tokenizer->surfaces);
    az_merges_free(&tokenizer->merges);
    az_unigram_free(&tokenizer->unigram);
    az_added_free(&tokenizer->added);
    az_added_free(&tokenizer->added_normalised);
    az_memory_free(tokenizer->prefix);
    az_memory_free(tokenizer->suffix);
    az_memory_free(tokenizer->before);
    az_memory_free(tokenizer->behind);
    az_memory_free(tokenizer->source);
    az_memory_free(tokenizer);
}

enum az_status az_tokenizer_index_bytes(struct az_tokenizer *tokenizer, struct az_error *error)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        uint32_t id = az_vocabulary_find(&tokenizer->vocabulary, &text, 1);
        if (id == AZ_TOKEN_NONE)
            return az_error_raise(error, AZ_UNSUPPORTED,
                                  "the vocabulary has no token for the byte %02x; a byte-level "
                                  "model needs all 256",
                                  byte);
        tokenizer->byte_ids[byte] = id;
    }
    return AZ_OK;
}

enum az_status az_tokenizer_set_pattern(struct az_tokenizer *tokenizer, enum az_pattern pattern,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    struct az_decoder_step *decoding;
    bool bytes = tokenizer->model == AZ_TOKEN_MODEL_BYTE;
    AZ_TRY(az_cutter_add(&tokenizer->cutter, AZ_CUTTER_PATTERN, &step, error));
    AZ_TRY(az_splitter_init_named(&step->splitter, pattern, error));
    if (pattern == AZ_PATTERN_WHITESPACE) step->behaviour = AZ_BEHAVIOUR_REMOVED;
    if (pattern == AZ_PATTERN_WHITESPACE) step->invert = true;
    tokenizer->cutter.spelled = bytes;
    if (bytes || pattern != AZ_PATTERN_WHITESPACE)
        AZ_TRY(az_decoder_add(&tokenizer->decoder, bytes ? AZ_DECODER_BYTES : AZ_DECODER_FUSE,
                              &decoding, error));
out:
    return status;
}

const struct az_splitter *az_tokenizer_splitter(const struct az_tokenizer *tokenizer)
{
    for (size_t n = 0; n < tokenizer->cutter.count; n++)
        if (tokenizer->cutter.steps[n].kind == AZ_CUTTER_PATTERN)
            return &tokenizer->cutter.steps[n].splitter;
    return NULL;
}

/* ---- files ---- */

static enum az_status read_pair(struct az_tokenizer **tokenizer, const char *folder,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *vocabulary = NULL, *merges = NULL, path[PATH_BYTES];
    size_t vocabulary_bytes, merges_bytes;
    struct az_hasher *hasher = NULL;
    AZ_TRY(az_path_join(path, sizeof path, folder, "merges.txt", error));
    AZ_TRY(az_file_read(path, FILE_LIMIT_BYTES, &merges, &merges_bytes, error));
    AZ_TRY(az_path_join(path, sizeof path, folder, "vocab.json", error));
    AZ_TRY(az_file_read(path, FILE_LIMIT_BYTES, &vocabulary, &vocabulary_bytes, error));
    AZ_TRY(az_hasher_create(&hasher, error));
    az_hasher_add(hasher, vocabulary, vocabulary_bytes);
    az_hasher_add(hasher, merges, merges_bytes);
    AZ_TRY(az_tokenizer_read_pair(tokenizer, path, vocabulary, vocabulary_bytes, merges,
                                  merges_bytes, error));
    (*tokenizer)->hash = az_hasher_value(hasher);
out:
    az_hasher_free(hasher);
    az_memory_free(vocabulary);
    az_memory_free(merges);
    return status;
}

static bool ends_in(const char *path, const char *end)
{
    size_t length = strlen(path), bytes = strlen(end);
    return length >= bytes && strcmp(path + length - bytes, end) == 0;
}

/* The folder of vocab.json or merges.txt, or one that has them and no tokenizer.json. */
static enum az_status find_pair(const char *path, char folder[PATH_BYTES], bool *is_pair,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    char file[PATH_BYTES];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    *is_pair = strcmp(name, "vocab.json") == 0 || strcmp(name, "merges.txt") == 0;
    if (*is_pair) {
        int length = slash ? (int)(slash - path) + (slash == path) : 1;
        snprintf(folder, PATH_BYTES, "%.*s", length, slash ? path : ".");
    } else if (az_file_is_directory(path)) {
        snprintf(folder, PATH_BYTES, "%s", path);
        AZ_TRY(az_path_join(file, sizeof file, path, "tokenizer.json", error));
        *is_pair = !az_file_exists(file);
        AZ_TRY(az_path_join(file, sizeof file, path, "vocab.json", error));
        if (*is_pair && !az_file_exists(file))
            AZ_RAISE(AZ_MISSING,
                     "%s holds neither a tokenizer.json nor a vocab.json with its merges.txt; a "
                     ".tiktoken file is named itself",
                     path);
    }
out:
    return status;
}

static enum az_status load(struct az_tokenizer **tokenizer, const char *path, const char *pattern,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL, folder[PATH_BYTES], file[PATH_BYTES];
    bool is_pair, is_tiktoken = ends_in(path, ".tiktoken");
    size_t length_bytes;
    if (pattern && !is_tiktoken)
        AZ_RAISE(AZ_USAGE, "a pattern is given for %s; only .tiktoken files need one", path);
    AZ_TRY(find_pair(path, folder, &is_pair, error));
    if (is_pair) {
        status = read_pair(tokenizer, folder, error);
        goto out;
    }
    if (az_file_is_directory(path)) {
        AZ_TRY(az_path_join(file, sizeof file, path, "tokenizer.json", error));
        path = file;
    }
    AZ_TRY(az_file_read(path, FILE_LIMIT_BYTES, &text, &length_bytes, error));
    if (is_tiktoken)
        AZ_TRY(az_tokenizer_read_tiktoken(tokenizer, path, text, length_bytes, pattern, error));
    else
        AZ_TRY(az_tokenizer_read_json(tokenizer, path, text, length_bytes, error));
    (*tokenizer)->hash = az_hash_bytes(text, length_bytes);
out:
    az_memory_free(text);
    return status;
}

enum az_status az_tokenizer_load_with(struct az_tokenizer **tokenizer, const char *path,
                                      const char *pattern, struct az_error *error)
{
    *tokenizer = NULL;
    return load(tokenizer, path, pattern, error);
}

enum az_status az_tokenizer_load(struct az_tokenizer **tokenizer, const char *path,
                                 struct az_error *error)
{
    return az_tokenizer_load_with(tokenizer, path, NULL, error);
}

enum az_status az_tokenizer_save(const struct az_tokenizer *tokenizer, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length_bytes;
    AZ_TRY(az_tokenizer_write_json(tokenizer, &text, &length_bytes, error));
    AZ_TRY(az_file_write(path, text, length_bytes, error));
out:
    az_memory_free(text);
    return status;
}

/* ---- what it is ---- */

struct az_tokenizer_info az_tokenizer_describe(const struct az_tokenizer *tokenizer)
{
    static const char *const algorithms[] = {
        [AZ_ALGORITHM_BPE] = "BPE",
        [AZ_ALGORITHM_WORDPIECE] = "WordPiece",
        [AZ_ALGORITHM_UNIGRAM] = "Unigram",
        [AZ_ALGORITHM_WORDLEVEL] = "WordLevel",
    };
    const struct az_splitter *splitter = az_tokenizer_splitter(tokenizer);
    const char *name = splitter ? az_pattern_name(splitter->pattern) : NULL;
    return (struct az_tokenizer_info){
        .model = tokenizer->model,
        .algorithm = algorithms[tokenizer->algorithm],
        .pattern = name       ? name
                   : splitter ? splitter->text
                              : "",
        .tokens = tokenizer->vocabulary.entries,
        .merges = tokenizer->merges.count,
        .special_tokens = tokenizer->added_count,
        .hash = tokenizer->hash,
    };
}

size_t az_tokenizer_size(const struct az_tokenizer *tokenizer)
{
    return tokenizer->vocabulary.count;
}

const char *az_tokenizer_decoded(const struct az_tokenizer *tokenizer, size_t id,
                                 size_t *length_bytes)
{
    const char *bytes = az_vocabulary_bytes(&tokenizer->renamed, id, length_bytes);
    return bytes ? bytes : az_vocabulary_bytes(&tokenizer->vocabulary, id, length_bytes);
}

const char *az_tokenizer_bytes(const struct az_tokenizer *tokenizer, size_t id,
                               size_t *length_bytes)
{
    if (tokenizer->surfaces.count > 0)
        return az_vocabulary_bytes(&tokenizer->surfaces, id, length_bytes);
    return az_tokenizer_decoded(tokenizer, id, length_bytes);
}

const char *az_tokenizer_spelling(const struct az_tokenizer *tokenizer, size_t id,
                                  size_t *length_bytes)
{
    return az_vocabulary_bytes(&tokenizer->vocabulary, id, length_bytes);
}

bool az_tokenizer_special(const struct az_tokenizer *tokenizer, size_t id)
{
    return id < tokenizer->vocabulary.count && tokenizer->vocabulary.tokens[id].added;
}

uint32_t az_tokenizer_find(const struct az_tokenizer *tokenizer, const char *bytes,
                           size_t length_bytes)
{
    bool changed = tokenizer->surfaces.count > 0;
    uint32_t id = az_vocabulary_find(changed ? &tokenizer->surfaces : &tokenizer->vocabulary, bytes,
                                     length_bytes);
    if (id == AZ_TOKEN_NONE) id = az_added_named(&tokenizer->added, bytes, length_bytes);
    return id;
}
