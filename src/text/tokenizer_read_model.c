#include <string.h>

#include "base/memory.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_read.h"
#include "text/utf8.h"

#define WORD_LIMIT_MOST 1000000

/* ---- vocabularies ---- */

/* A token of the model: found by its bytes in a byte model, unless its spelling is outside the byte
 * alphabet, in which no word has it. */
static enum az_status put(struct az_tokenizer *tokenizer, size_t id, const char *spelling,
                          size_t length, struct az_buffer *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool good;
    if (tokenizer->model != AZ_TOKEN_MODEL_BYTE)
        return az_vocabulary_put(&tokenizer->vocabulary, id, spelling, length, error);
    bytes->length = 0;
    AZ_TRY(az_buffer_reserve(bytes, 1, error));
    AZ_TRY(az_byte_alphabet_read(spelling, length, bytes, &good, error));
    AZ_TRY(good ? az_vocabulary_put(&tokenizer->vocabulary, id, bytes->bytes, bytes->length, error)
                : az_vocabulary_put_aside(&tokenizer->vocabulary, id, spelling, length, error));
out:
    return status;
}

static enum az_status read_vocabulary(struct az_tokenizer *tokenizer, const json_t *vocabulary,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer bytes = {0};
    const char *spelling;
    json_t *value;
    size_t length;
    if (!json_is_object(vocabulary)) AZ_RAISE(AZ_FORMAT, "\"vocab\" of \"model\" is no object");
    json_object_keylen_foreach((json_t *)vocabulary, spelling, length, value)
    {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            AZ_RAISE(AZ_FORMAT, "the id of the token \"%.*s\" is not an integer of 0 or more",
                     length < 100 ? (int)length : 100, spelling);
        AZ_TRY(put(tokenizer, (size_t)json_integer_value(value), spelling, length, &bytes, error));
    }
out:
    az_buffer_free(&bytes);
    return status;
}

static enum az_status read_unknown(struct az_tokenizer *tokenizer, const json_t *part,
                                   bool may_miss, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const json_t *name = json_object_get(part, "unk_token");
    if (may_miss && (!name || json_is_null(name))) return AZ_OK;
    if (!json_is_string(name)) AZ_RAISE(AZ_FORMAT, "\"unk_token\" of \"model\" is no string");
    const char *text = json_string_value(name);
    const json_t *id = json_object_get(json_object_get(part, "vocab"), text);
    if (!id) AZ_RAISE(AZ_FORMAT, "the unk_token \"%.100s\" is not in the vocabulary", text);
    tokenizer->unknown = (uint32_t)json_integer_value(id);
out:
    return status;
}

static enum az_status read_affix(const json_t *part, const char *key, char **affix, size_t *bytes,
                                 struct az_error *error)
{
    enum az_status status = az_tokenizer_read_string(part, "model", key, true, affix, bytes, error);
    if (status == AZ_OK && *bytes > AZ_AFFIX_BYTES)
        status =
            az_error_raise(error, AZ_UNSUPPORTED, "\"%s\" has %zu bytes; up to %d are supported",
                           key, *bytes, AZ_AFFIX_BYTES);
    return status;
}

static void find_fallback(struct az_tokenizer *tokenizer)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        const char digits[] = "0123456789ABCDEF";
        char name[] = "<0x00>";
        name[3] = digits[byte >> 4];
        name[4] = digits[byte & 15];
        tokenizer->fallback_ids[byte] = az_vocabulary_find(&tokenizer->vocabulary, name, 6);
    }
}

/* ---- models ---- */

/* Whether words can be merged from bytes as they are: the model then sees the byte alphabet, all of
 * it, and the decoder leads back. */
static bool is_byte_level(const struct az_tokenizer *tokenizer, const json_t *vocabulary)
{
    const struct az_decoder *decoder = &tokenizer->decoder;
    if (!tokenizer->cutter.spelled || tokenizer->prefix_bytes + tokenizer->suffix_bytes > 0 ||
        decoder->count != 1 || decoder->steps[0].kind != AZ_DECODER_BYTES)
        return false;
    for (unsigned byte = 0; byte < 256; byte++) {
        char name[8] = {0};
        az_utf8_put(az_byte_alphabet_character((unsigned char)byte), name);
        if (!json_object_get(vocabulary, name)) return false;
    }
    return true;
}

static enum az_status read_bpe(struct az_tokenizer *tokenizer, const json_t *part,
                               struct az_error *error)
{
    static const char *const names[] = {"type",
                                        "dropout",
                                        "unk_token",
                                        "continuing_subword_prefix",
                                        "end_of_word_suffix",
                                        "fuse_unk",
                                        "byte_fallback",
                                        "ignore_merges",
                                        "vocab",
                                        "merges",
                                        NULL};
    static const char what[] = "model";
    enum az_status status = AZ_OK;
    const json_t *vocabulary = json_object_get(part, "vocab");
    const json_t *dropout = json_object_get(part, "dropout");
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    if (dropout && !json_is_null(dropout) && json_number_value(dropout) != 0)
        AZ_RAISE(AZ_UNSUPPORTED, "\"dropout\" of \"model\" is set, which is not supported");
    AZ_TRY(read_affix(part, "continuing_subword_prefix", &tokenizer->prefix,
                      &tokenizer->prefix_bytes, error));
    AZ_TRY(read_affix(part, "end_of_word_suffix", &tokenizer->suffix, &tokenizer->suffix_bytes,
                      error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "ignore_merges", false, &tokenizer->whole_words_first,
                                  error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "fuse_unk", false, &tokenizer->fuse_unknown, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "byte_fallback", false, &tokenizer->byte_fallback,
                                  error));
    if (is_byte_level(tokenizer, vocabulary)) tokenizer->model = AZ_TOKEN_MODEL_BYTE;
    AZ_TRY(read_vocabulary(tokenizer, vocabulary, error));
    AZ_TRY(az_tokenizer_read_merges(tokenizer, vocabulary, json_object_get(part, "merges"), error));
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE) AZ_TRY(az_tokenizer_index_bytes(tokenizer, error));
    AZ_TRY(read_unknown(tokenizer, part, true, error));
    find_fallback(tokenizer);
