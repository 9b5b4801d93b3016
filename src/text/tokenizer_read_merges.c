#include <string.h>

#include "text/tokenizer_read.h"

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

static enum az_status find(const json_t *vocabulary, size_t number, const char *spelling,
                           size_t length, uint32_t *id, struct az_error *error)
{
    const json_t *value = json_object_getn(vocabulary, spelling, length);
    *id = (uint32_t)json_integer_value(value);
    if (value) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "merge %zu names the token \"%.*s\", which is not in the vocabulary",
                          number, length < 100 ? (int)length : 100, spelling);
}

static enum az_status read_merge(struct az_tokenizer *tokenizer, const json_t *vocabulary,
                                 size_t number, const json_t *value, struct az_buffer *joined,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t prefix = tokenizer->prefix_bytes;
    struct spelled_merge spelled;
    struct az_merge merge;
    if (!split_merge(value, &spelled))
        AZ_RAISE(AZ_FORMAT, "merge %zu is neither two strings nor one with one space in it",
                 number);
    AZ_TRY(find(vocabulary, number, spelled.left, spelled.left_bytes, &merge.left, error));
    AZ_TRY(find(vocabulary, number, spelled.right, spelled.right_bytes, &merge.right, error));
    if (spelled.right_bytes < prefix)
        AZ_RAISE(AZ_FORMAT, "merge %zu: \"%.*s\" is shorter than the prefix of subwords", number,
                 (int)spelled.right_bytes, spelled.right);
    joined->length = 0;
    AZ_TRY(az_buffer_add(joined, spelled.left, spelled.left_bytes, error));
    AZ_TRY(az_buffer_add(joined, spelled.right + prefix, spelled.right_bytes - prefix, error));
    const json_t *result = json_object_getn(vocabulary, joined->bytes, joined->length);
    if (!result)
        AZ_RAISE(AZ_FORMAT, "merge %zu makes \"%.*s\", which is not in the vocabulary", number,
                 joined->length < 100 ? (int)joined->length : 100, joined->bytes);
    merge.result = (uint32_t)json_integer_value(result);
    AZ_TRY(az_merges_add(&tokenizer->merges, merge, error));
out:
    return status;
}

enum az_status az_tokenizer_read_merges(struct az_tokenizer *tokenizer, const json_t *vocabulary,
                                        const json_t *merges, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer joined = {0};
    size_t number;
    json_t *value;
    if (!json_is_array(merges)) AZ_RAISE(AZ_FORMAT, "\"merges\" of \"model\" is not a list");
    AZ_TRY(az_buffer_reserve(&joined, 1, error));
    json_array_foreach(merges, number, value)
        AZ_TRY(read_merge(tokenizer, vocabulary, number, value, &joined, error));
out:
    az_buffer_free(&joined);
    return status;
}
