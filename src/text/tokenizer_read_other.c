/* Files that are no tokenizer.json: .tiktoken, and vocab.json with merges.txt. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/json.h"
#include "text/base64.h"
#include "text/tokenizer_read.h"
#include "text/utf8.h"

/* ---- .tiktoken: lines of a token in base64 and its rank, which is its id ---- */

#define TOKEN_LIMIT_BYTES 4096

static enum az_status raise_line(int64_t line, const char *what, struct az_error *error)
{
    az_error_raise(error, AZ_FORMAT, "%s; a line is a token in base64, a blank and its rank", what);
    az_error_at(error, NULL, line, -1, -1);
    return AZ_FORMAT;
}

static enum az_status read_rank(struct az_tokenizer *tokenizer, const char *text, size_t length,
                                int64_t line, struct az_error *error)
{
    unsigned char bytes[TOKEN_LIMIT_BYTES];
    const char *blank = memchr(text, ' ', length);
    size_t encoded = blank ? (size_t)(blank - text) : length, rank = 0;
    if (!blank || encoded + 1 == length || encoded / 4 * 3 + 3 > sizeof bytes)
        return raise_line(line, "no rank, or a token that is too long", error);
    for (size_t n = encoded + 1; n < length; n++) {
        if (text[n] < '0' || text[n] > '9' || rank >= AZ_TOKEN_LIMIT)
            return raise_line(line, "a rank that is no number, or too large", error);
        rank = 10 * rank + (size_t)(text[n] - '0');
    }
    int64_t count = az_base64_decode(text, encoded, bytes);
    if (count <= 0) return raise_line(line, "a token that is not base64, or empty", error);
    enum az_status status =
        az_vocabulary_put(&tokenizer->vocabulary, rank, (const char *)bytes, (size_t)count, error);
    if (status != AZ_OK) az_error_at(error, NULL, line, -1, -1);
    return status;
}

static enum az_status read_ranks(struct az_tokenizer *tokenizer, const char *text, size_t bytes,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t line = 1;
    for (size_t at = 0; at < bytes; line++) {
        const char *end = memchr(text + at, '\n', bytes - at);
        size_t length = end ? (size_t)(end - text) - at : bytes - at, next = at + length + 1;
        if (length > 0 && text[at + length - 1] == '\r') length--;
        if (length > 0) AZ_TRY(read_rank(tokenizer, text + at, length, line, error));
        at = next;
    }
    if (tokenizer->vocabulary.entries == 0) AZ_RAISE(AZ_FORMAT, "the file has no tokens");
out:
    return status;
}

/* Two tokens are merged where their bytes are a token; its rank is the merge's. */
static enum az_status add_merges(struct az_tokenizer *tokenizer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &tokenizer->vocabulary;
    for (size_t id = 0; id < vocabulary->count; id++) {
        size_t length;
        const char *bytes = az_vocabulary_bytes(vocabulary, id, &length);
        for (size_t cut = 1; bytes && cut < length; cut++) {
            uint32_t left = az_vocabulary_find(vocabulary, bytes, cut);
            if (left == AZ_TOKEN_NONE) continue;
            uint32_t right = az_vocabulary_find(vocabulary, bytes + cut, length - cut);
            if (right == AZ_TOKEN_NONE) continue;
            AZ_TRY(az_merges_add_ranked(&tokenizer->merges,
                                        (struct az_merge){left, right, (uint32_t)id}, (uint32_t)id,
                                        error));
        }
    }
out:
    return status;
}

/* The files of OpenAI, by the number of their ranks: how they cut texts, and the special tokens. */
static const struct encoding {
    size_t ranks;
    const char *pattern;
    struct {
        const char *content;
        uint32_t id;
    } special[5];
} encodings[] = {
    {50256, "gpt2", {{"<|endoftext|>", 50256}}},
    {50280, "gpt2", {{"<|endoftext|>", 50256}}},
    {100256,
     "cl100k",
     {{"<|endoftext|>", 100257},
      {"<|fim_prefix|>", 100258},
      {"<|fim_middle|>", 100259},
      {"<|fim_suffix|>", 100260},
      {"<|endofprompt|>", 100276}}},
    {199998, "o200k", {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}},
};

static const struct encoding *usual_encoding(size_t ranks)
{
    for (size_t n = 0; n < sizeof encodings / sizeof encodings[0]; n++)
        if (encodings[n].ranks == ranks) return &encodings[n];
    return NULL;
}

static enum az_status add_special(struct az_tokenizer *tokenizer, const struct encoding *encoding,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_vocabulary *vocabulary = &tokenizer->vocabulary;
    for (size_t n = 0; n < 5 && encoding->special[n].content; n++) {
        const char *content = encoding->special[n].content;
        uint32_t id = encoding->special[n].id;
        if (id < vocabulary->count && vocabulary->tokens[id].present)
            AZ_RAISE(AZ_FORMAT, "the rank %u, which is the id of %s, is there", (unsigned)id,
                     content);
        AZ_TRY(az_vocabulary_put_aside(vocabulary, id, content, strlen(content), error));
        AZ_TRY(az_added_put(&tokenizer->added, (struct az_added_token){.id = id}, content, error));
        vocabulary->tokens[id].added = vocabulary->tokens[id].special = true;
        tokenizer->added_count++;
    }
out:
    return status;
}

