#include "text/tokenizer_read.h"

#include <string.h>

#include "store/json.h"
#include "text/utf8.h"

#define ADDED_LIMIT 8192

enum az_status az_tokenizer_read_keys(const json_t *object, const char *what,
                                      const char *const *names, struct az_error *error)
{
    if (!json_is_object(object))
        return az_error_raise(error, AZ_FORMAT, "\"%s\" is not an object", what);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        size_t n = 0;
        while (names[n] && strcmp(names[n], key) != 0) n++;
        if (!names[n])
            return az_error_raise(error, AZ_UNSUPPORTED,
                                  "\"%s\" has \"%.100s\", which is not "
                                  "supported",
                                  what, key);
    }
    return AZ_OK;
}

const char *az_tokenizer_read_type(const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    return type ? type : "";
}

enum az_status az_tokenizer_read_off(const json_t *object, const char *what, const char *key,
                                     struct az_error *error)
{
    const json_t *value = json_object_get(object, key);
    bool off = !value || json_is_null(value) || json_is_false(value) ||
               (json_is_number(value) && json_number_value(value) == 0) ||
               (json_is_string(value) && json_string_length(value) == 0);
    if (off) return AZ_OK;
    return az_error_raise(error, AZ_UNSUPPORTED, "\"%s\" of \"%s\" is set, which is not supported",
                          key, what);
}

/* ---- added tokens ---- */

static enum az_status read_added_token(struct az_tokenizer_reader *reader, const json_t *token,
                                       struct az_error *error)
{
    static const char *const names[] = {"id",     "content",    "single_word", "lstrip",
                                        "rstrip", "normalized", "special",     NULL};
    static const char what[] = "added_tokens";
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(token, what, names, error));
    const json_t *id = json_object_get(token, "id");
    const char *content = json_string_value(json_object_get(token, "content"));
    if (!content || !*content || !json_is_integer(id) || json_integer_value(id) < 0)
        AZ_RAISE(AZ_FORMAT, "an added token has no \"content\" or no \"id\" that is 0 or more");
    if (json_object_get(reader->added, content))
        AZ_RAISE(AZ_FORMAT, "the added token \"%.100s\" is there twice", content);
    AZ_TRY(az_tokenizer_read_off(token, what, "single_word", error));
    AZ_TRY(az_tokenizer_read_off(token, what, "lstrip", error));
    AZ_TRY(az_tokenizer_read_off(token, what, "rstrip", error));
    if (reader->tokenizer->normaliser != AZ_NORMALISER_NONE)
        AZ_TRY(az_tokenizer_read_off(token, what, "normalized", error));
    if (json_object_set_new(reader->added, content, json_integer(json_integer_value(id))) != 0)
        AZ_RAISE(AZ_MEMORY, "cannot allocate the added tokens");
out:
    return status;
}

static enum az_status read_added(struct az_tokenizer_reader *reader, const json_t *list,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n;
    json_t *token;
    reader->added = json_object();
    if (!reader->added) AZ_RAISE(AZ_MEMORY, "cannot allocate the added tokens");
    if (!list || json_is_null(list)) goto out;
    if (!json_is_array(list)) AZ_RAISE(AZ_FORMAT, "\"added_tokens\" is not a list");
    if (json_array_size(list) > ADDED_LIMIT)
        AZ_RAISE(AZ_UNSUPPORTED, "%zu added tokens; up to %d are supported", json_array_size(list),
                 ADDED_LIMIT);
    json_array_foreach(list, n, token) AZ_TRY(read_added_token(reader, token, error));
    /* Those flagged are searched for after the others, which can find other tokens. */
    size_t flagged = 0;
    json_array_foreach(list, n, token) flagged +=
        json_is_true(json_object_get(token, "normalized"));
    if (flagged > 0 && flagged < json_array_size(list))
        AZ_RAISE(AZ_UNSUPPORTED,
                 "some added tokens have \"normalized\" and some have not, which is "
                 "not supported");
out:
    return status;
}

/* Added tokens that the model does not have get their ids; all are searched for in texts. */
static enum az_status put_added(struct az_tokenizer_reader *reader, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = reader->tokenizer;
    const char *content;
    json_t *value;
    json_object_foreach(reader->added, content, value)
    {
        size_t length = strlen(content);
        size_t id = (size_t)json_integer_value(value);
        uint32_t found = az_vocabulary_find(&tokenizer->vocabulary, content, length);
        if (found == AZ_TOKEN_NONE) {
            AZ_TRY(az_vocabulary_put(&tokenizer->vocabulary, id, content, length, error));
        } else if (found != id) {
            AZ_RAISE(AZ_FORMAT, "the added token \"%.100s\" has the id %zu, and %u in the model",
                     content, id, found);
        }
        AZ_TRY(az_added_put(&tokenizer->added, &tokenizer->vocabulary, (uint32_t)id, error));
    }
out:
    return status;
}

