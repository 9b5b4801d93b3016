/* azimuth tokenizer encode, azimuth tokenizer decode. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/pool.h"
#include "azimuth/tokenizer.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/token_options.h"
#include "config/number.h"
#include "store/file.h"
#include "store/json.h"

#define INPUT_BYTES ((size_t)1 << 32)
#define ID_BYTES 4

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_BINARY };

static enum az_status read_format(const struct az_arguments *arguments, enum format *format,
                                  struct az_error *error)
{
    static const char *const names[] = {"text", "json", "binary"};
    const char *name = az_arguments_value(arguments, "--format");
    *format = FORMAT_TEXT;
    for (int n = 0; name && n < 3; n++) {
        *format = (enum format)n;
        if (strcmp(name, names[n]) == 0) return AZ_OK;
    }
    if (!name) return AZ_OK;
    return az_error_raise(error, AZ_USAGE, "--format is \"%.100s\"; it is text, json or binary",
                          name);
}

static const char *input_path(const struct az_arguments *arguments)
{
    bool given = arguments->operand_count > 1 && strcmp(arguments->operands[1], "-") != 0;
    return given ? arguments->operands[1] : "/dev/stdin";
}

/* To --output, whole or not at all, or to standard output. */
static enum az_status write_out(const struct az_arguments *arguments, const char *bytes,
                                size_t length_bytes, struct az_error *error)
{
    const char *path = az_arguments_value(arguments, "--output");
    if (path) return az_file_write(path, bytes, length_bytes, error);
    fwrite(bytes, 1, length_bytes, stdout); /* main looks whether it went well */
    return AZ_OK;
}

/* ---- encode ---- */

static enum az_status put_ids(struct az_buffer *out, const uint32_t *ids, size_t count,
                              enum format format, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (format == FORMAT_JSON) AZ_TRY(az_buffer_add(out, "[", 1, error));
    for (size_t n = 0; n < count; n++) {
        char text[16];
        int length = 0;
        if (format == FORMAT_BINARY) {
            for (; length < ID_BYTES; length++) text[length] = (char)(ids[n] >> 8 * length);
        } else {
            const char *shape = format == FORMAT_TEXT ? "%" PRIu32 "\n"
                                : n                   ? ",%" PRIu32
                                                      : "%" PRIu32;
            length = snprintf(text, sizeof text, shape, ids[n]);
        }
        AZ_TRY(az_buffer_add(out, text, (size_t)length, error));
    }
    if (format == FORMAT_JSON) AZ_TRY(az_buffer_add(out, "]\n", 2, error));
out:
    return status;
}

static enum az_status encode(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_encode_options options = {.special_tokens = az_arguments_has(arguments, "--special")};
    struct az_buffer out = {0};
    char *text = NULL;
    uint32_t *ids = NULL;
    size_t length_bytes, count;
    int threads;
    enum format format;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(read_format(arguments, &format, error));
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_token_options_load(arguments, &tokenizer, error));
    AZ_TRY(az_file_read(input_path(arguments), INPUT_BYTES, &text, &length_bytes, error));
    AZ_TRY(az_pool_create(&options.pool, threads, error));
    status = az_tokenizer_encode_with(tokenizer, &options, text, length_bytes, &ids, &count,
                                      progress, error);
    if (status != AZ_OK) az_error_at(error, input_path(arguments), -1, -1, -1);
    if (status != AZ_OK) goto out;
    az_bar_end(&bar);
    AZ_TRY(put_ids(&out, ids, count, format, error));
    AZ_TRY(write_out(arguments, out.bytes, out.length, error));
out:
    az_bar_end(&bar);
    az_pool_free(options.pool);
    az_buffer_free(&out);
    az_tokenizer_free_ids(ids);
    az_memory_free(text);
    az_tokenizer_free(tokenizer);
    return status;
}

/* ---- decode ---- */

/* Decimal numbers separated by white space. ids has room for one in every two bytes. */
static enum az_status parse_text(char *text, size_t length_bytes, uint32_t *ids, size_t *count,
                                 struct az_error *error)
{
    int64_t line = 1;
    if (strlen(text) != length_bytes)
        return az_error_raise(error, AZ_FORMAT,
                              "a NUL byte: expected token ids; ids as binary are read with "
                              "--format binary");
    for (char *at = text; *at;) {
        size_t length = strcspn(at, " \t\r\n");
        char after = at[length];
        uint64_t id;
        at[length] = 0;
        if (length && (!az_number_parse_seed(at, &id) || id > UINT32_MAX)) {
            az_error_raise(error, AZ_FORMAT, "expected a token id, found \"%.40s\"", at);
            az_error_at(error, NULL, line, -1, -1);
            return AZ_FORMAT;
        }
        if (length) ids[(*count)++] = (uint32_t)id;
        line += after == '\n';
        at += length + (after != 0);
    }
    return AZ_OK;
}

static enum az_status parse_json(const char *name, const char *text, size_t length_bytes,
                                 uint32_t *ids, size_t *count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    json_t *list = NULL, *id;
    size_t n;
    AZ_TRY(az_json_parse(name, text, length_bytes, &list, error));
    if (!json_is_array(list)) AZ_RAISE(AZ_FORMAT, "expected a list of token ids");
    json_array_foreach(list, n, id)
    {
        json_int_t value = json_integer_value(id);
        if (!json_is_integer(id) || value < 0 || value > UINT32_MAX)
            AZ_RAISE(AZ_FORMAT, "entry %zu of the list is no token id", n);
        ids[(*count)++] = (uint32_t)value;
    }
out:
    json_decref(list);
    return status;
}