static enum az_status set_pattern(struct az_tokenizer *tokenizer, const char *pattern,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    struct az_decoder_step *decoding;
    const struct encoding *encoding =
        pattern ? NULL : usual_encoding(tokenizer->vocabulary.entries);
    if (!pattern && !encoding)
        AZ_RAISE(AZ_USAGE,
                 "a .tiktoken file with %zu ranks does not say how it cuts texts; give the "
                 "pattern: gpt2, cl100k, o200k, or a regular expression",
                 tokenizer->vocabulary.entries);
    if (encoding) {
        pattern = encoding->pattern;
        AZ_TRY(add_special(tokenizer, encoding, error));
    }
    const char *named = az_scanner_tiktoken(pattern);
    AZ_TRY(az_cutter_add(&tokenizer->cutter, AZ_CUTTER_PATTERN, &step, error));
    step->behaviour = AZ_BEHAVIOUR_REMOVED;
    step->invert = true;
    AZ_TRY(az_splitter_init(&step->splitter, named ? named : pattern, AZ_DIALECT_FANCY, error));
    AZ_TRY(az_decoder_add(&tokenizer->decoder, AZ_DECODER_BYTES, &decoding, error));
    tokenizer->cutter.spelled = true;
out:
    return status;
}

enum az_status az_tokenizer_read_tiktoken(struct az_tokenizer **tokenizer, const char *name,
                                          const char *text, size_t length_bytes,
                                          const char *pattern, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *made = NULL;
    *tokenizer = NULL;
    AZ_TRY(az_tokenizer_create(&made, AZ_TOKEN_MODEL_BYTE, error));
    made->whole_words_first = made->ranked = true;
    AZ_TRY(read_ranks(made, text, length_bytes, error));
    AZ_TRY(az_tokenizer_index_bytes(made, error));
    AZ_TRY(add_merges(made, error));
    AZ_TRY(set_pattern(made, pattern, error));
    *tokenizer = made;
    made = NULL;
out:
    if (status != AZ_OK) az_error_at(error, name, -1, -1, -1);
    az_tokenizer_free(made);
    return status;
}

/* ---- vocab.json and merges.txt: the parts of a byte-level tokenizer.json ---- */

/* merges.txt as a list of strings; a first line "#version ..." is none. */
static enum az_status merges_as_json(const char *text, size_t bytes, json_t *list,
                                     struct az_error *error)
{
    for (size_t at = 0; at < bytes;) {
        const char *end = memchr(text + at, '\n', bytes - at);
        size_t length = end ? (size_t)(end - text) - at : bytes - at, next = at + length + 1;
        if (length > 0 && text[at + length - 1] == '\r') length--;
        bool version = length >= 8 && memcmp(text + at, "#version", 8) == 0;
        json_t *merge = length > 0 && !version ? json_stringn(text + at, length) : NULL;
        if (length > 0 && !version && (!merge || json_array_append_new(list, merge) != 0))
            return az_error_raise(error, AZ_FORMAT, "merges.txt is not valid UTF-8 at byte %zu",
                                  at + az_utf8_invalid(text + at, length));
        at = next;
    }
    return AZ_OK;
}

/* The special token of GPT-2, where the vocabulary has it. */
static json_t *added_tokens(const json_t *vocabulary)
{
    static const char name[] = "<|endoftext|>";
    const json_t *id = json_object_get(vocabulary, name);
    if (!json_is_integer(id)) return json_array();
    return json_pack("[{s:I, s:s, s:b, s:b}]", "id", json_integer_value(id), "content", name,
                     "special", 1, "normalized", 0);
}

static enum az_status pair_as_json(json_t *vocabulary, json_t *merges, json_t **root,
                                   struct az_error *error)
{
    *root = json_pack("{s:s, s:o, s:{s:s, s:b, s:b, s:b}, s:{s:s}, s:{s:s, s:O, s:O}}", "version",
                      "1.0", "added_tokens", added_tokens(vocabulary), "pre_tokenizer", "type",
                      "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 1,
                      "decoder", "type", "ByteLevel", "model", "type", "BPE", "vocab", vocabulary,
                      "merges", merges);
    return *root ? AZ_OK : az_error_raise(error, AZ_MEMORY, "cannot allocate a tokenizer");
}

enum az_status az_tokenizer_read_pair(struct az_tokenizer **tokenizer, const char *name,
                                      const char *vocabulary, size_t vocabulary_bytes,
                                      const char *merges, size_t merges_bytes,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    json_t *tokens = NULL, *list = json_array(), *root = NULL;
    char *text = NULL;
    *tokenizer = NULL;
    if (!list) AZ_RAISE(AZ_MEMORY, "cannot allocate a tokenizer");
    AZ_TRY(az_json_parse(name, vocabulary, vocabulary_bytes, &tokens, error));
    AZ_TRY(merges_as_json(merges, merges_bytes, list, error));
    AZ_TRY(pair_as_json(tokens, list, &root, error));
    text = json_dumps(root, JSON_COMPACT);
    if (!text) AZ_RAISE(AZ_MEMORY, "cannot allocate a tokenizer");
    AZ_TRY(az_tokenizer_read_json(tokenizer, name, text, strlen(text), error));
out:
    if (status != AZ_OK) az_error_at(error, name, -1, -1, -1);
    free(text);
    json_decref(tokens);
    json_decref(list);
    json_decref(root);
    return status;
}
