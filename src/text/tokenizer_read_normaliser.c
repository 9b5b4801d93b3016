#include <string.h>

#include "text/tokenizer_read.h"

static const char *const type_only[] = {"type", NULL};

static enum az_status add(struct az_tokenizer *tokenizer, enum az_normaliser_kind kind,
                          struct az_error *error)
{
    struct az_normaliser_step *step;
    return az_normaliser_add(&tokenizer->normaliser, kind, &step, error);
}

/* A step that has a type and nothing else. */
static enum az_status read_plain(struct az_tokenizer *tokenizer, const json_t *part,
                                 struct az_error *error)
{
    static const struct {
        const char *type;
        enum az_normaliser_kind kind;
    } kinds[] = {
        {"NFC", AZ_NORMALISER_NFC},
        {"NFD", AZ_NORMALISER_NFD},
        {"NFKC", AZ_NORMALISER_NFKC},
        {"NFKD", AZ_NORMALISER_NFKD},
        {"Nmt", AZ_NORMALISER_NMT},
        {"Lowercase", AZ_NORMALISER_LOWERCASE},
        {"StripAccents", AZ_NORMALISER_STRIP_ACCENTS},
        {"ByteLevel", AZ_NORMALISER_BYTES},
    };
    const char *type = az_tokenizer_read_type(part);
    enum az_status status = az_tokenizer_read_keys(part, type, type_only, error);
    size_t n = 0;
    while (strcmp(kinds[n].type, type) != 0) n++;
    return status == AZ_OK ? add(tokenizer, kinds[n].kind, error) : status;
}

/* "strip_accents": null means as "lowercase". */
static enum az_status read_bert(struct az_tokenizer *tokenizer, const json_t *part,
                                struct az_error *error)
{
    static const char *const names[] = {"type",          "clean_text", "handle_chinese_chars",
                                        "strip_accents", "lowercase",  NULL};
    static const char what[] = "BertNormalizer";
    enum az_status status = AZ_OK;
    bool clean, chinese, accents, lower;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "clean_text", true, &clean, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "handle_chinese_chars", true, &chinese, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "lowercase", true, &lower, error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "strip_accents", lower, &accents, error));
    if (clean) AZ_TRY(add(tokenizer, AZ_NORMALISER_CLEAN, error));
    if (chinese) AZ_TRY(add(tokenizer, AZ_NORMALISER_CHINESE, error));
    if (accents) AZ_TRY(add(tokenizer, AZ_NORMALISER_NFD, error));
    if (accents) AZ_TRY(add(tokenizer, AZ_NORMALISER_NONSPACING, error));
    if (lower) AZ_TRY(add(tokenizer, AZ_NORMALISER_LOWERCASE, error));
out:
    return status;
}

static enum az_status read_strip(struct az_tokenizer *tokenizer, const json_t *part,
                                 struct az_error *error)
{
    static const char *const names[] = {"type", "strip_left", "strip_right", NULL};
    enum az_status status = AZ_OK;
    struct az_normaliser_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "Strip", names, error));
    AZ_TRY(az_normaliser_add(&tokenizer->normaliser, AZ_NORMALISER_STRIP, &step, error));
    AZ_TRY(az_tokenizer_read_flag(part, "Strip", "strip_left", true, &step->left, error));
    AZ_TRY(az_tokenizer_read_flag(part, "Strip", "strip_right", true, &step->right, error));
out:
    return status;
}

static enum az_status read_replace(struct az_tokenizer *tokenizer, const json_t *part,
                                   struct az_error *error)
{
    struct az_normaliser_step *step;
    enum az_status status =
        az_normaliser_add(&tokenizer->normaliser, AZ_NORMALISER_REPLACE, &step, error);
    if (status != AZ_OK) return status;
    return az_tokenizer_read_replace(part, &step->pattern, &step->pattern_bytes, &step->splitter,
                                     &step->text, &step->text_bytes, error);
}

static enum az_status read_prepend(struct az_tokenizer *tokenizer, const json_t *part,
                                   struct az_error *error)
{
    static const char *const names[] = {"type", "prepend", NULL};
    enum az_status status = AZ_OK;
    struct az_normaliser_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "Prepend", names, error));
    AZ_TRY(az_normaliser_add(&tokenizer->normaliser, AZ_NORMALISER_PREPEND, &step, error));
    AZ_TRY(az_tokenizer_read_string(part, "Prepend", "prepend", false, &step->text,
                                    &step->text_bytes, error));
out:
    return status;
}

static enum az_status read_precompiled(struct az_tokenizer *tokenizer, const json_t *part,
                                       struct az_error *error)
{
    static const char *const names[] = {"type", "precompiled_charsmap", NULL};
    enum az_status status = AZ_OK;
    struct az_normaliser_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "Precompiled", names, error));
    const json_t *map = json_object_get(part, "precompiled_charsmap");
    if (!json_is_string(map))
        AZ_RAISE(AZ_FORMAT, "\"precompiled_charsmap\" of \"Precompiled\" is no string");
    AZ_TRY(az_normaliser_add(&tokenizer->normaliser, AZ_NORMALISER_CHARSMAP, &step, error));
    AZ_TRY(
        az_charsmap_init(&step->charsmap, json_string_value(map), json_string_length(map), error));
out:
    return status;
}

enum az_status az_tokenizer_read_normaliser(struct az_tokenizer *tokenizer, const json_t *part,
                                            struct az_error *error)
{
    static const struct az_tokenizer_type types[] = {
        {"NFC", read_plain},
        {"NFD", read_plain},
        {"NFKC", read_plain},
        {"NFKD", read_plain},
        {"Nmt", read_plain},
        {"Lowercase", read_plain},
        {"StripAccents", read_plain},
        {"ByteLevel", read_plain},
        {"BertNormalizer", read_bert},
        {"Strip", read_strip},
        {"Replace", read_replace},
        {"Prepend", read_prepend},
        {"Precompiled", read_precompiled},
        {NULL, NULL},
    };
    enum az_status status =
        az_tokenizer_read_sequence(tokenizer, part, "normalizer", "normalizers", types, error);
    return status == AZ_OK ? az_normaliser_finish(&tokenizer->normaliser, error) : status;
}
