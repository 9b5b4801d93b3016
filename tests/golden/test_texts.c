/* The built-in texts, as the packages of Debian 12 give them. Skipped (77) where one is absent. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/hash.h"

static const struct {
    const char *name;
    struct az_text_measure measure;
    const char *hash; /* xxhsum -H128 */
} texts[] = {
    {"web", {4996555, 4937769, 927550, 33411}, "02b33b0d1f8eaf70c9dc5ce945e44024"},
    {"thai", {1251419, 451639, 51682, 51682}, "2e80dfbf68db3b07babf4c5479c80922"},
};

static bool has_thai(const char *text, size_t length_bytes)
{
    for (size_t n = 0; n + 1 < length_bytes; n++)
        if (text[n] == '\xe0' && ((unsigned char)text[n + 1] & 0xfe) == 0xb8) return true;
    return false;
}

static bool check(size_t n, const char *text, size_t length_bytes)
{
    char hash[AZ_HASH_TEXT_BYTES];
    struct az_text_measure found = az_corpus_measure(text, length_bytes);
    az_hash_text(az_hash_bytes(text, length_bytes), hash);
    printf("%s: %" PRIu64 " bytes, %" PRIu64 " characters, %" PRIu64 " words, %" PRIu64
           " lines, %s\n",
           texts[n].name, found.bytes, found.characters, found.words, found.lines, hash);
    return memcmp(&found, &texts[n].measure, sizeof found) == 0 &&
           strcmp(hash, texts[n].hash) == 0 &&
           has_thai(text, length_bytes) == (strcmp(texts[n].name, "thai") == 0);
}

int main(void)
{
    bool good = true, skipped = false;
    for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++) {
        struct az_error error;
        char *text;
        size_t length_bytes;
        enum az_status status = az_corpus_read(texts[n].name, &text, &length_bytes, &error);
        if (status != AZ_OK) printf("%s: %s\n", texts[n].name, error.message);
        if (status == AZ_MISSING) skipped = true;
        if (status != AZ_OK && status != AZ_MISSING) good = false;
        if (status == AZ_OK) good = check(n, text, length_bytes) && good;
        az_corpus_free_text(text);
    }
    return !good ? 1 : skipped ? 77 : 0;
}
