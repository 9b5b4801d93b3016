#include <string.h>

#include "base/memory.h"
#include "text/tokenizer_read.h"
#include "text/utf8.h"

/* ---- decoder ---- */

static enum az_status read_byte_level(struct az_tokenizer *tokenizer, const json_t *part,
                                      struct az_error *error)
{
    static const char *const names[] = {"type", "add_prefix_space", "trim_offsets", "use_regex",
                                        NULL};
    enum az_status status = az_tokenizer_read_keys(part, "ByteLevel", names, error);
    struct az_decoder_step *step;
    if (status != AZ_OK) return status;
    return az_decoder_add(&tokenizer->decoder, AZ_DECODER_BYTES, &step, error);
}

static enum az_status read_plain(struct az_tokenizer *tokenizer, const json_t *part,
                                 struct az_error *error)
{
    static const char *const names[] = {"type", NULL};
    const char *type = az_tokenizer_read_type(part);
    enum az_status status = az_tokenizer_read_keys(part, type, names, error);
    struct az_decoder_step *step;
    if (status != AZ_OK) return status;
    return az_decoder_add(&tokenizer->decoder,
                          strcmp(type, "Fuse") == 0 ? AZ_DECODER_FUSE : AZ_DECODER_BYTE_FALLBACK,
                          &step, error);
}

static enum az_status read_wordpiece(struct az_tokenizer *tokenizer, const json_t *part,
                                     struct az_error *error)
{
    static const char *const names[] = {"type", "prefix", "cleanup", NULL};
    static const char what[] = "WordPiece";
    enum az_status status = AZ_OK;
    struct az_decoder_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, what, names, error));
    AZ_TRY(az_decoder_add(&tokenizer->decoder, AZ_DECODER_WORDPIECE, &step, error));
    AZ_TRY(az_tokenizer_read_string(part, what, "prefix", false, &step->text, &step->text_bytes,
                                    error));
    AZ_TRY(az_tokenizer_read_flag(part, what, "cleanup", true, &step->flag, error));
out:
    return status;
}

static enum az_status read_metaspace(struct az_tokenizer *tokenizer, const json_t *part,
                                     struct az_error *error)
{
    static const char *const names[] = {
        "type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep", NULL};
    enum az_status status = AZ_OK;
    struct az_decoder_step *step;
    enum az_prepend prepend;
    AZ_TRY(az_tokenizer_read_keys(part, "Metaspace", names, error));
    AZ_TRY(az_decoder_add(&tokenizer->decoder, AZ_DECODER_METASPACE, &step, error));
    AZ_TRY(az_tokenizer_read_string(part, "Metaspace", "replacement", false, &step->text,
                                    &step->text_bytes, error));
    AZ_TRY(az_tokenizer_read_prepend(part, &prepend, error));
    step->flag = prepend != AZ_PREPEND_NEVER;
out:
    return status;
}

static enum az_status read_suffix(struct az_tokenizer *tokenizer, const json_t *part,
                                  struct az_error *error)
{
    static const char *const names[] = {"type", "suffix", NULL};
    enum az_status status = AZ_OK;
    struct az_decoder_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "BPEDecoder", names, error));
    AZ_TRY(az_decoder_add(&tokenizer->decoder, AZ_DECODER_SUFFIX, &step, error));
    AZ_TRY(az_tokenizer_read_string(part, "BPEDecoder", "suffix", false, &step->text,
                                    &step->text_bytes, error));
    if (step->text_bytes == 0)
        AZ_RAISE(AZ_UNSUPPORTED, "the empty suffix of \"BPEDecoder\" is not supported");
out:
    return status;
}

static enum az_status read_strip(struct az_tokenizer *tokenizer, const json_t *part,
                                 struct az_error *error)
{
    static const char *const names[] = {"type", "content", "start", "stop", NULL};
    enum az_status status = AZ_OK;
    struct az_decoder_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "Strip", names, error));
    AZ_TRY(az_decoder_add(&tokenizer->decoder, AZ_DECODER_STRIP, &step, error));
    AZ_TRY(az_tokenizer_read_string(part, "Strip", "content", false, &step->text, &step->text_bytes,
                                    error));
    AZ_TRY(az_tokenizer_read_count(part, "Strip", "start", 0, INT32_MAX, &step->start, error));
    AZ_TRY(az_tokenizer_read_count(part, "Strip", "stop", 0, INT32_MAX, &step->stop, error));
    if (step->text_bytes == 0 || az_utf8_length(step->text[0]) != step->text_bytes)
        AZ_RAISE(AZ_FORMAT, "\"content\" of \"Strip\" is not one character");
out:
    return status;
}

static enum az_status read_replace(struct az_tokenizer *tokenizer, const json_t *part,
                                   struct az_error *error)
{
    struct az_decoder_step *step;
    enum az_status status = az_decoder_add(&tokenizer->decoder, AZ_DECODER_REPLACE, &step, error);
    if (status != AZ_OK) return status;
    return az_tokenizer_read_replace(part, &step->text, &step->text_bytes, &step->splitter,
                                     &step->content, &step->content_bytes, error);
}

static enum az_status read_ctc(struct az_tokenizer *tokenizer, const json_t *part,
                               struct az_error *error)
{
    static const char *const names[] = {"type", "pad_token", "word_delimiter_token", "cleanup",
                                        NULL};
    enum az_status status = AZ_OK;
    struct az_decoder_step *step;
    AZ_TRY(az_tokenizer_read_keys(part, "CTC", names, error));
    AZ_TRY(az_decoder_add(&tokenizer->decoder, AZ_DECODER_CTC, &step, error));
    AZ_TRY(az_tokenizer_read_string(part, "CTC", "pad_token", false, &step->text, &step->text_bytes,
                                    error));
    AZ_TRY(az_tokenizer_read_string(part, "CTC", "word_delimiter_token", false, &step->content,
                                    &step->content_bytes, error));
    AZ_TRY(az_tokenizer_read_flag(part, "CTC", "cleanup", true, &step->flag, error));
    if (step->text_bytes == 0 || step->content_bytes == 0)
        AZ_RAISE(AZ_UNSUPPORTED, "an empty token of \"CTC\" is not supported");
out:
    return status;
}

enum az_status az_tokenizer_read_decoder(struct az_tokenizer *tokenizer, const json_t *part,
                                         struct az_error *error)
{
    static const struct az_tokenizer_type types[] = {
        {"ByteLevel", read_byte_level},
        {"WordPiece", read_wordpiece},
        {"Metaspace", read_metaspace},
        {"BPEDecoder", read_suffix},
        {"ByteFallback", read_plain},
        {"Fuse", read_plain},
        {"Strip", read_strip},
        {"Replace", read_replace},
        {"CTC", read_ctc},
        {NULL, NULL},
    };
    return az_tokenizer_read_sequence(tokenizer, part, "decoder", "decoders", types, error);
}
