/* Deterministic mutation: every input is a seed file changed in a few places, drawn from a counter.
 *
 *     mutate RUNS SEED_FILE...
 *
 * The targets are libFuzzer's (LLVMFuzzerTestOneInput): this driver runs them in every test run, on
 * every compiler; libFuzzer itself searches longer (see meson.build). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "store/file.h"

#define FUZZ_SEED 2024
#define EXTRA_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct mutation {
    uint8_t *bytes; /* capacity: seed's size + EXTRA_BYTES */
    size_t size, capacity;
    uint64_t run, draw;
};

static size_t below(struct mutation *m, size_t bound)
{
    return (size_t)az_random_below(FUZZ_SEED, (uint32_t)m->run, m->draw++, bound ? bound : 1);
}

static void insert(struct mutation *m, size_t at, const uint8_t *bytes, size_t count)
{
    if (m->size + count > m->capacity) return;
    memmove(m->bytes + at + count, m->bytes + at, m->size - at);
    memcpy(m->bytes + at, bytes, count);
    m->size += count;
}

static void erase(struct mutation *m, size_t at, size_t count)
{
    memmove(m->bytes + at, m->bytes + at + count, m->size - at - count);
    m->size -= count;
}

static void change(struct mutation *m)
{
    static const char *const words[] = {"\0",
                                        "\n",
                                        "[",
                                        "]",
                                        "=",
                                        "#",
                                        "{",
                                        "}",
                                        "\"",
                                        ":",
                                        ",",
                                        "-1",
                                        "9223372036854775808",
                                        "1e999",
                                        "\xff",
                                        "\xc3",
                                        "\r",
                                        " "};
    uint8_t copy[256];
    size_t at = below(m, m->size + 1), left = m->size - at, word, count;
    switch (below(m, 6)) {
    case 0:
        if (left) m->bytes[at] ^= (uint8_t)(1u << below(m, 8));
        break;
    case 1:
        if (left) m->bytes[at] = (uint8_t)below(m, 256);
        break;
    case 2: erase(m, at, below(m, (left < 64 ? left : 64) + 1)); break;
    case 3:
        count = below(m, (left < sizeof copy ? left : sizeof copy) + 1);
        memcpy(copy, m->bytes + at, count);
        insert(m, below(m, m->size + 1), copy, count);
        break;
    case 4:
        word = below(m, sizeof words / sizeof words[0]);
        insert(m, at, (const uint8_t *)words[word], word ? strlen(words[word]) : 1);
        break;
    case 5: m->size = at; break;
    }
}

static int run_seed(const char *path, uint64_t runs, uint64_t first)
{
    struct az_error error;
    struct mutation m = {0};
    char *seed;
    size_t size;
    az_error_clear(&error);
    if (az_file_read(path, 0, &seed, &size, &error) != AZ_OK ||
        az_memory_allocate(&m.bytes, size + EXTRA_BYTES, 1, "an input", &error) != AZ_OK) {
        fprintf(stderr, "%s: %s\n", path, error.message);
        return 1;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)seed, size);
    for (m.run = first; m.run < first + runs; m.run++) {
        memcpy(m.bytes, seed, size);
        m.size = size;
        m.capacity = size + EXTRA_BYTES;
        m.draw = 0;
        for (size_t changes = 1 + below(&m, 4); changes; changes--) change(&m);
        LLVMFuzzerTestOneInput(m.bytes, m.size);
    }
    az_memory_free(seed);
    az_memory_free(m.bytes);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: mutate RUNS SEED_FILE...\n");
        return 2;
    }
    uint64_t runs = strtoull(argv[1], NULL, 10);
    for (int n = 2; n < argc; n++)
        if (run_seed(argv[n], runs, (uint64_t)n * runs) != 0) return 1;
    printf("%d seeds, %llu mutations each, random seed %d\n", argc - 2, (unsigned long long)runs,
           FUZZ_SEED);
    return 0;
}