out:
    return status;
}

static enum az_status read_wordpiece(struct az_tokenizer *tokenizer, const json_t *part,
                                     struct az_error *error)
{
    static const char *const names[] = {
        "type",  "unk_token", "continuing_subword_prefix", "max_input_chars_per_word",
        "vocab", NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(part, "model", names, error));
    AZ_TRY(read_affix(part, "continuing_subword_prefix", &tokenizer->prefix,
                      &tokenizer->prefix_bytes, error));
    if (!tokenizer->prefix) AZ_RAISE(AZ_FORMAT, "WordPiece has no \"continuing_subword_prefix\"");
    AZ_TRY(az_tokenizer_read_count(part, "model", "max_input_chars_per_word", 0, WORD_LIMIT_MOST,
                                   &tokenizer->word_limit, error));
    AZ_TRY(read_vocabulary(tokenizer, json_object_get(part, "vocab"), error));
    AZ_TRY(read_unknown(tokenizer, part, false, error));
out:
    return status;
}

static enum az_status read_wordlevel(struct az_tokenizer *tokenizer, const json_t *part,
                                     struct az_error *error)
{
    static const char *const names[] = {"type", "unk_token", "vocab", NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(part, "model", names, error));
    AZ_TRY(read_vocabulary(tokenizer, json_object_get(part, "vocab"), error));
    const char *unknown = json_string_value(json_object_get(part, "unk_token"));
    if (unknown && json_object_get(json_object_get(part, "vocab"), unknown))
        AZ_TRY(read_unknown(tokenizer, part, false, error));
out:
    return status;
}

/* ["the", -3.5] */
static enum az_status read_piece(struct az_tokenizer *tokenizer, size_t id, const json_t *piece,
                                 struct az_error *error)
{
    const json_t *text = json_array_get(piece, 0), *score = json_array_get(piece, 1);
    if (json_array_size(piece) != 2 || !json_is_string(text) || !json_is_number(score))
        return az_error_raise(error, AZ_FORMAT,
                              "token %zu of \"vocab\" is not a text and its score", id);
    tokenizer->unigram.scores[id] = json_number_value(score);
    return az_vocabulary_put(&tokenizer->vocabulary, id, json_string_value(text),
                             json_string_length(text), error);
}

static enum az_status read_unigram(struct az_tokenizer *tokenizer, const json_t *part,
                                   struct az_error *error)
{
    static const char *const names[] = {"type", "unk_id", "vocab", "byte_fallback", NULL};
    enum az_status status = AZ_OK;
    const json_t *list = json_object_get(part, "vocab"), *piece;
    const json_t *unknown = json_object_get(part, "unk_id");
    size_t id, number;
    AZ_TRY(az_tokenizer_read_keys(part, "model", names, error));
    AZ_TRY(az_tokenizer_read_flag(part, "model", "byte_fallback", false, &tokenizer->byte_fallback,
                                  error));
    size_t count = json_array_size(list);
    if (count == 0) AZ_RAISE(AZ_FORMAT, "\"vocab\" of \"model\" is no list, or empty");
    AZ_TRY(
        az_memory_allocate(&tokenizer->unigram.scores, count, sizeof(double), "the scores", error));
    tokenizer->unigram.count = count;
    json_array_foreach(list, id, piece) AZ_TRY(read_piece(tokenizer, id, piece, error));
    if (unknown && !json_is_null(unknown)) {
        AZ_TRY(az_tokenizer_read_count(part, "model", "unk_id", 0, (int64_t)count - 1, &number,
                                       error));
        tokenizer->unknown = (uint32_t)number;
    }
    find_fallback(tokenizer);
    AZ_TRY(az_unigram_build(&tokenizer->unigram, &tokenizer->vocabulary, error));
out:
    return status;
}

/* Files of old versions do not say the type. */
static const char *type_of(const json_t *part)
{
    const char *type = az_tokenizer_read_type(part);
    if (*type) return type;
    if (json_object_get(part, "merges")) return "BPE";
    if (json_object_get(part, "max_input_chars_per_word")) return "WordPiece";
    return json_is_array(json_object_get(part, "vocab")) ? "Unigram" : "WordLevel";
}

enum az_status az_tokenizer_read_model(struct az_tokenizer *tokenizer, const json_t *part,
                                       struct az_error *error)
{
    static const struct {
        const char *type;
        enum az_status (*read)(struct az_tokenizer *, const json_t *, struct az_error *);
    } models[] = {
        [AZ_ALGORITHM_BPE] = {"BPE", read_bpe},
        [AZ_ALGORITHM_WORDPIECE] = {"WordPiece", read_wordpiece},
        [AZ_ALGORITHM_UNIGRAM] = {"Unigram", read_unigram},
        [AZ_ALGORITHM_WORDLEVEL] = {"WordLevel", read_wordlevel},
    };
    const char *type = type_of(part);
    for (size_t n = 0; n < sizeof models / sizeof models[0]; n++) {
        if (strcmp(type, models[n].type) != 0) continue;
        tokenizer->algorithm = (enum az_algorithm)n;
        return models[n].read(tokenizer, part, error);
    }
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the model \"%.100s\" is not supported; BPE, WordPiece, Unigram and "
                          "WordLevel are",
                          type);
}
