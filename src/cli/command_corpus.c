#include <stdio.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "store/file.h"

static void list_texts(void)
{
    static const char *const rows[][3] = {
#define TEXT_ROW(name, package, meaning) {name, package, meaning},
        AZ_TEXT_TABLE(TEXT_ROW)
#undef TEXT_ROW
    };
    printf("%-10s %-16s %s\n", "name", "Debian package", "text");
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++)
        printf("%-10s %-16s %s\n", rows[n][0], rows[n][1], rows[n][2]);
}

struct text_counts {
    uint64_t bytes, characters, words, lines;
};

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Words: runs of anything but ASCII white space. */
static void count_text(const char *text, size_t length_bytes, struct text_counts *counts)
{
    bool in_word = false;
    counts->bytes += length_bytes;
    for (size_t n = 0; n < length_bytes; n++) {
        bool space = is_space(text[n]);
        counts->characters += ((unsigned char)text[n] & 0xc0) != 0x80;
        counts->words += !space && !in_word;
        counts->lines += text[n] == '\n';
        in_word = !space;
    }
}

static void print_counts(const char *name, const struct text_counts *counts)
{
    char bytes[AZ_UNIT_TEXT_BYTES], characters[AZ_UNIT_TEXT_BYTES];
    char words[AZ_UNIT_TEXT_BYTES], lines[AZ_UNIT_TEXT_BYTES];
    az_unit_count(counts->bytes, bytes);
    az_unit_count(counts->characters, characters);
    az_unit_count(counts->words, words);
    az_unit_count(counts->lines, lines);
    printf("%14s %14s %12s %10s  %s\n", bytes, characters, words, lines, name);
}

static enum az_status print_texts(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct text_counts total = {0};
    char *text = NULL;
    size_t length_bytes;
    for (size_t n = 0; n < arguments->operand_count; n++) {
        struct text_counts counts = {0};
        AZ_TRY(az_corpus_read(arguments->operands[n], &text, &length_bytes, error));
        count_text(text, length_bytes, &counts);
        count_text(text, length_bytes, &total);
        az_corpus_free_text(text);
        text = NULL;
        if (n == 0)
            printf("%14s %14s %12s %10s  %s\n", "bytes", "characters", "words", "lines", "text");
        print_counts(arguments->operands[n], &counts);
    }
    if (arguments->operand_count > 1) print_counts("total", &total);
out:
    az_corpus_free_text(text);
    return status;
}

static enum az_status write_texts(const struct az_arguments *arguments, const char *path,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char names[4096] = "", *text = NULL;
    size_t used = 0, length_bytes;
    for (size_t n = 0; n < arguments->operand_count; n++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", n ? " " : "",
                                 arguments->operands[n]);
        if (used >= sizeof names) AZ_RAISE(AZ_USAGE, "corpus: the names are too long together");
    }
    AZ_TRY(az_corpus_read_all(names, &text, &length_bytes, error));
    AZ_TRY(az_file_write(path, text, length_bytes, error));
out:
    az_corpus_free_text(text);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    const char *path = az_arguments_value(arguments, "--output");
    if (az_arguments_has(arguments, "--list")) {
        list_texts();
        return AZ_OK;
    }
    if (arguments->operand_count == 0)
        return az_error_raise(error, AZ_USAGE,
                              "corpus: TEXT is missing: a file, or a name that "
                              "azimuth corpus --list prints");
    enum az_status status = print_texts(arguments, error);
    if (status == AZ_OK && path) status = write_texts(arguments, path, error);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the texts, one after another, as plain text"},
    {"--list", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "lists the built-in texts and the Debian packages that bring them"},
    AZ_OPTION_END,
};

const struct az_command az_command_corpus = {
    .name = "corpus",
    .summary = "reads plain text: built-in texts and files",
    .operands = "[TEXT...]",
    .operands_most = 1000,
    .complete = AZ_COMPLETE_TEXT,
    .description = "A TEXT is a built-in name or a file in UTF-8. Prints its bytes, characters, "
                   "words and lines; with -o also writes the text. What is empty, no valid UTF-8 "
                   "or has a NUL byte is refused with the place.",
    .options = options,
    .examples = "azimuth corpus --list\n"
                "azimuth corpus web thai\n"
                "azimuth corpus web -o bible.txt\n",
    .run = run,
};
