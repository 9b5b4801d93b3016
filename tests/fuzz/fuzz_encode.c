/* Any bytes as a text, for each of the tokenizers of tests/golden/tokenizer_families.json: refused
 * where it is not UTF-8, else ids that are there and that decode; to the text itself, where words
 * are bytes and nothing changes them. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "azimuth/tokenizer.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

#define FAMILIES 32

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static struct {
    struct az_tokenizer *tokenizer;
    bool comes_back;
} families[FAMILIES];
static size_t family_count;

/* They are kept for all texts, so that one text could spoil the next. */
static void load(void)
{
    const char *root = getenv("AZ_SOURCE_ROOT");
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/tokenizer_families.json", root ? root : ".");
    json_t *list = json_load_file(path, JSON_ALLOW_NUL, NULL), *family;
    size_t n;
    json_array_foreach(list, n, family)
    {
        const char *name = json_string_value(json_object_get(family, "name"));
        char *text = json_dumps(json_object_get(family, "tokenizer"), 0);
        if (n == FAMILIES || !name || !text) abort();
        if (az_tokenizer_read_json(&families[n].tokenizer, name, text, strlen(text), NULL) != AZ_OK)
            abort();
        families[n].comes_back = strcmp(name, "llama3") == 0 || strcmp(name, "deepseek") == 0 ||
                                 strcmp(name, "kimi") == 0;
        free(text);
        family_count = n + 1;
    }
    json_decref(list);
    if (family_count == 0) abort();
}

static void encode(size_t family, bool special, const char *text, size_t length_bytes, bool valid)
{
    const struct az_tokenizer *tokenizer = families[family].tokenizer;
    const struct az_encode_options options = {.special_tokens = special};
    uint32_t *ids;
    size_t count, back_bytes;
    char *back;
    enum az_status status =
        az_tokenizer_encode_with(tokenizer, &options, text, length_bytes, &ids, &count, NULL, NULL);
    if ((status == AZ_OK) != valid) abort();
    if (!valid) return;
    for (size_t n = 0; n < count; n++)
        if (ids[n] >= az_tokenizer_size(tokenizer)) abort();
    if (az_tokenizer_decode_with(tokenizer, ids, count, special, &back, &back_bytes, NULL) != AZ_OK)
        abort();
    if (families[family].comes_back && !special &&
        (back_bytes != length_bytes || memcmp(back, text, back_bytes) != 0))
        abort();
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    const char *text = (const char *)bytes;
    if (family_count == 0) load();
    bool valid = length_bytes == 0 || az_utf8_invalid(text, length_bytes) == length_bytes;
    for (size_t n = 0; n < family_count; n++) {
        encode(n, false, length_bytes ? text : "", length_bytes, valid);
        encode(n, true, length_bytes ? text : "", length_bytes, valid);
    }
    return 0;
}