/* ---- the other parts ---- */

static enum az_status read_normaliser(struct az_tokenizer_reader *reader, const json_t *part,
                                      struct az_error *error)
{
    if (!part || json_is_null(part)) return AZ_OK;
    if (strcmp(az_tokenizer_read_type(part), "NFC") != 0)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "the normalizer \"%.100s\" is not supported; NFC and none are",
                              az_tokenizer_read_type(part));
    reader->tokenizer->normaliser = AZ_NORMALISER_NFC;
    return AZ_OK;
}

/* ByteLevel changes offsets only, never ids. */
static enum az_status read_post_processor(const json_t *part, struct az_error *error)
{
    if (!part || json_is_null(part) || strcmp(az_tokenizer_read_type(part), "ByteLevel") == 0)
        return AZ_OK;
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the post_processor \"%.100s\" is not supported; ByteLevel and none are",
                          az_tokenizer_read_type(part));
}

static enum az_status read_decoder(struct az_tokenizer_reader *reader, const json_t *part,
                                   struct az_error *error)
{
    const char *type = az_tokenizer_read_type(part);
    bool bytes = reader->tokenizer->model == AZ_TOKEN_MODEL_BYTE;
    bool none = !part || json_is_null(part);
    reader->tokenizer->joiner = none ? AZ_JOINER_SPACE : AZ_JOINER_NOTHING;
    if (bytes ? strcmp(type, "ByteLevel") == 0 : none || strcmp(type, "Fuse") == 0) return AZ_OK;
    return az_error_raise(error, AZ_UNSUPPORTED, "the decoder \"%.100s\" is not supported; a %s",
                          none ? "null" : type,
                          bytes ? "byte-level tokenizer has ByteLevel"
                                : "tokenizer of characters has Fuse or none");
}

static enum az_status read_root(struct az_tokenizer_reader *reader, const json_t *root,
                                struct az_error *error)
{
    static const char *const names[] = {
        "version",       "truncation",     "padding", "added_tokens", "normalizer",
        "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    static const char what[] = "tokenizer";
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(root, what, names, error));
    /* The model first: its type is what a person wants to read of. */
    const json_t *model = json_object_get(root, "model");
    const char *type = az_tokenizer_read_type(model);
    if (!json_is_object(model)) AZ_RAISE(AZ_FORMAT, "there is no \"model\"");
    if (strcmp(type, "BPE") != 0)
        AZ_RAISE(AZ_UNSUPPORTED, "the model \"%.100s\" is not supported; BPE is", type);
    AZ_TRY(az_tokenizer_read_off(root, what, "truncation", error));
    AZ_TRY(az_tokenizer_read_off(root, what, "padding", error));
    AZ_TRY(read_normaliser(reader, json_object_get(root, "normalizer"), error));
    AZ_TRY(read_added(reader, json_object_get(root, "added_tokens"), error));
    AZ_TRY(az_tokenizer_read_splitter(reader, json_object_get(root, "pre_tokenizer"), error));
    AZ_TRY(read_post_processor(json_object_get(root, "post_processor"), error));
    AZ_TRY(read_decoder(reader, json_object_get(root, "decoder"), error));
    AZ_TRY(az_tokenizer_read_model(reader, model, error));
    AZ_TRY(put_added(reader, error));
out:
    return status;
}

enum az_status az_tokenizer_read_json(struct az_tokenizer **tokenizer, const char *name,
                                      const char *text, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    json_t *root = NULL;
    struct az_tokenizer_reader reader = {0};
    *tokenizer = NULL;
    AZ_TRY(az_json_parse(name, text, length_bytes, &root, error));
    AZ_TRY(az_tokenizer_create(&reader.tokenizer, AZ_TOKEN_MODEL_CHARACTER, error));
    AZ_TRY(read_root(&reader, root, error));
    *tokenizer = reader.tokenizer;
    reader.tokenizer = NULL;
out:
    if (status != AZ_OK) az_error_at(error, name, -1, -1, -1);
    json_decref(root);
    json_decref(reader.added);
    az_tokenizer_free(reader.tokenizer);
    return status;
}
