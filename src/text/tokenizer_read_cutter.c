#include <string.h>

#include "text/tokenizer_read.h"
#include "text/unicode.h"
#include "text/utf8.h"

static const char *const type_only[] = {"type", NULL};

/* The next step; none may follow ByteLevel, which leaves words in its own alphabet. */
static enum az_status add(struct az_tokenizer *tokenizer, const char *type,
                          enum az_cutter_kind kind, struct az_cutter_step **step,
                          struct az_error *error)
{
    if (tokenizer->cutter.spelled)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "the pre_tokenizer \"%.100s\" after ByteLevel is not supported",
                              type);
    return az_cutter_add(&tokenizer->cutter, kind, step, error);
}

static enum az_status read_byte_level(struct az_tokenizer *tokenizer, const json_t *part,
                                      struct az_error *error)
{
    static const char *const names[] = {"type", "add_prefix_space", "trim_offsets", "use_regex",
                                        NULL};
    static const char what[] = "ByteLevel";
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    bool prefix, regex;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "add_prefix_space", true, &prefix, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "use_regex", true, &regex, error));
    if (prefix || tokenizer->cutter.spelled)
        AZ_TRY(add(tokenizer, what, AZ_CUTTER_PREFIX, &step, error));
    if (regex) {
        AZ_TRY(add(tokenizer, what, AZ_CUTTER_PATTERN, &step, error));
        AZ_TRY(az_splitter_init_named(&step->splitter, AZ_PATTERN_GPT2, error));
    }
    tokenizer->cutter.spelled = true;
out:
    return status;
}

static enum az_status read_behaviour(const json_t *part, const char *what, const char *usual,
                                     enum az_behaviour *behaviour, struct az_error *error)
{
    static const char *const names[] = {
        [AZ_BEHAVIOUR_ISOLATED] = "Isolated",           [AZ_BEHAVIOUR_REMOVED] = "Removed",
        [AZ_BEHAVIOUR_PREVIOUS] = "MergedWithPrevious", [AZ_BEHAVIOUR_NEXT] = "MergedWithNext",
        [AZ_BEHAVIOUR_CONTIGUOUS] = "Contiguous",
    };
    const json_t *value = json_object_get(part, "behavior");
    const char *name = value ? json_string_value(value) : usual;
    for (size_t n = 0; name && n < sizeof names / sizeof names[0]; n++) {
        *behaviour = (enum az_behaviour)n;
        if (strcmp(name, names[n]) == 0) return AZ_OK;
    }
    return az_error_raise(error, AZ_UNSUPPORTED, "the behavior \"%.100s\" of %s is not supported",
                          name ? name : "", what);
}

static enum az_status read_split(struct az_tokenizer *tokenizer, const json_t *part,
                                 struct az_error *error)
{
    static const char *const names[] = {"type", "pattern", "behavior", "invert", NULL};
    static const char what[] = "Split";
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(add(tokenizer, what, AZ_CUTTER_STRING, &step, error));
    AZ_TRY(az_tokenizer_read_pattern(part, what, &step->string, &step->string_bytes,
                                     &step->splitter, error));
    if (step->splitter.text) step->kind = AZ_CUTTER_PATTERN;
    AZ_TRY(read_behaviour(part, what, NULL, &step->behaviour, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "invert", false, &step->invert, error));
out:
    return status;
}

static enum az_status read_whitespace(struct az_tokenizer *tokenizer, const json_t *part,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "Whitespace", type_only, error));
    AZ_TRY(add(tokenizer, "Whitespace", AZ_CUTTER_PATTERN, &step, error));
    step->behaviour = AZ_BEHAVIOUR_REMOVED;
    step->invert = true;
    AZ_TRY(az_splitter_init_named(&step->splitter, AZ_PATTERN_WHITESPACE, error));
out:
    return status;
}

static enum az_status read_whitespace_split(struct az_tokenizer *tokenizer, const json_t *part,
                                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "WhitespaceSplit", type_only, error));
    AZ_TRY(add(tokenizer, "WhitespaceSplit", AZ_CUTTER_CHARACTERS, &step, error));
    step->flag = AZ_UNICODE_SPACE;
    step->behaviour = AZ_BEHAVIOUR_REMOVED;
out:
    return status;
}

static enum az_status read_bert(struct az_tokenizer *tokenizer, const json_t *part,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "BertPreTokenizer", type_only, error));
    AZ_TRY(add(tokenizer, "BertPreTokenizer", AZ_CUTTER_BERT, &step, error));
out:
    return status;
}

