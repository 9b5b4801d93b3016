#include <string.h>

#include "text/byte_alphabet.h"
#include "text/tokenizer_read.h"

/* The bytes that a spelling in the model stands for, into *bytes. */
static enum az_status read_spelling(const struct az_tokenizer_reader *reader, const char *spelling,
                                    size_t length, struct az_buffer *bytes, struct az_error *error)
{
    bool good;
    bytes->length = 0;
    if (reader->tokenizer->model == AZ_TOKEN_MODEL_CHARACTER ||
        json_object_getn(reader->added, spelling, length))
        return az_buffer_add(bytes, spelling, length, error);
    enum az_status status = az_byte_alphabet_read(spelling, length, bytes, &good, error);
    if (status != AZ_OK || good) return status;
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the token \"%.*s\" is not spelled in the byte "
                          "alphabet, which is not supported",
                          length < 100 ? (int)length : 100, spelling);
}

static enum az_status read_token(struct az_tokenizer_reader *reader, const char *spelling,
                                 size_t length, const json_t *value, struct az_buffer *bytes,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    int shown = length < 100 ? (int)length : 100;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        AZ_RAISE(AZ_FORMAT, "the id of the token \"%.*s\" is not an integer of 0 or more", shown,
                 spelling);
    json_int_t id = json_integer_value(value);
    const json_t *added = json_object_getn(reader->added, spelling, length);
    if (added && json_integer_value(added) != id)
        AZ_RAISE(AZ_FORMAT, "the token \"%.*s\" has the id %lld, and %lld among the added tokens",
                 shown, spelling, (long long)id, (long long)json_integer_value(added));
    AZ_TRY(read_spelling(reader, spelling, length, bytes, error));
    AZ_TRY(az_vocabulary_put(&reader->tokenizer->vocabulary, (size_t)id, bytes->bytes,
                             bytes->length, error));
out:
    return status;
}

static enum az_status read_vocabulary(struct az_tokenizer_reader *reader, const json_t *vocabulary,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer bytes = {0};
    const char *spelling;
    json_t *value;
    size_t length;
    AZ_TRY(az_buffer_reserve(&bytes, 1, error)); /* the empty token has a place too */
    if (!json_is_object(vocabulary)) AZ_RAISE(AZ_FORMAT, "\"vocab\" of \"model\" is no object");
    json_object_keylen_foreach((json_t *)vocabulary, spelling, length, value)
        AZ_TRY(read_token(reader, spelling, length, value, &bytes, error));
out:
    az_buffer_free(&bytes);
    return status;
}

/* ---- merges ---- */

struct spelled_merge {
    const char *left, *right;
    size_t left_bytes, right_bytes;
};

/* A merge is a pair of strings, or one string with a space between. */
static bool split_merge(const json_t *value, struct spelled_merge *merge)
{
    const json_t *left = json_array_get(value, 0), *right = json_array_get(value, 1);
    if (json_array_size(value) == 2 && json_is_string(left) && json_is_string(right)) {
        *merge = (struct spelled_merge){json_string_value(left), json_string_value(right),
                                        json_string_length(left), json_string_length(right)};
        return true;
    }
    const char *text = json_string_value(value);
    const char *space = text ? strchr(text, ' ') : NULL;
    if (!space || strchr(space + 1, ' ')) return false;
    *merge = (struct spelled_merge){text, space + 1, (size_t)(space - text), strlen(space + 1)};
    return true;
}

static enum az_status find_spelled(const struct az_tokenizer_reader *reader, size_t number,
                                   const char *spelling, size_t length, struct az_buffer *bytes,
                                   uint32_t *id, struct az_error *error)
{
    enum az_status status = read_spelling(reader, spelling, length, bytes, error);
    if (status != AZ_OK) return status;
    *id = az_vocabulary_find(&reader->tokenizer->vocabulary, bytes->bytes, bytes->length);
    if (*id != AZ_TOKEN_NONE && length > 0) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "merge %zu names the token \"%.*s\", which is not in the vocabulary",
                          number, length < 100 ? (int)length : 100, spelling);
}

static enum az_status read_merge(struct az_tokenizer_reader *reader, size_t number,
                                 const json_t *value, struct az_buffer *left,
                                 struct az_buffer *right, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = reader->tokenizer;
    struct spelled_merge spelled;
    struct az_merge merge;
    if (!split_merge(value, &spelled))
        AZ_RAISE(AZ_FORMAT, "merge %zu is neither two strings nor one with one space in it",
                 number);
    AZ_TRY(
        find_spelled(reader, number, spelled.left, spelled.left_bytes, left, &merge.left, error));
    AZ_TRY(find_spelled(reader, number, spelled.right, spelled.right_bytes, right, &merge.right,
                        error));
    AZ_TRY(az_buffer_add(left, right->bytes, right->length, error));
    merge.result = az_vocabulary_find(&tokenizer->vocabulary, left->bytes, left->length);
    if (merge.result == AZ_TOKEN_NONE)
        AZ_RAISE(AZ_FORMAT, "merge %zu makes \"%.*s%.*s\", which is not in the vocabulary", number,
                 spelled.left_bytes < 100 ? (int)spelled.left_bytes : 100, spelled.left,
                 spelled.right_bytes < 100 ? (int)spelled.right_bytes : 100, spelled.right);
    AZ_TRY(az_merges_add(&tokenizer->merges, merge, error));
out:
    return status;
}

static enum az_status read_merges(struct az_tokenizer_reader *reader, const json_t *merges,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer left = {0}, right = {0};
    size_t number;
    json_t *value;
    if (!json_is_array(merges)) AZ_RAISE(AZ_FORMAT, "\"merges\" of \"model\" is not a list");
    json_array_foreach(merges, number, value)
        AZ_TRY(read_merge(reader, number, value, &left, &right, error));
out:
    az_buffer_free(&left);
    az_buffer_free(&right);
    return status;
}

static enum az_status read_unknown(struct az_tokenizer_reader *reader, const json_t *name,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = reader->tokenizer;
    if (!json_is_string(name))
        AZ_RAISE(AZ_UNSUPPORTED, "a model of characters without \"unk_token\" is not supported");
    const char *text = json_string_value(name);
    tokenizer->unknown = az_vocabulary_find(&tokenizer->vocabulary, text, json_string_length(name));
    if (tokenizer->unknown == AZ_TOKEN_NONE)
        AZ_RAISE(AZ_FORMAT, "the unk_token \"%.100s\" is not in the vocabulary", text);
out:
    return status;
}

enum az_status az_tokenizer_read_model(struct az_tokenizer_reader *reader, const json_t *part,
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
    struct az_tokenizer *tokenizer = reader->tokenizer;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(az_tokenizer_read_off(part, what, "dropout", error));
    AZ_TRY(az_tokenizer_read_off(part, what, "continuing_subword_prefix", error));
    AZ_TRY(az_tokenizer_read_off(part, what, "end_of_word_suffix", error));
    AZ_TRY(az_tokenizer_read_off(part, what, "byte_fallback", error));
    tokenizer->whole_words_first = json_is_true(json_object_get(part, "ignore_merges"));
    AZ_TRY(read_vocabulary(reader, json_object_get(part, "vocab"), error));
    AZ_TRY(read_merges(reader, json_object_get(part, "merges"), error));
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE) {
        AZ_TRY(az_tokenizer_index_bytes(tokenizer, error));
    } else {
        AZ_TRY(az_tokenizer_read_off(part, what, "fuse_unk", error));
        AZ_TRY(read_unknown(reader, json_object_get(part, "unk_token"), error));
    }
out:
    return status;
}