static enum az_status parse_binary(const char *bytes, size_t length_bytes, uint32_t *ids,
                                   size_t *count, struct az_error *error)
{
    if (length_bytes % ID_BYTES)
        return az_error_raise(
            error, AZ_FORMAT,
            "%zu bytes are no whole number of ids; an id has %d, the lowest first", length_bytes,
            ID_BYTES);
    for (size_t at = 0; at < length_bytes; at += ID_BYTES) {
        uint32_t id = 0;
        for (int n = ID_BYTES; n-- > 0;) id = id << 8 | (unsigned char)bytes[at + (size_t)n];
        ids[(*count)++] = id;
    }
    return AZ_OK;
}

static enum az_status parse_ids(const char *path, char *input, size_t bytes, enum format format,
                                uint32_t *ids, size_t *count, struct az_error *error)
{
    enum az_status status = format == FORMAT_TEXT ? parse_text(input, bytes, ids, count, error)
                            : format == FORMAT_JSON
                                ? parse_json(path, input, bytes, ids, count, error)
                                : parse_binary(input, bytes, ids, count, error);
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}

static enum az_status decode(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    char *input = NULL, *text = NULL;
    uint32_t *ids = NULL;
    size_t input_bytes, length_bytes, count = 0;
    enum format format;
    AZ_TRY(read_format(arguments, &format, error));
    AZ_TRY(az_token_options_load(arguments, &tokenizer, error));
    AZ_TRY(az_file_read(input_path(arguments), INPUT_BYTES, &input, &input_bytes, error));
    AZ_TRY(az_memory_allocate(&ids, input_bytes / 2 + 1, sizeof *ids, "token ids", error));
    AZ_TRY(parse_ids(input_path(arguments), input, input_bytes, format, ids, &count, error));
    status = az_tokenizer_decode_with(tokenizer, ids, count,
                                      az_arguments_has(arguments, "--skip-special"), &text,
                                      &length_bytes, error);
    if (status != AZ_OK) az_error_at(error, input_path(arguments), -1, -1, -1);
    if (status != AZ_OK) goto out;
    AZ_TRY(write_out(arguments, text, length_bytes, error));
out:
    az_tokenizer_free_text(text);
    az_memory_free(ids);
    az_memory_free(input);
    az_tokenizer_free(tokenizer);
    return status;
}

/* ---- the commands ---- */

#define TOKENIZER_KINDS                                                                            \
    "TOKENIZER is a tokenizer.json, Hugging Face's or our own (azimuth tokenizer train), a "       \
    ".tiktoken file, a vocab.json with its merges.txt beside it, or a folder with one of these. "  \
    "What it needs and azimuth does not support is named. "
#define OPTION_OUTPUT                                                                              \
    {                                                                                              \
        "--output", "-o", "FILE", "standard output", AZ_COMPLETE_OUTPUT, false, false,             \
            "where to write; the file is there whole or not at all"                                \
    }

static const struct az_option encode_options[] = {
    {"--special", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "add the tokens that the file puts before and behind a text ([CLS] and the like)"},
    {"--format", NULL, "NAME", "text", AZ_COMPLETE_NONE, false, false,
     "text: an id a line; json: a list; binary: 4 bytes an id, the lowest first"},
    OPTION_OUTPUT,
    AZ_OPTION_PATTERN,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

static const struct az_option decode_options[] = {
    {"--skip-special", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "leave out the tokens that the file marks as special"},
    {"--format", NULL, "NAME", "text", AZ_COMPLETE_NONE, false, false,
     "of the ids: text, separated by blanks or line ends; json: a list; binary: 4 bytes an id"},
    OPTION_OUTPUT,
    AZ_OPTION_PATTERN,
    AZ_OPTION_END,
};

const struct az_command az_command_tokenizer_encode = {
    .name = "tokenizer encode",
    .summary = "turns text into token ids",
    .operands = "TOKENIZER [FILE]",
    .operands_least = 1,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description = TOKENIZER_KINDS
    "Without FILE, or with -, the text comes from standard input; it is valid UTF-8. The ids "
    "are those that Hugging Face's tokenizers package gives, those of tiktoken for its files. "
    "Nothing is cut off or filled up, whatever the file says of truncation and padding.",
    .options = encode_options,
    .examples = "echo In the beginning | azimuth tokenizer encode tokenizer.json\n"
                "azimuth tokenizer encode bert/ page.txt --special --format json\n"
                "azimuth tokenizer encode cl100k_base.tiktoken book.txt -o book.ids\n",
    .run = encode,
};

const struct az_command az_command_tokenizer_decode = {
    .name = "tokenizer decode",
    .summary = "turns token ids into text",
    .operands = "TOKENIZER [FILE]",
    .operands_least = 1,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description = TOKENIZER_KINDS
    "The ids come from FILE, or without it, or with -, from standard input. A byte-level "
    "tokenizer gives the bytes of its tokens exactly, also where they are no whole "
    "characters.",
    .options = decode_options,
    .examples = "echo 318 257 | azimuth tokenizer decode tokenizer.json\n"
                "azimuth tokenizer decode cl100k_base.tiktoken book.ids -o book.txt\n",
    .run = decode,
};
