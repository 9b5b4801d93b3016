#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/tokens.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/print_json.h"
#include "cli/token_options.h"
#include "config/number.h"
#include "store/json.h"

#define TEXT_BYTES 1024 /* of a token shown; a longer one is cut */

static const char *text_of(const struct az_tokenizer *tokenizer, uint32_t id, char text[TEXT_BYTES])
{
    size_t length;
    const char *bytes = az_tokenizer_bytes(tokenizer, id, &length);
    text[0] = 0;
    if (bytes) az_token_escape(bytes, length, text, TEXT_BYTES);
    return text;
}

/* ---- which token ---- */

static enum az_status find_text(const struct az_tokenizer *tokenizer, const char *operand,
                                uint32_t *id, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *bytes = NULL;
    size_t length, count = 0;
    uint32_t *ids = NULL;
    AZ_TRY(az_memory_copy_string(&bytes, operand, error));
    if (!az_token_unescape(bytes, &length))
        AZ_RAISE(AZ_USAGE,
                 "\"%.200s\" has a backslash that begins no escape; a backslash itself is "
                 "written twice",
                 operand);
    *id = az_tokenizer_find(tokenizer, bytes, length);
    if (*id != AZ_TOKENIZER_NONE) goto out;
    /* What it becomes is help enough; where it cannot be encoded there is nothing to add. */
    if (az_tokenizer_encode(tokenizer, bytes, length, &ids, &count, NULL, NULL) == AZ_OK)
        AZ_RAISE(AZ_USAGE,
                 "no token is \"%.200s\"; it encodes to %zu tokens (azimuth tokenizer "
                 "encode)",
                 operand, count);
    AZ_RAISE(AZ_USAGE, "no token is \"%.200s\"", operand);
out:
    az_tokenizer_free_ids(ids);
    az_memory_free(bytes);
    return status;
}

static enum az_status find_token(const struct az_arguments *arguments,
                                 const struct az_tokenizer *tokenizer, const char *operand,
                                 uint32_t *id, struct az_error *error)
{
    uint64_t number;
    size_t length;
    if (az_arguments_has(arguments, "--text") || !az_number_parse_seed(operand, &number))
        return find_text(tokenizer, operand, id, error);
    if (number < az_tokenizer_size(tokenizer) && az_tokenizer_bytes(tokenizer, number, &length)) {
        *id = (uint32_t)number;
        return AZ_OK;
    }
    return az_error_raise(error, AZ_USAGE,
                          "no token has the id %" PRIu64 "; ids lie below %zu (a text of digits is "
                          "meant with --text)",
                          number, az_tokenizer_size(tokenizer));
}

/* ---- for people ---- */

static void print_node(const struct az_tokenizer *tokenizer, const struct az_merge_tree *tree,
                       uint32_t place, int depth)
{
    const struct az_merge_node *node = &tree->nodes[place];
    char text[TEXT_BYTES];
    printf("  %*s\"%s\"", 2 * depth, "",
           node->id == AZ_TOKENIZER_NONE ? "?" : text_of(tokenizer, node->id, text));
    if (node->id != AZ_TOKENIZER_NONE) printf("  id %" PRIu32, node->id);
    if (node->rank != AZ_MERGE_NONE) printf("  merge %" PRIu32, node->rank);
    printf("\n");
    if (node->rank == AZ_MERGE_NONE) return;
    print_node(tokenizer, tree, node->left, depth + 1);
    print_node(tokenizer, tree, node->right, depth + 1);
}

static void print_encoding(const struct az_tokens *tokens, size_t id)
{
    const struct az_token_row *row = &tokens->row[id];
    char reason[AZ_REASON_BYTES], text[TEXT_BYTES];
    az_tokens_reason(tokens, id, reason);
    printf("reachability  %s%s%s\n", az_reach_name((enum az_reach)row->reach),
           reason[0] ? ": " : "", reason);
    printf("encodes to   ");
    for (uint32_t n = 0; n < row->encoding_count; n++) {
        uint32_t piece = tokens->encodings[row->encoding + n];
        printf(" %" PRIu32 " \"%s\"", piece, text_of(tokens->tokenizer, piece, text));
    }
    printf("%s\n", row->encoding_count ? "" : " nothing");
}

static enum az_status print_token(const struct az_tokens *tokens, size_t id, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_token_row *row = &tokens->row[id];
    struct az_merge_tree tree = {0};
    char text[TEXT_BYTES];
    size_t length;
    const char *bytes = az_tokenizer_bytes(tokens->tokenizer, id, &length);
    printf("id            %zu\n", id);
    printf("text          \"%s\"\n", text_of(tokens->tokenizer, (uint32_t)id, text));
    printf("bytes         ");
    for (size_t n = 0; n < length; n++) printf("%02x ", (unsigned char)bytes[n]);
    printf("(%zu)\nscript        %s\n", length, az_script_name(row->script));
    printf("class         %s, %" PRIu32 " characters\n",
           az_token_class_name((enum az_token_class)row->token_class), row->characters);
    print_encoding(tokens, id);
    if (row->token_class == AZ_TOKEN_SPECIAL) goto out;
    status = az_merge_tree_build(&tree, tokens->tokenizer, bytes, length, error);
    if (status == AZ_UNSUPPORTED) status = AZ_OK;
    printf("%s", tree.root_count > 1 ? "what the merges make of its bytes\n"
                 : tree.root_count   ? "merges that build it\n"
                                     : "");
    for (size_t n = 0; n < tree.root_count; n++)
        print_node(tokens->tokenizer, &tree, tree.roots[n], 0);
out:
    az_merge_tree_free(&tree);
    return status;
}

