/* Runs a fuzz target over its corpus and over mutations of it that are the same every time, so that
 * the ordinary test run keeps what fuzzing once found.
 *
 *     replay_NAME MUTATIONS FOLDER...
 *     replay_NAME --seed FILE            writes the seed that the target makes itself, for fuzzing
 *
 * A target whose files the program writes makes a seed with what is built, az_fuzz_seed: it cannot
 * be of an older layout, which the reader would refuse before it reads the rest. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { SEED = 7, ROOM = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);
/* Its length; 0: this target makes none. */
size_t az_fuzz_seed(uint8_t *bytes, size_t capacity_bytes);
__attribute__((weak)) size_t az_fuzz_seed(uint8_t *bytes, size_t capacity_bytes)
{
    (void)bytes;
    (void)capacity_bytes;
    return 0;
}

static uint64_t drawn;

static size_t draw(size_t bound)
{
    return (size_t)az_random_below(SEED, AZ_STREAM_SIMULATION, drawn++, bound);
}

static const char *const words[] = {"0",
                                    "-1",
                                    "18446744073709551615",
                                    "9223372036854775807",
                                    "4294967296",
                                    "1e9",
                                    "\"",
                                    "[",
                                    "]",
                                    "{",
                                    "}",
                                    ",",
                                    "\\u0000",
                                    "\xff",
                                    "null",
                                    "\"shape\":[0]",
                                    "\"dtype\":\"F4\"",
                                    "W",
                                    ".steps",
                                    "\n",
                                    "=",
                                    "#",
                                    "1e999"};

/* Puts `count` bytes in the place of `removed` bytes at `at`; returns the new length. */
static size_t splice(uint8_t *bytes, size_t length, size_t at, size_t removed, const void *text,
                     size_t count)
{
    if (at + removed > length) removed = length - at;
    memmove(bytes + at + count, bytes + at + removed, length - at - removed);
    memcpy(bytes + at, text, count);
    return length - removed + count;
}

static size_t mutate(uint8_t *bytes, size_t length)
{
    uint8_t copy[32];
    size_t at = draw(length + 1), count = draw(sizeof copy), from = draw(length + 1);
    const char *word = words[draw(sizeof words / sizeof words[0])];
    switch (draw(6)) {
    case 0:
        if (at < length) bytes[at] ^= (uint8_t)(1u << draw(8));
        return length;
    case 1:
        if (at < length) bytes[at] = (uint8_t)draw(256);
        return length;
    case 2: return splice(bytes, length, at, draw(8), word, strlen(word));
    case 3: return splice(bytes, length, at, count, "", 0);
    case 4:
        if (from + count > length) count = length - from;
        memcpy(copy, bytes + from, count);
        return splice(bytes, length, at, 0, copy, count);
    default: return at; /* cut short */
    }
}

/* Most mutations of a text break the length before it; half of them get it mended. */
static void mend_length(uint8_t *bytes, size_t length, size_t grown)
{
    uint64_t header;
    if (length < 8) return;
    memcpy(&header, bytes, 8);
    header += (uint64_t)grown;
    memcpy(bytes, &header, 8);
}

static void replay(const uint8_t *seed, size_t seed_bytes, int mutations)
{
    LLVMFuzzerTestOneInput(seed, seed_bytes);
    for (int n = 0; n < mutations; n++) {
        size_t length = seed_bytes;
        uint8_t *bytes = malloc(seed_bytes + ROOM);
        if (!bytes) abort();
        memcpy(bytes, seed, seed_bytes);
        for (size_t rounds = 1 + draw(4); rounds; rounds--) length = mutate(bytes, length);
        if (draw(2)) mend_length(bytes, length, length - seed_bytes);
        /* A block of its exact length, so that a read beyond it is seen. */
        uint8_t *exact = malloc(length ? length : 1);
        if (!exact) abort();
        memcpy(exact, bytes, length);
        LLVMFuzzerTestOneInput(exact, length);
        free(exact);
        free(bytes);
    }
}

static int replay_file(const char *folder, const char *name, int mutations)
{
    static uint8_t bytes[1 << 20];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    replay(bytes, length, mutations);
    return 1;
}

/* Files in the order of their names, so that a seed's mutations do not depend on the disk. */
static int replay_folder(const char *folder, int mutations)
{
    struct dirent **entries;
    int done = 0, count = scandir(folder, &entries, NULL, alphasort);
    for (int n = 0; n < count; n++) {
        if (entries[n]->d_name[0] != '.')
            done += replay_file(folder, entries[n]->d_name, mutations);
        free(entries[n]);
    }
    if (count >= 0) free(entries);
    return done;
}

static uint8_t seed[1 << 20];

static int write_seed(const char *path)
{
    size_t length = az_fuzz_seed(seed, sizeof seed);
    FILE *file = length ? fopen(path, "wb") : NULL;
    return file && fwrite(seed, 1, length, file) == length && fclose(file) == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "--seed") == 0) return write_seed(arguments[2]);
    int files = 0, mutations = count > 1 ? atoi(arguments[1]) : 0;
    size_t length = az_fuzz_seed(seed, sizeof seed);
    if (length) replay(seed, length, mutations);
    files += length > 0;
    for (int n = 2; n < count; n++) files += replay_folder(arguments[n], mutations);
    printf("%d seeds, %d mutations of each, random seed %d\n", files, mutations, SEED);
    return files > 0 ? 0 : 1;
}
