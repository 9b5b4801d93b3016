#include <string.h>

#include "base/memory.h"
#include "store/json.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_parts.h"

struct writer {
    const struct az_tokenizer *tokenizer;
    struct az_json json;
    struct az_buffer spelling; /* scratch, terminated by 0 */
};

/* The token as tokenizer.json spells it, terminated by 0, into writer->spelling. */
static enum az_status spell(struct writer *writer, size_t id, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &writer->tokenizer->vocabulary;
    bool raw = writer->tokenizer->model == AZ_TOKEN_MODEL_CHARACTER || vocabulary->tokens[id].added;
    size_t length;
    const char *bytes = az_vocabulary_bytes(vocabulary, id, &length);
    writer->spelling.length = 0;
    AZ_TRY(raw ? az_buffer_add(&writer->spelling, bytes, length, error)
               : az_byte_alphabet_spell(bytes, length, &writer->spelling, error));
    AZ_TRY(az_buffer_add(&writer->spelling, "", 1, error));
out:
    return status;
}

/* A special token is spelled as it is, so that it may look like the spelling of another token. */
static enum az_status check_special(const struct az_tokenizer *tokenizer, uint32_t special,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer bytes = {0};
    size_t length;
    bool good;
    const char *name = az_vocabulary_bytes(&tokenizer->vocabulary, special, &length);
    AZ_TRY(az_byte_alphabet_read(name, length, &bytes, &good, error));
    uint32_t id =
        good ? az_vocabulary_find(&tokenizer->vocabulary, bytes.bytes, bytes.length) : special;
    if (id != AZ_TOKEN_NONE && id != special)
        AZ_RAISE(AZ_USAGE,
                 "the special token '%.*s' is how tokenizer.json spells token %u; name it "
                 "otherwise",
                 (int)length, name, id);
out:
    az_buffer_free(&bytes);
    return status;
}

static enum az_status write_added(struct writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &writer->tokenizer->vocabulary;
    az_json_open(&writer->json, "added_tokens", '[');
    for (size_t id = 0; id < vocabulary->count; id++) {
        if (!vocabulary->tokens[id].added) continue;
        AZ_TRY(spell(writer, id, error));
        az_json_open(&writer->json, NULL, '{');
        az_json_unsigned(&writer->json, "id", id);
        az_json_text(&writer->json, "content", writer->spelling.bytes);
        az_json_boolean(&writer->json, "single_word", false);
        az_json_boolean(&writer->json, "lstrip", false);
        az_json_boolean(&writer->json, "rstrip", false);
        az_json_boolean(&writer->json, "normalized", false);
        az_json_boolean(&writer->json, "special", true);
        az_json_close(&writer->json, '}');
    }
    az_json_close(&writer->json, ']');
out:
    return status;
}

static void write_byte_level(struct az_json *json, const char *key, bool use_regex)
{
    az_json_open(json, key, '{');
    az_json_text(json, "type", "ByteLevel");
    az_json_boolean(json, "add_prefix_space", false);
    az_json_boolean(json, "trim_offsets", true);
    az_json_boolean(json, "use_regex", use_regex);
    az_json_close(json, '}');
}

static void write_split(struct az_json *json, const char *key, const struct az_splitter *splitter)
{
    az_json_open(json, key, '{');
    if (splitter->pattern == AZ_PATTERN_WHITESPACE) {
        az_json_text(json, "type", "Whitespace");
    } else {
        az_json_text(json, "type", "Split");
        az_json_open(json, "pattern", '{');
        az_json_text(json, "Regex", splitter->text);
        az_json_close(json, '}');
        az_json_text(json, "behavior", "Isolated");
        az_json_boolean(json, "invert", false);
    }
    az_json_close(json, '}');
}

static void write_pre_tokenizer(struct az_json *json, const struct az_tokenizer *tokenizer)
{
    static const char key[] = "pre_tokenizer";
    const struct az_splitter *splitter = az_tokenizer_splitter(tokenizer);
    bool bytes = tokenizer->model == AZ_TOKEN_MODEL_BYTE;
    if (bytes && splitter->pattern == AZ_PATTERN_GPT2) {
        write_byte_level(json, key, true);
    } else if (bytes) {
        az_json_open(json, key, '{');
        az_json_text(json, "type", "Sequence");
        az_json_open(json, "pretokenizers", '[');
        write_split(json, NULL, splitter);
        write_byte_level(json, NULL, false);
        az_json_close(json, ']');
        az_json_close(json, '}');
    } else {
        write_split(json, key, splitter);
    }
}

