#include <string.h>

#include "text/byte_alphabet.h"
#include "text/tokenizer_read.h"

#define ADDED_LIMIT 65536

struct reader {
    struct az_tokenizer *tokenizer;
    const json_t *spellings; /* ids of the model's tokens by what the file calls them, or NULL */
    size_t model_tokens;     /* of the model alone */
    size_t highest;          /* id of an added token, plus 1 */
    struct az_normal normal;
};

/* Its bytes, out of the byte alphabet for a byte model where they are in it, as ByteLevel decodes.
 */
static enum az_status put_aside(struct reader *reader, struct az_vocabulary *vocabulary, size_t id,
                                const char *content, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer bytes = {0};
    bool good = false;
    size_t length = strlen(content);
    if (reader->tokenizer->model == AZ_TOKEN_MODEL_BYTE)
        AZ_TRY(az_byte_alphabet_read(content, length, &bytes, &good, error));
    AZ_TRY(az_vocabulary_put_aside(vocabulary, id, good ? bytes.bytes : content,
                                   good ? bytes.length : length, error));
out:
    az_buffer_free(&bytes);
    return status;
}

/* The content as the normaliser makes it, which is what is found in a normalised text. */
static enum az_status put_normalised(struct reader *reader, struct az_added_token token,
                                     const char *content, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = reader->tokenizer;
    struct az_buffer normal = {0};
    AZ_TRY(az_normaliser_apply(&tokenizer->normaliser, content, strlen(content), &reader->normal,
                               error));
    if (reader->normal.length_bytes == 0)
        AZ_RAISE(AZ_UNSUPPORTED,
                 "the normalizer leaves nothing of the added token \"%.100s\", which is not "
                 "supported",
                 content);
    AZ_TRY(az_buffer_add(&normal, reader->normal.text, reader->normal.length_bytes, error));
    AZ_TRY(az_buffer_add(&normal, "", 1, error));
    AZ_TRY(az_added_put(&tokenizer->added_normalised, token, normal.bytes, error));
    if (strcmp(normal.bytes, content) != 0)
        AZ_TRY(put_aside(reader, &tokenizer->renamed, token.id, normal.bytes, error));
out:
    az_buffer_free(&normal);
    return status;
}

/* The id that `tokenizers` gives: the model's, or the next that is free. */
static size_t id_of(const struct reader *reader, const char *content)
{
    uint32_t id = AZ_TOKEN_NONE;
    const json_t *known = json_object_get(reader->spellings, content);
    if (known)
        id = (uint32_t)json_integer_value(known);
    else if (!reader->spellings)
        id = az_vocabulary_find(&reader->tokenizer->vocabulary, content, strlen(content));
    if (id != AZ_TOKEN_NONE) return id;
    return reader->highest > reader->model_tokens ? reader->highest : reader->model_tokens;
}

static enum az_status check_token(const json_t *token, const char **content, json_int_t *id,
                                  struct az_error *error)
{
    static const char *const names[] = {"id",     "content",    "single_word", "lstrip",
                                        "rstrip", "normalized", "special",     NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(token, "added_tokens", names, error));
    const json_t *number = json_object_get(token, "id");
    *content = json_string_value(json_object_get(token, "content"));
    *id = json_integer_value(number);
    if (!*content || !**content || !json_is_integer(number) || *id < 0)
        AZ_RAISE(AZ_FORMAT, "an added token has no \"content\" or no \"id\" that is 0 or more");
    if ((size_t)*id >= AZ_TOKEN_LIMIT)
        AZ_RAISE(AZ_FORMAT, "id %lld is out of range; ids lie below %zu", (long long)*id,
                 AZ_TOKEN_LIMIT);
out:
    return status;
}

static enum az_status read_token(struct reader *reader, const json_t *token, struct az_error *error)
{
    static const char what[] = "added_tokens";
    enum az_status status = AZ_OK;
    struct az_vocabulary *vocabulary = &reader->tokenizer->vocabulary;
    struct az_added_token added = {0};
    const char *content;
    json_int_t id;
    bool normalised, special;
    AZ_TRY(check_token(token, &content, &id, error));
    size_t expected = id_of(reader, content);
    if (expected != (size_t)id)
        AZ_RAISE(AZ_UNSUPPORTED,
                 "the added token \"%.100s\" has the id %lld, but `tokenizers` gives it %zu%s",
                 content, (long long)id, expected,
                 expected < reader->model_tokens ? ", as in the model" : ", the next free");
    AZ_TRY(az_tokenizer_read_flag(token, what, "single_word", false, &added.single_word, error));
    AZ_TRY(az_tokenizer_read_flag(token, what, "lstrip", false, &added.left, error));
    AZ_TRY(az_tokenizer_read_flag(token, what, "rstrip", false, &added.right, error));
    AZ_TRY(az_tokenizer_read_flag(token, what, "normalized", false, &normalised, error));
    AZ_TRY(az_tokenizer_read_flag(token, what, "special", false, &special, error));
    bool there = (size_t)id < vocabulary->count && vocabulary->tokens[id].present;
    if (there && vocabulary->tokens[id].added)
        AZ_RAISE(AZ_FORMAT, "the added token \"%.100s\" is there twice", content);
    if (!there) AZ_TRY(put_aside(reader, vocabulary, (size_t)id, content, error));
    if ((size_t)id + 1 > reader->highest) reader->highest = (size_t)id + 1;
    added.id = (uint32_t)id;
    AZ_TRY(normalised ? put_normalised(reader, added, content, error)
                      : az_added_put(&reader->tokenizer->added, added, content, error));
    vocabulary->tokens[id].added = true;
    vocabulary->tokens[id].special = special;
    reader->tokenizer->added_count++;
out:
    return status;
}

enum az_status az_tokenizer_read_added(struct az_tokenizer *tokenizer, const json_t *model,
                                       const json_t *list, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const json_t *vocabulary = json_object_get(model, "vocab");
    struct reader reader = {.tokenizer = tokenizer,
                            .spellings = json_is_object(vocabulary) ? vocabulary : NULL,
                            .model_tokens = tokenizer->vocabulary.entries};
    size_t n;
    json_t *token;
    if (!list || json_is_null(list)) return AZ_OK;
    if (!json_is_array(list))
        return az_error_raise(error, AZ_FORMAT, "\"added_tokens\" is not a list");
    if (json_array_size(list) > ADDED_LIMIT)
        return az_error_raise(error, AZ_UNSUPPORTED, "%zu added tokens; up to %d are supported",
                              json_array_size(list), ADDED_LIMIT);
    json_array_foreach(list, n, token) AZ_TRY(read_token(&reader, token, error));
out:
    az_normal_free(&reader.normal);
    return status;
}
