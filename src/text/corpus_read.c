#include <string.h>

#include "azimuth/corpus.h"
#include "base/memory.h"
#include "base/suggest.h"
#include "store/file.h"
#include "text/builtin.h"
#include "text/utf8.h"

/* A built-in name was perhaps meant: says so, with all of them. */
static enum az_status raise_missing(const char *name, struct az_error *error)
{
    struct az_suggest suggest;
    az_suggest_init(&suggest, name);
#define OFFER(text, package, meaning) az_suggest_offer(&suggest, text);
    AZ_TEXT_TABLE(OFFER)
#undef OFFER
    const char *best = az_suggest_best(&suggest);
#define LIST(text, package, meaning) " " text
    return az_error_raise(
        error, AZ_MISSING,
        "there is no file '%s', and no built-in text of that name%s%s%s; built-in "
        "texts:" AZ_TEXT_TABLE(LIST),
        name, best ? " (did you mean '" : "", best ? best : "", best ? "'?)" : "");
#undef LIST
}

static enum az_status read_file(const char *path, struct az_buffer *text, struct az_error *error)
{
    if (!az_file_exists(path)) return raise_missing(path, error);
    enum az_status status = az_file_read(path, 0, &text->bytes, &text->length, error);
    if (status == AZ_OK) text->capacity = text->length + 1;
    return status;
}

enum az_status az_corpus_read(const char *name, char **text, size_t *length_bytes,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer buffer = {0};
    *text = NULL;
    *length_bytes = 0;
    AZ_TRY(az_builtin_is(name) ? az_builtin_read(name, &buffer, error)
                               : read_file(name, &buffer, error));
    AZ_TRY(az_utf8_check_text(name, buffer.bytes, buffer.length, error));
    AZ_TRY(az_buffer_take(&buffer, text, length_bytes, error));
out:
    az_buffer_free(&buffer);
    return status;
}

static enum az_status add_text(struct az_buffer *all, const char *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length_bytes;
    AZ_TRY(az_corpus_read(name, &text, &length_bytes, error));
    if (all->length) AZ_TRY(az_buffer_add(all, "\n", 1, error));
    AZ_TRY(az_buffer_add(all, text, length_bytes, error));
out:
    az_corpus_free_text(text);
    return status;
}

enum az_status az_corpus_read_all(const char *names, char **text, size_t *length_bytes,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer all = {0};
    char *list = NULL, *rest = NULL;
    *text = NULL;
    *length_bytes = 0;
    AZ_TRY(az_memory_copy_string(&list, names, error));
    for (char *name = strtok_r(list, " \t\n", &rest); name; name = strtok_r(NULL, " \t\n", &rest))
        AZ_TRY(add_text(&all, name, error));
    if (all.length == 0)
        AZ_RAISE(AZ_USAGE, "no text is named; name a file or a built-in text such as web");
    AZ_TRY(az_buffer_take(&all, text, length_bytes, error));
out:
    az_memory_free(list);
    az_buffer_free(&all);
    return status;
}

void az_corpus_free_text(char *text) { az_memory_free(text); }

static bool is_space(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

struct az_text_measure az_corpus_measure(const char *text, size_t length_bytes)
{
    struct az_text_measure measure = {.bytes = length_bytes};
    bool in_word = false;
    size_t used;
    for (size_t at = 0; at < length_bytes; at += used) {
        uint32_t code = az_utf8_decode(text + at, &used);
        bool space = is_space(code);
        measure.characters++;
        measure.lines += code == '\n';
        measure.words += !space && !in_word;
        in_word = !space;
    }
    if (length_bytes && text[length_bytes - 1] != '\n') measure.lines++;
    return measure;
}
