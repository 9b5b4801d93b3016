#include <string.h>

#include "base/memory.h"
#include "text/tokenizer_read.h"

static enum az_status check_id(const struct az_tokenizer *tokenizer, json_int_t id,
                               struct az_error *error)
{
    if (id >= 0 && (uint64_t)id < tokenizer->vocabulary.count &&
        tokenizer->vocabulary.tokens[id].present)
        return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "the post_processor adds the id %lld, which is no token", (long long)id);
}

static enum az_status add_behind(struct az_tokenizer *tokenizer, json_int_t id,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(check_id(tokenizer, id, error));
    AZ_TRY(az_memory_grow(&tokenizer->behind, tokenizer->behind_count, tokenizer->behind_count + 1,
                          sizeof(uint32_t), "the post_processor", error));
    tokenizer->behind[tokenizer->behind_count++] = (uint32_t)id;
out:
    return status;
}

/* Before the text, but behind the first `place` of those that are there. */
static enum az_status add_before(struct az_tokenizer *tokenizer, json_int_t id, size_t place,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(check_id(tokenizer, id, error));
    AZ_TRY(az_memory_grow(&tokenizer->before, tokenizer->before_count, tokenizer->before_count + 1,
                          sizeof(uint32_t), "the post_processor", error));
    memmove(tokenizer->before + place + 1, tokenizer->before + place,
            (tokenizer->before_count - place) * sizeof(uint32_t));
    tokenizer->before[place] = (uint32_t)id;
    tokenizer->before_count++;
out:
    return status;
}

/* It changes offsets only, never ids. */
static enum az_status read_byte_level(struct az_tokenizer *tokenizer, const json_t *part,
                                      struct az_error *error)
{
    static const char *const names[] = {"type", "add_prefix_space", "trim_offsets", "use_regex",
                                        NULL};
    (void)tokenizer;
    return az_tokenizer_read_keys(part, "ByteLevel", names, error);
}

/* ["[CLS]", 101] */
static enum az_status read_pair(const json_t *part, const char *key, json_int_t *id,
                                struct az_error *error)
{
    const json_t *pair = json_object_get(part, key), *number = json_array_get(pair, 1);
    *id = json_integer_value(number);
    if (json_array_size(pair) == 2 && json_is_integer(number)) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "\"%s\" of the post_processor is not a token and its id", key);
}

static enum az_status read_bert(struct az_tokenizer *tokenizer, const json_t *part,
                                struct az_error *error)
{
    static const char *const names[] = {"type", "sep", "cls", "trim_offsets", "add_prefix_space",
                                        NULL};
    enum az_status status = AZ_OK;
    json_int_t first, last;
    AZ_TRY(az_tokenizer_read_keys(part, az_tokenizer_read_type(part), names, error));
    AZ_TRY(read_pair(part, "cls", &first, error));
    AZ_TRY(read_pair(part, "sep", &last, error));
    AZ_TRY(add_before(tokenizer, first, 0, error));
    AZ_TRY(add_behind(tokenizer, last, error));
out:
    return status;
}

/* The ids of a special token of a template, before or behind the text. */
static enum az_status add_special(struct az_tokenizer *tokenizer, const json_t *tokens,
                                  const json_t *special, bool behind, size_t *place,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *name = json_string_value(json_object_get(special, "id"));
    const json_t *ids = json_object_get(name ? json_object_get(tokens, name) : NULL, "ids"), *id;
    size_t n;
    if (!json_is_array(ids))
        AZ_RAISE(AZ_FORMAT, "TemplateProcessing has no ids for the token \"%.100s\"",
                 name ? name : "");
    json_array_foreach(ids, n, id)
    {
        if (!json_is_integer(id)) AZ_RAISE(AZ_FORMAT, "TemplateProcessing has an id that is none");
        json_int_t value = json_integer_value(id);
        AZ_TRY(behind ? add_behind(tokenizer, value, error)
                      : add_before(tokenizer, value, (*place)++, error));
    }
out:
    return status;
}

/* The template for one text: tokens, the text, tokens. */
static enum az_status read_template(struct az_tokenizer *tokenizer, const json_t *part,
                                    struct az_error *error)
{
    static const char *const names[] = {"type", "single", "pair", "special_tokens", NULL};
    enum az_status status = AZ_OK;
    const json_t *single = json_object_get(part, "single"), *piece;
    size_t n, place = 0;
    int texts = 0;
    AZ_TRY(az_tokenizer_read_keys(part, "TemplateProcessing", names, error));
    if (!json_is_array(single)) AZ_RAISE(AZ_FORMAT, "TemplateProcessing has no list \"single\"");
    json_array_foreach(single, n, piece)
    {
        const json_t *special = json_object_get(piece, "SpecialToken");
        const char *text =
            json_string_value(json_object_get(json_object_get(piece, "Sequence"), "id"));
        if (special) {
            AZ_TRY(add_special(tokenizer, json_object_get(part, "special_tokens"), special,
                               texts > 0, &place, error));
        } else if (!text || strcmp(text, "A") != 0 || ++texts > 1) {
            AZ_RAISE(AZ_UNSUPPORTED,
                     "a \"single\" of TemplateProcessing that is not the text once, with special "
                     "tokens around it, is not supported");
        }
    }
    if (texts == 0) AZ_RAISE(AZ_UNSUPPORTED, "a TemplateProcessing without the text");
out:
    return status;
}

enum az_status az_tokenizer_read_post_processor(struct az_tokenizer *tokenizer, const json_t *part,
                                                struct az_error *error)
{
    static const struct az_tokenizer_type types[] = {
        {"ByteLevel", read_byte_level},
        {"BertProcessing", read_bert},
        {"RobertaProcessing", read_bert},
        {"TemplateProcessing", read_template},
        {NULL, NULL},
    };
    return az_tokenizer_read_sequence(tokenizer, part, "post_processor", "processors", types,
                                      error);
}
