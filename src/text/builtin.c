#define _GNU_SOURCE
#include "text/builtin.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "base/memory.h"
#include "store/file.h"
#include "text/markup.h"
#include "text/utf8.h"
#include "text/ztext.h"

#define PATH_BYTES 4096
#define FILE_LIMIT_BYTES ((size_t)1 << 30)

/* A word list for hunspell: the number of words, then a word a line, each perhaps with the names of
 * its affix classes after a slash. A slash before anything but ASCII letters, digits and commas
 * belongs to the word. */
static size_t word_length(const char *line, size_t length)
{
    const char *slash = memrchr(line, '/', length);
    if (!slash || slash == line) return length;
    size_t flags = length - (size_t)(slash - line) - 1;
    for (size_t n = 0; n < flags; n++) {
        char c = slash[1 + n];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == ','))
            return length;
    }
    return (size_t)(slash - line);
}

static enum az_status add_words(const char *list, size_t length_bytes, struct az_buffer *text,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *end = list + length_bytes, *line = list;
    bool first = true;
    for (const char *next; line < end; line = next, first = false) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        size_t length = (size_t)((stop ? stop : end) - line);
        if (length && line[length - 1] == '\r') length--;
        bool number = first && length && strspn(line, "0123456789") == length;
        if (length == 0 || number) continue;
        AZ_TRY(az_buffer_add(text, line, word_length(line, length), error));
        AZ_TRY(az_buffer_add(text, "\n", 1, error));
    }
out:
    return status;
}

static enum az_status read_word_list(const char *path, struct az_buffer *text,
                                     struct az_error *error)
{
    char *list = NULL;
    size_t length_bytes;
    enum az_status status = AZ_OK;
    AZ_TRY(az_file_read(path, FILE_LIMIT_BYTES, &list, &length_bytes, error));
    AZ_TRY(az_utf8_check_text(path, list, length_bytes, error));
    AZ_TRY(add_words(list, length_bytes, text, error));
out:
    az_memory_free(list);
    return status;
}

static int is_page(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".html") == 0;
}

/* alphasort follows the locale; the order of a text must not. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum az_status read_page(const char *directory, const char *name, struct az_buffer *text,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES], *page = NULL;
    size_t length_bytes;
    AZ_TRY(az_path_join(path, sizeof path, directory, name, error));
    AZ_TRY(az_file_read(path, FILE_LIMIT_BYTES, &page, &length_bytes, error));
    AZ_TRY(az_utf8_check_text(path, page, length_bytes, error));
    AZ_TRY(az_markup_strip(page, length_bytes, text, error));
out:
    az_memory_free(page);
    return status;
}

static enum az_status read_pages(const char *directory, struct az_buffer *text,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct dirent **pages = NULL;
    int count = scandir(directory, &pages, is_page, by_name);
    if (count <= 0) AZ_RAISE(AZ_MISSING, "%s has no pages", directory);
    for (int n = 0; n < count && status == AZ_OK; n++)
        status = read_page(directory, pages[n]->d_name, text, error);
out:
    for (int n = 0; n < count; n++) free(pages[n]);
    free(pages);
    return status;
}

#define SWORD "sword/modules/texts/ztext/"

static const struct builtin {
    const char *name, *place; /* below the share directory */
    enum az_status (*read)(const char *path, struct az_buffer *text, struct az_error *error);
} builtins[] = {
    {"web", SWORD "engWEB2015eb", az_ztext_read},
    {"kjv", SWORD "engKJV2006eb", az_ztext_read},
    {"anarchism", "doc/anarchism/html", read_pages},
    {"thai", "hunspell/th_TH.dic", read_word_list},
};

static const char *package_of(const char *text)
{
#define TEXT_PACKAGE(name, package, meaning)                                                       \
    if (strcmp(text, name) == 0) return package;
    AZ_TEXT_TABLE(TEXT_PACKAGE)
#undef TEXT_PACKAGE
    return "";
}

static const struct builtin *find(const char *name)
{
    for (size_t n = 0; n < sizeof builtins / sizeof *builtins; n++)
        if (strcmp(name, builtins[n].name) == 0) return &builtins[n];
    return NULL;
}

bool az_builtin_is(const char *name) { return find(name) != NULL; }

enum az_status az_builtin_read(const char *name, struct az_buffer *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct builtin *builtin = find(name);
    const char *share = getenv("AZ_SHARE");
    char path[PATH_BYTES];
    AZ_TRY(az_path_join(path, sizeof path, share && *share ? share : "/usr/share", builtin->place,
                        error));
    if (!az_file_exists(path))
        AZ_RAISE(AZ_MISSING,
                 "the text '%s' is not installed (there is no %s); run:  sudo apt "
                 "install %s",
                 name, path, package_of(name));
    AZ_TRY(builtin->read(path, text, error));
out:
    return status;
}
