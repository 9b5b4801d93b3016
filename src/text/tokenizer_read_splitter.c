#include <string.h>

#include "text/tokenizer_read.h"

static enum az_status set_pattern(struct az_tokenizer_reader *reader, const char *pattern,
                                  struct az_error *error)
{
    if (reader->tokenizer->splitter.text)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "the pre_tokenizer cuts texts twice, which is not supported");
    return az_splitter_init(&reader->tokenizer->splitter, pattern, error);
}

static enum az_status read_byte_level(struct az_tokenizer_reader *reader, const json_t *part,
                                      struct az_error *error)
{
    static const char *const names[] = {"type", "add_prefix_space", "trim_offsets", "use_regex",
                                        NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(part, "ByteLevel", names, error));
    AZ_TRY(az_tokenizer_read_off(part, "ByteLevel", "add_prefix_space", error));
    reader->tokenizer->model = AZ_TOKEN_MODEL_BYTE;
    if (!json_is_false(json_object_get(part, "use_regex")))
        AZ_TRY(set_pattern(reader, az_pattern_text(AZ_PATTERN_GPT2), error));
out:
    return status;
}

static enum az_status read_split(struct az_tokenizer_reader *reader, const json_t *part,
                                 struct az_error *error)
{
    static const char *const names[] = {"type", "pattern", "behavior", "invert", NULL};
    static const char *const kinds[] = {"Regex", NULL};
    enum az_status status = AZ_OK;
    AZ_TRY(az_tokenizer_read_keys(part, "Split", names, error));
    AZ_TRY(az_tokenizer_read_off(part, "Split", "invert", error));
    const char *behavior = json_string_value(json_object_get(part, "behavior"));
    if (!behavior || strcmp(behavior, "Isolated") != 0)
        AZ_RAISE(AZ_UNSUPPORTED, "the behavior \"%.100s\" of Split is not supported; Isolated is",
                 behavior ? behavior : "");
    const json_t *pattern = json_object_get(part, "pattern");
    AZ_TRY(az_tokenizer_read_keys(pattern, "pattern", kinds, error));
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    if (!regex || !*regex) AZ_RAISE(AZ_FORMAT, "Split has no \"Regex\"");
    /* The same text would mean the other \w of Whitespace, and drop what lies between. */
    if (az_pattern_with_text(regex) == AZ_PATTERN_WHITESPACE)
        AZ_RAISE(AZ_UNSUPPORTED, "the pattern %s in Split is not supported; Whitespace is", regex);
    AZ_TRY(set_pattern(reader, regex, error));
out:
    return status;
}

static enum az_status read_whitespace(struct az_tokenizer_reader *reader, const json_t *part,
                                      struct az_error *error)
{
    static const char *const names[] = {"type", NULL};
    enum az_status status = az_tokenizer_read_keys(part, "Whitespace", names, error);
    if (status != AZ_OK) return status;
    return set_pattern(reader, az_pattern_text(AZ_PATTERN_WHITESPACE), error);
}

static enum az_status read_step(struct az_tokenizer_reader *reader, const json_t *part,
                                struct az_error *error)
{
    static const struct {
        const char *type;
        enum az_status (*read)(struct az_tokenizer_reader *, const json_t *, struct az_error *);
    } steps[] = {
        {"ByteLevel", read_byte_level}, {"Split", read_split}, {"Whitespace", read_whitespace}};
    const char *type = az_tokenizer_read_type(part);
    if (reader->tokenizer->model == AZ_TOKEN_MODEL_BYTE)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "the pre_tokenizer \"%.100s\" after ByteLevel "
                              "is not supported",
                              type);
    for (size_t n = 0; n < sizeof steps / sizeof steps[0]; n++)
        if (strcmp(type, steps[n].type) == 0) return steps[n].read(reader, part, error);
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the pre_tokenizer \"%.100s\" is not supported; ByteLevel, Split and "
                          "Whitespace are",
                          json_is_object(part) ? type : "null");
}

enum az_status az_tokenizer_read_splitter(struct az_tokenizer_reader *reader, const json_t *part,
                                          struct az_error *error)
{
    static const char *const names[] = {"type", "pretokenizers", NULL};
    enum az_status status = AZ_OK;
    if (strcmp(az_tokenizer_read_type(part), "Sequence") == 0) {
        AZ_TRY(az_tokenizer_read_keys(part, "Sequence", names, error));
        const json_t *list = json_object_get(part, "pretokenizers"), *step;
        size_t n;
        if (!json_is_array(list)) AZ_RAISE(AZ_FORMAT, "Sequence has no \"pretokenizers\"");
        json_array_foreach(list, n, step) AZ_TRY(read_step(reader, step, error));
    } else {
        AZ_TRY(read_step(reader, part, error));
    }
    if (!reader->tokenizer->splitter.text)
        AZ_RAISE(AZ_UNSUPPORTED, "the pre_tokenizer does not cut texts into words, which is not "
                                 "supported");
out:
    return status;
}
