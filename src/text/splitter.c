#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/splitter.h"

#include <pcre2.h>
#include <string.h>

#include "base/memory.h"
#include "text/unicode.h"
#include "text/utf8.h"

/* A match may try this many steps; the patterns with a name need less than a hundred. A word of any
 * length is one step where its class repeats possessively. */
#define MATCH_LIMIT 10000000
#define HEAP_LIMIT_KIB (256 << 10)
#define STACK_START_BYTES ((size_t)32 << 10)
#define STACK_LIMIT_BYTES ((size_t)64 << 20)

static enum az_status compile(struct az_splitter *splitter, const char *translation,
                              enum az_dialect dialect, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int code = 0;
    uint32_t lines = dialect == AZ_DIALECT_ONIGURUMA ? PCRE2_MULTILINE : 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) AZ_RAISE(AZ_MEMORY, "cannot allocate a pattern");
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    PCRE2_SIZE offset = 0;
    uint32_t matches_empty = 0;
    splitter->code = pcre2_compile((PCRE2_SPTR)translation, PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | lines, &code,
                                   &offset, context);
    if (!splitter->code) {
        PCRE2_UCHAR message[256];
        pcre2_get_error_message(code, message, sizeof message);
        AZ_RAISE(AZ_UNSUPPORTED, "the pattern %s is not understood: %s", splitter->text,
                 (const char *)message);
    }
    pcre2_pattern_info(splitter->code, PCRE2_INFO_MATCHEMPTY, &matches_empty);
    if (matches_empty)
        AZ_RAISE(AZ_UNSUPPORTED, "the pattern %s can match nothing at all, which is not supported",
                 splitter->text);
    /* Where there is no JIT the interpreter gives the same matches. */
    pcre2_jit_compile(splitter->code, PCRE2_JIT_COMPLETE);
out:
    pcre2_compile_context_free(context);
    return status;
}

enum az_status az_splitter_init(struct az_splitter *splitter, const char *pattern_text,
                                enum az_dialect dialect, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer translation = {0};
    *splitter = (struct az_splitter){.pattern = az_pattern_with_text(pattern_text)};
    if (splitter->pattern == AZ_PATTERN_WHITESPACE) splitter->pattern = AZ_PATTERN_OTHER;
    AZ_TRY(az_memory_copy_string(&splitter->text, pattern_text, error));
    AZ_TRY(
        az_pattern_translate(pattern_text, dialect, &translation, &splitter->looks_behind, error));
    AZ_TRY(compile(splitter, translation.bytes, dialect, error));
    az_unicode_prepare();
    if (az_pattern_with_text(pattern_text) != AZ_PATTERN_WHITESPACE)
        splitter->scan = az_scanner_of(pattern_text, dialect);
out:
    az_buffer_free(&translation);
    if (status != AZ_OK) az_splitter_free(splitter);
    return status;
}

enum az_status az_splitter_init_named(struct az_splitter *splitter, enum az_pattern pattern,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *text = az_pattern_text(pattern);
    *splitter = (struct az_splitter){.pattern = pattern};
    AZ_TRY(az_memory_copy_string(&splitter->text, text, error));
    az_unicode_prepare();
    splitter->scan = az_scanner_of(text, AZ_DIALECT_ONIGURUMA);
out:
    return status;
}

void az_splitter_free(struct az_splitter *splitter)
{
    pcre2_code_free(splitter->code);
    az_memory_free(splitter->text);
    *splitter = (struct az_splitter){0};
}

enum az_status az_walk_init(struct az_walk *walk, const struct az_splitter *splitter,
                            struct az_error *error)
{
    *walk = (struct az_walk){.splitter = splitter};
    if (splitter->scan) return AZ_OK;
    walk->match = pcre2_match_data_create(1, NULL);
    walk->context = pcre2_match_context_create(NULL);
    walk->stack = pcre2_jit_stack_create(STACK_START_BYTES, STACK_LIMIT_BYTES, NULL);
    if (!walk->match || !walk->context) {
        az_walk_free(walk);
        return az_error_raise(error, AZ_MEMORY, "cannot allocate a pattern's match");
    }
    pcre2_set_match_limit(walk->context, MATCH_LIMIT);
    pcre2_set_heap_limit(walk->context, HEAP_LIMIT_KIB);
    /* NULL where there is no JIT. */
    if (walk->stack) pcre2_jit_stack_assign(walk->context, NULL, walk->stack);
    return AZ_OK;
}

void az_walk_free(struct az_walk *walk)
{
    pcre2_match_data_free(walk->match);
    pcre2_match_context_free(walk->context);
    pcre2_jit_stack_free(walk->stack);
    *walk = (struct az_walk){0};
}

void az_walk_begin(struct az_walk *walk, const char *text, size_t length_bytes)
{
    walk->text = text;
    walk->length_bytes = length_bytes;
    walk->at = walk->match_start = walk->match_end = 0;
}

static void scan(struct az_walk *walk)
{
    az_scanner *scanner = walk->splitter->scan;
    size_t start = walk->at, end;
    while ((end = scanner(walk->text, walk->length_bytes, start)) == start) {
        start += az_utf8_length(walk->text[start]);
        if (start >= walk->length_bytes) break;
    }
    walk->match_start = start;
    walk->match_end = end > start ? end : start;
}

/* Finds the next match at or after `at`; both its ends are the text's end where there is none. */
static enum az_status find(struct az_walk *walk, struct az_error *error)
{
    int count = pcre2_match(walk->splitter->code, (PCRE2_SPTR)walk->text, walk->length_bytes,
                            walk->at, PCRE2_NO_UTF_CHECK, walk->match, walk->context);
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(walk->match);
    walk->match_start = count < 0 ? walk->length_bytes : ends[0];
    walk->match_end = count < 0 ? walk->length_bytes : ends[1];
    if (count >= 0 || count == PCRE2_ERROR_NOMATCH) return AZ_OK;
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(count, message, sizeof message);
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the pattern %s gives up at byte %zu of the text: %s",
                          walk->splitter->text, walk->at, (const char *)message);
}

enum az_status az_walk_piece(struct az_walk *walk, const char **piece, size_t *length_bytes,
                             bool *match, struct az_error *error)
{
    *length_bytes = 0;
    if (walk->at >= walk->length_bytes) return AZ_OK;
    if (walk->at >= walk->match_end) {
        if (walk->splitter->scan) {
            scan(walk);
        } else {
            enum az_status status = find(walk, error);
            if (status != AZ_OK) return status;
        }
    }
    *match = walk->at >= walk->match_start;
    size_t end = *match ? walk->match_end : walk->match_start;
    *piece = walk->text + walk->at;
    *length_bytes = end - walk->at;
    walk->at = end;
    return AZ_OK;
}

enum az_status az_walk_next(struct az_walk *walk, const char **word, size_t *length_bytes,
                            struct az_error *error)
{
    enum az_status status;
    bool match;
    do {
        status = az_walk_piece(walk, word, length_bytes, &match, error);
    } while (status == AZ_OK && *length_bytes > 0 && !match &&
             walk->splitter->pattern == AZ_PATTERN_WHITESPACE);
    return status;
}
