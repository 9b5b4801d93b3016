#include "text/tokenizer_read.h"

#include <string.h>

#include "base/memory.h"
#include "store/json.h"
#include "text/model.h"

#define DEPTH_LIMIT 16
#define STEP_LIMIT 32

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

enum az_status az_tokenizer_read_flag(const json_t *object, const char *what, const char *key,
                                      bool usual, bool *flag, struct az_error *error)
{
    const json_t *value = json_object_get(object, key);
    *flag = value && !json_is_null(value) ? json_is_true(value) : usual;
    if (!value || json_is_null(value) || json_is_boolean(value)) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT, "\"%s\" of \"%s\" is neither true nor false", key,
                          what);
}

enum az_status az_tokenizer_read_string(const json_t *object, const char *what, const char *key,
                                        bool may_miss, char **string, size_t *bytes,
                                        struct az_error *error)
{
    const json_t *value = json_object_get(object, key);
    *string = NULL;
    *bytes = 0;
    if (may_miss && (!value || json_is_null(value))) return AZ_OK;
    if (!json_is_string(value))
        return az_error_raise(error, AZ_FORMAT, "\"%s\" of \"%s\" is no string", key, what);
    *bytes = json_string_length(value);
    return az_memory_copy_string(string, json_string_value(value), error);
}

enum az_status az_tokenizer_read_count(const json_t *object, const char *what, const char *key,
                                       int64_t least, int64_t most, size_t *count,
                                       struct az_error *error)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    *count = 0;
    if (!json_is_integer(value) || number < least || number > most)
        return az_error_raise(error, AZ_FORMAT,
                              "\"%s\" of \"%s\" is not a whole number from %lld to %lld", key, what,
                              (long long)least, (long long)most);
    *count = (size_t)number;
    return AZ_OK;
}

enum az_status az_tokenizer_read_pattern(const json_t *object, const char *what, char **string,
                                         size_t *bytes, struct az_splitter *splitter,
                                         struct az_error *error)
{
    static const char *const kinds[] = {"String", "Regex", NULL};
    enum az_status status = AZ_OK;
    const json_t *pattern = json_object_get(object, "pattern");
    AZ_TRY(az_tokenizer_read_keys(pattern, "pattern", kinds, error));
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    if (regex && *regex) {
        AZ_TRY(az_splitter_init(splitter, regex, AZ_DIALECT_ONIGURUMA, error));
        goto out;
    }
    if (json_object_get(pattern, "Regex") && !regex)
        AZ_RAISE(AZ_FORMAT, "\"Regex\" of \"%s\" is no string", what);
    AZ_TRY(az_tokenizer_read_string(pattern, "pattern", "String", regex != NULL, string, bytes,
                                    error));
    if (*bytes == 0) AZ_RAISE(AZ_UNSUPPORTED, "the empty pattern of \"%s\" is not supported", what);
out:
    return status;
}

enum az_status az_tokenizer_read_replace(const json_t *part, char **pattern, size_t *pattern_bytes,
                                         struct az_splitter *splitter, char **content,
                                         size_t *content_bytes, struct az_error *error)
{
    static const char *const names[] = {"type", "pattern", "content", NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(part, "Replace", names, error));
    AZ_TRY(az_tokenizer_read_pattern(part, "Replace", pattern, pattern_bytes, splitter, error));
    AZ_TRY(
        az_tokenizer_read_string(part, "Replace", "content", false, content, content_bytes, error));
out:
    return status;
}

enum az_status az_tokenizer_read_prepend(const json_t *object, enum az_prepend *prepend,
                                         struct az_error *error)
{
    static const char *const names[] = {"never", "first", "always"};
    enum az_status status = AZ_OK;
    const json_t *scheme = json_object_get(object, "prepend_scheme");
    const char *name = json_string_value(scheme);
    bool add;
    AZ_TRY(az_tokenizer_read_flag(object, "Metaspace", "add_prefix_space", true, &add, error));
    *prepend = add ? AZ_PREPEND_ALWAYS : AZ_PREPEND_NEVER;
    if (!scheme || json_is_null(scheme)) goto out;
    for (int n = 0; n < 3; n++)
        if (name && strcmp(name, names[n]) == 0) {
            *prepend = (enum az_prepend)n;
            name = NULL;
            scheme = NULL;
        }
    if (scheme)
        AZ_RAISE(AZ_UNSUPPORTED, "the prepend_scheme \"%.100s\" is not supported",
                 name ? name : "");
    if (!add && *prepend != AZ_PREPEND_NEVER)
        AZ_RAISE(AZ_FORMAT, "\"add_prefix_space\" is false beside another \"prepend_scheme\"");
out:
    return status;
}