/* ---- JSON ---- */

static void put_node(struct az_json *json, const char *key, const struct az_tokenizer *tokenizer,
                     const struct az_merge_tree *tree, uint32_t place)
{
    const struct az_merge_node *node = &tree->nodes[place];
    char text[TEXT_BYTES];
    az_json_open(json, key, '{');
    if (node->id != AZ_TOKENIZER_NONE) {
        az_json_unsigned(json, "id", node->id);
        az_json_text(json, "text", text_of(tokenizer, node->id, text));
    }
    if (node->rank != AZ_MERGE_NONE) {
        az_json_unsigned(json, "rank", node->rank);
        put_node(json, "left", tokenizer, tree, node->left);
        put_node(json, "right", tokenizer, tree, node->right);
    }
    az_json_close(json, '}');
}

static enum az_status put_token(struct az_json *json, const struct az_tokens *tokens, size_t id,
                                struct az_error *error)
{
    const struct az_token_row *row = &tokens->row[id];
    struct az_merge_tree tree = {0};
    char text[TEXT_BYTES], reason[AZ_REASON_BYTES];
    size_t length;
    const char *bytes = az_tokenizer_bytes(tokens->tokenizer, id, &length);
    az_json_open(json, NULL, '{');
    az_json_unsigned(json, "id", id);
    az_json_text(json, "text", text_of(tokens->tokenizer, (uint32_t)id, text));
    az_json_open(json, "bytes", '[');
    for (size_t n = 0; n < length; n++) az_json_unsigned(json, NULL, (unsigned char)bytes[n]);
    az_json_close(json, ']');
    az_json_text(json, "script", az_script_name(row->script));
    az_json_text(json, "class", az_token_class_name((enum az_token_class)row->token_class));
    az_json_unsigned(json, "characters", row->characters);
    az_json_text(json, "reachability", az_reach_name((enum az_reach)row->reach));
    az_tokens_reason(tokens, id, reason);
    az_json_text(json, "reason", reason);
    az_json_open(json, "encoding", '[');
    for (uint32_t n = 0; n < row->encoding_count; n++)
        az_json_unsigned(json, NULL, tokens->encodings[row->encoding + n]);
    az_json_close(json, ']');
    enum az_status status =
        row->token_class == AZ_TOKEN_SPECIAL
            ? AZ_OK
            : az_merge_tree_build(&tree, tokens->tokenizer, bytes, length, error);
    az_json_open(json, "merges", '[');
    for (size_t n = 0; n < tree.root_count; n++)
        put_node(json, NULL, tokens->tokenizer, &tree, tree.roots[n]);
    az_json_close(json, ']');
    az_json_close(json, '}');
    az_merge_tree_free(&tree);
    return status == AZ_UNSUPPORTED ? AZ_OK : status;
}

/* ---- the command ---- */

static enum az_status print_all(const struct az_arguments *arguments,
                                const struct az_tokens *tokens, const uint32_t *ids,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_json json;
    size_t count = arguments->operand_count - 1;
    bool as_json = az_arguments_has(arguments, "--json");
    az_json_init(&json, true);
    az_json_open(&json, NULL, '[');
    for (size_t n = 0; n < count; n++) {
        if (n && !as_json) printf("\n");
        AZ_TRY(as_json ? put_token(&json, tokens, ids[n], error)
                       : print_token(tokens, ids[n], error));
    }
    az_json_close(&json, ']');
    if (!as_json) goto out;
    status = az_print_json(&json, error);
out:
    az_json_free(&json);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_tokens tokens = {0};
    uint32_t *ids = NULL;
    size_t count = arguments->operand_count - 1;
    AZ_TRY(az_token_options_load(arguments, &tokenizer, error));
    AZ_TRY(az_memory_allocate(&ids, count, sizeof *ids, "the ids", error));
    for (size_t n = 0; n < count; n++)
        AZ_TRY(find_token(arguments, tokenizer, arguments->operands[n + 1], &ids[n], error));
    AZ_TRY(az_tokens_survey_some(&tokens, tokenizer, ids, count, error));
    AZ_TRY(print_all(arguments, &tokens, ids, error));
out:
    az_tokens_free(&tokens);
    az_memory_free(ids);
    az_tokenizer_free(tokenizer);
    return status;
}

static const struct az_option options[] = {
    {"--text", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "every TOKEN is a text, even one of digits"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of lines"},
    AZ_OPTION_PATTERN,
    AZ_OPTION_END,
};

const struct az_command az_command_tokenizer_inspect = {
    .name = "tokenizer inspect",
    .summary = "shows what a token is and how it is built",
    .operands = "TOKENIZER TOKEN...",
    .operands_least = 2,
    .operands_most = 1001,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "TOKEN is an id, or the text of a token with the escapes that are printed: \\n, \\t, \\\\, "
        "\\xe0 for a byte, \\u{200d} for a character. Shown are its bytes, script, class and "
        "reachability, what its bytes encode to, and the merges that build it, as a tree with the "
        "rank of each.",
    .options = options,
    .examples = "azimuth tokenizer inspect qwen3/tokenizer.json 80091\n"
                "azimuth tokenizer inspect tokenizer.json ' the' '\\n' --json\n",
    .run = run,
};