static void write_decoder(struct az_json *json, const struct az_tokenizer *tokenizer)
{
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE) {
        write_byte_level(json, "decoder", true);
    } else if (tokenizer->decoder.count == 0) {
        az_json_literal(json, "decoder", "null");
    } else {
        az_json_open(json, "decoder", '{');
        az_json_text(json, "type", "Fuse");
        az_json_close(json, '}');
    }
}

static enum az_status write_vocabulary(struct writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &writer->tokenizer->vocabulary;
    az_json_open(&writer->json, "vocab", '{');
    for (size_t id = 0; id < vocabulary->count; id++) {
        if (!vocabulary->tokens[id].present) continue;
        AZ_TRY(spell(writer, id, error));
        az_json_unsigned(&writer->json, writer->spelling.bytes, id);
    }
    az_json_close(&writer->json, '}');
out:
    return status;
}

static enum az_status write_merges(struct writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_merges *merges = &writer->tokenizer->merges;
    az_json_open(&writer->json, "merges", '[');
    for (size_t n = 0; n < merges->count; n++) {
        az_json_open(&writer->json, NULL, '[');
        AZ_TRY(spell(writer, merges->list[n].left, error));
        az_json_text(&writer->json, NULL, writer->spelling.bytes);
        AZ_TRY(spell(writer, merges->list[n].right, error));
        az_json_text(&writer->json, NULL, writer->spelling.bytes);
        az_json_close(&writer->json, ']');
    }
    az_json_close(&writer->json, ']');
out:
    return status;
}

static enum az_status write_model(struct writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_json *json = &writer->json;
    az_json_open(json, "model", '{');
    az_json_text(json, "type", "BPE");
    az_json_literal(json, "dropout", "null");
    if (writer->tokenizer->unknown == AZ_TOKEN_NONE) {
        az_json_literal(json, "unk_token", "null");
    } else {
        AZ_TRY(spell(writer, writer->tokenizer->unknown, error));
        az_json_text(json, "unk_token", writer->spelling.bytes);
    }
    az_json_literal(json, "continuing_subword_prefix", "null");
    az_json_literal(json, "end_of_word_suffix", "null");
    az_json_boolean(json, "fuse_unk", false);
    az_json_boolean(json, "byte_fallback", false);
    az_json_boolean(json, "ignore_merges", writer->tokenizer->whole_words_first);
    AZ_TRY(write_vocabulary(writer, error));
    AZ_TRY(write_merges(writer, error));
    az_json_close(json, '}');
out:
    return status;
}

enum az_status az_tokenizer_write_json(const struct az_tokenizer *tokenizer, char **text,
                                       size_t *length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct writer writer = {.tokenizer = tokenizer};
    struct az_json *json = &writer.json;
    az_json_init(json, true);
    *text = NULL;
    if (tokenizer->source) {
        AZ_TRY(az_memory_allocate(text, tokenizer->source_bytes + 1, 1, "a tokenizer", error));
        memcpy(*text, tokenizer->source, tokenizer->source_bytes);
        *length_bytes = tokenizer->source_bytes;
        goto out;
    }
    if (tokenizer->ranked)
        AZ_RAISE(AZ_UNSUPPORTED,
                 "a tokenizer that was read from a .tiktoken file cannot be written as "
                 "tokenizer.json, which merges by another rule");
    for (size_t n = 0; n < tokenizer->added.count; n++)
        if (tokenizer->model == AZ_TOKEN_MODEL_BYTE)
            AZ_TRY(check_special(tokenizer, tokenizer->added.tokens[n].id, error));
    az_json_open(json, NULL, '{');
    az_json_text(json, "version", "1.0");
    az_json_literal(json, "truncation", "null");
    az_json_literal(json, "padding", "null");
    AZ_TRY(write_added(&writer, error));
    az_json_literal(json, "normalizer", "null");
    write_pre_tokenizer(json, tokenizer);
    az_json_literal(json, "post_processor", "null");
    write_decoder(json, tokenizer);
    AZ_TRY(write_model(&writer, error));
    az_json_close(json, '}');
    AZ_TRY(az_json_take(json, text, length_bytes, error));
out:
    az_json_free(json);
    az_buffer_free(&writer.spelling);
    return status;
}