static enum az_status read_digits(struct az_tokenizer *tokenizer, const json_t *part,
                                  struct az_error *error)
{
    static const char *const names[] = {"type", "individual_digits", NULL};
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    bool individual;
    AZ_TRY(az_tokenizer_read_keys(part, "Digits", names, error));
    AZ_TRY(add(tokenizer, "Digits", AZ_CUTTER_CHARACTERS, &step, error));
    AZ_TRY(az_tokenizer_read_flag(part, "Digits", "individual_digits", false, &individual, error));
    step->flag = AZ_UNICODE_NUMERIC;
    step->behaviour = individual ? AZ_BEHAVIOUR_ISOLATED : AZ_BEHAVIOUR_CONTIGUOUS;
out:
    return status;
}

static enum az_status read_punctuation(struct az_tokenizer *tokenizer, const json_t *part,
                                       struct az_error *error)
{
    static const char *const names[] = {"type", "behavior", NULL};
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "Punctuation", names, error));
    AZ_TRY(add(tokenizer, "Punctuation", AZ_CUTTER_CHARACTERS, &step, error));
    step->flag = AZ_UNICODE_PUNCTUATION;
    AZ_TRY(read_behaviour(part, "Punctuation", "Isolated", &step->behaviour, error));
out:
    return status;
}

static enum az_status read_character(const json_t *part, const char *what, const char *key,
                                     struct az_cutter_step *step, struct az_error *error)
{
    enum az_status status =
        az_tokenizer_read_string(part, what, key, false, &step->string, &step->string_bytes, error);
    if (status != AZ_OK) return status;
    if (step->string_bytes > 0 && az_utf8_length(step->string[0]) == step->string_bytes)
        return AZ_OK;
    return az_error_raise(error, AZ_FORMAT, "\"%s\" of \"%s\" is not one character", key, what);
}

static enum az_status read_delimiter(struct az_tokenizer *tokenizer, const json_t *part,
                                     struct az_error *error)
{
    static const char *const names[] = {"type", "delimiter", NULL};
    static const char what[] = "CharDelimiterSplit";
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(add(tokenizer, what, AZ_CUTTER_STRING, &step, error));
    step->behaviour = AZ_BEHAVIOUR_REMOVED;
    AZ_TRY(read_character(part, what, "delimiter", step, error));
out:
    return status;
}

static enum az_status read_metaspace(struct az_tokenizer *tokenizer, const json_t *part,
                                     struct az_error *error)
{
    static const char *const names[] = {
        "type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep", NULL};
    static const char what[] = "Metaspace";
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    bool split;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(add(tokenizer, what, AZ_CUTTER_METASPACE, &step, error));
    AZ_TRY(read_character(part, what, "replacement", step, error));
    AZ_TRY(az_tokenizer_read_prepend(part, &step->prepend, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "split", true, &split, error));
    step->whole = !split;
out:
    return status;
}

static enum az_status read_length(struct az_tokenizer *tokenizer, const json_t *part,
                                  struct az_error *error)
{
    static const char *const names[] = {"type", "length", NULL};
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "FixedLength", names, error));
    AZ_TRY(add(tokenizer, "FixedLength", AZ_CUTTER_LENGTH, &step, error));
    AZ_TRY(
        az_tokenizer_read_count(part, "FixedLength", "length", 1, INT32_MAX, &step->number, error));
out:
    return status;
}

static enum az_status read_scripts(struct az_tokenizer *tokenizer, const json_t *part,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "UnicodeScripts", type_only, error));
    AZ_TRY(add(tokenizer, "UnicodeScripts", AZ_CUTTER_SCRIPTS, &step, error));
out:
    return status;
}

enum az_status az_tokenizer_read_cutter(struct az_tokenizer *tokenizer, const json_t *part,
                                        struct az_error *error)
{
    static const struct az_tokenizer_type types[] = {
        {"ByteLevel", read_byte_level},    {"Split", read_split},
        {"Whitespace", read_whitespace},   {"WhitespaceSplit", read_whitespace_split},
        {"BertPreTokenizer", read_bert},   {"Digits", read_digits},
        {"Punctuation", read_punctuation}, {"CharDelimiterSplit", read_delimiter},
        {"Metaspace", read_metaspace},     {"FixedLength", read_length},
        {"UnicodeScripts", read_scripts},  {NULL, NULL},
    };
    az_unicode_prepare();
    return az_tokenizer_read_sequence(tokenizer, part, "pre_tokenizer", "pretokenizers", types,
                                      error);
}