/* ---- sequences ---- */

struct sequence {
    struct az_tokenizer *tokenizer;
    const char *what, *list;
    const struct az_tokenizer_type *types;
    size_t steps;
};

static enum az_status read_member(struct sequence *sequence, const json_t *part, int depth,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *type = az_tokenizer_read_type(part);
    const char *const names[] = {"type", sequence->list, NULL};
    if (depth > DEPTH_LIMIT || ++sequence->steps > STEP_LIMIT)
        AZ_RAISE(AZ_UNSUPPORTED, "the %s has more than %d steps", sequence->what, STEP_LIMIT);
    if (strcmp(type, "Sequence") == 0) {
        AZ_TRY(az_tokenizer_read_keys(part, "Sequence", names, error));
        const json_t *list = json_object_get(part, sequence->list), *step;
        size_t n;
        if (!json_is_array(list))
            AZ_RAISE(AZ_FORMAT, "Sequence has no list \"%s\"", sequence->list);
        json_array_foreach(list, n, step) AZ_TRY(read_member(sequence, step, depth + 1, error));
        goto out;
    }
    for (const struct az_tokenizer_type *known = sequence->types; known->name; known++)
        if (strcmp(type, known->name) == 0) return known->read(sequence->tokenizer, part, error);
    AZ_RAISE(AZ_UNSUPPORTED, "the %s \"%.100s\" is not supported", sequence->what,
             json_is_object(part) ? type : "null");
out:
    return status;
}

enum az_status az_tokenizer_read_sequence(struct az_tokenizer *tokenizer, const json_t *part,
                                          const char *what, const char *list,
                                          const struct az_tokenizer_type *types,
                                          struct az_error *error)
{
    struct sequence sequence = {tokenizer, what, list, types, 0};
    if (!part || json_is_null(part)) return AZ_OK;
    return read_member(&sequence, part, 0, error);
}

/* ---- the whole ---- */

/* What cuts or fills up texts for a batch is not applied, but must be what it should be. */
static enum az_status check_limit(const json_t *root, const char *key, struct az_error *error)
{
    const json_t *part = json_object_get(root, key);
    if (!part || json_is_null(part) || json_is_object(part)) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT, "\"%s\" is neither null nor an object", key);
}

static enum az_status read_root(struct az_tokenizer *tokenizer, const json_t *root,
                                struct az_error *error)
{
    static const char *const names[] = {
        "version",       "truncation",     "padding", "added_tokens", "normalizer",
        "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(root, "tokenizer", names, error));
    const json_t *model = json_object_get(root, "model");
    if (!json_is_object(model)) AZ_RAISE(AZ_FORMAT, "there is no \"model\"");
    AZ_TRY(check_limit(root, "truncation", error));
    AZ_TRY(check_limit(root, "padding", error));
    AZ_TRY(az_tokenizer_read_normaliser(tokenizer, json_object_get(root, "normalizer"), error));
    AZ_TRY(az_tokenizer_read_cutter(tokenizer, json_object_get(root, "pre_tokenizer"), error));
    AZ_TRY(az_tokenizer_read_decoder(tokenizer, json_object_get(root, "decoder"), error));
    AZ_TRY(az_tokenizer_read_model(tokenizer, model, error));
    AZ_TRY(az_tokenizer_read_added(tokenizer, model, json_object_get(root, "added_tokens"), error));
    AZ_TRY(az_tokenizer_read_post_processor(tokenizer, json_object_get(root, "post_processor"),
                                            error));
    AZ_TRY(az_model_add_seams(tokenizer, error));
    AZ_TRY(az_tokenizer_add_surfaces(tokenizer, error));
out:
    return status;
}

enum az_status az_tokenizer_read_json(struct az_tokenizer **tokenizer, const char *name,
                                      const char *text, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    json_t *root = NULL;
    struct az_tokenizer *made = NULL;
    *tokenizer = NULL;
    AZ_TRY(az_json_parse(name, text, length_bytes, &root, error));
    AZ_TRY(az_tokenizer_create(&made, AZ_TOKEN_MODEL_CHARACTER, error));
    AZ_TRY(read_root(made, root, error));
    AZ_TRY(az_memory_allocate(&made->source, length_bytes + 1, 1, "a tokenizer", error));
    memcpy(made->source, text, length_bytes);
    made->source_bytes = length_bytes;
    *tokenizer = made;
    made = NULL;
out:
    if (status != AZ_OK) az_error_at(error, name, -1, -1, -1);
    json_decref(root);
    az_tokenizer_free(made);
    return status;
}
