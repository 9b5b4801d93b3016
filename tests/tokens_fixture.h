/* tokens_fixture.h: a small byte-level tokenizer with a token for each kind of reachability, as the
 * text of its tokenizer.json. */
#ifndef AZ_TESTS_TOKENS_FIXTURE_H
#define AZ_TESTS_TOKENS_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "text/byte_alphabet.h"
#include "text/utf8.h"

/* Ids after the 256 bytes, whose ids are their values. 270 is left out; 271 is special. */
enum {
    TOKEN_AB = 256,    /* "ab" */
    TOKEN_TEN,         /* "10", which the pattern cuts */
    TOKEN_THAI_LEAD,   /* e0 b8, a piece of a character */
    TOKEN_KO_KAI,      /* U+0E01 */
    TOKEN_MAI_HAN,     /* U+0E31, a combining mark */
    TOKEN_THAI,        /* the last two */
    TOKEN_RING,        /* cc 8a, U+030A, a combining mark */
    TOKEN_ANGSTROM,    /* "A" and the last, which NFC makes one character */
    TOKEN_YZ,          /* "yz" */
    TOKEN_XY,          /* "xy" */
    TOKEN_XYZ,         /* "xyz", which the merges do not reach: yz is made first */
    TOKEN_NEVER,       /* "q!", of which there is no merge, and which is cut */
    TOKEN_NEVER_WHOLE, /* "qq", of which there is no merge */
    TOKEN_TAIL,        /* b8 81, the rest of a character: no merge path, e0 b8 is made first */
    TOKEN_HOLE,
    TOKEN_SPECIAL, /* "<|end|>" */
    TOKENS_FIXTURE_SIZE
};

static const struct {
    int id;
    const char *left, *right;
} tokens_fixture_merges[] = {
    {TOKEN_AB, "a", "b"},
    {TOKEN_TEN, "1", "0"},
    {TOKEN_THAI_LEAD, "\xe0", "\xb8"},
    {TOKEN_KO_KAI, "\xe0\xb8", "\x81"},
    {TOKEN_MAI_HAN, "\xe0\xb8", "\xb1"},
    {TOKEN_THAI, "\xe0\xb8\x81", "\xe0\xb8\xb1"},
    {TOKEN_RING, "\xcc", "\x8a"},
    {TOKEN_ANGSTROM, "A", "\xcc\x8a"},
    {TOKEN_YZ, "y", "z"},
    {TOKEN_XY, "x", "y"},
    {TOKEN_XYZ, "xy", "z"},
    {TOKEN_NEVER, NULL, "q!"},
    {TOKEN_NEVER_WHOLE, NULL, "qq"},
    {TOKEN_TAIL, "\xb8", "\x81"},
};

/* The bytes in GPT-2's alphabet, with quotes and backslashes escaped for JSON. */
static inline const char *tokens_fixture_spell(const char *bytes, size_t length)
{
    static char spelling[4][128];
    static unsigned turn;
    char *text = spelling[turn++ % 4];
    size_t used = 0;
    for (size_t n = 0; n < length; n++) {
        uint32_t character = az_byte_alphabet_character((unsigned char)bytes[n]);
        if (character == '"' || character == '\\') text[used++] = '\\';
        used += az_utf8_encode(character, text + used);
    }
    text[used] = 0;
    return text;
}

static inline const char *tokens_fixture_json(void)
{
    static char json[1 << 16];
    size_t used = 0, capacity = sizeof json;
    const char *separator = "";
#define ADD(...) used += (size_t)snprintf(json + used, capacity - used, __VA_ARGS__)
    ADD("{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[{\"id\":%d,"
        "\"content\":\"<|end|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
        "\"normalized\":false,\"special\":true}],\"normalizer\":{\"type\":\"NFC\"},"
        "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
        "\"pattern\":{\"Regex\":\" ?\\\\p{L}+|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+|\\\\s+\"},"
        "\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\","
        "\"add_prefix_space\":false,\"trim_offsets\":false,\"use_regex\":false}]},"
        "\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
        "\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"dropout\":null,"
        "\"unk_token\":null,\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
        "\"fuse_unk\":false,\"byte_fallback\":false,\"vocab\":{",
        TOKEN_SPECIAL);
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        ADD("%s\"%s\":%d", separator, tokens_fixture_spell(&c, 1), byte);
        separator = ",";
    }
    for (size_t n = 0; n < sizeof tokens_fixture_merges / sizeof tokens_fixture_merges[0]; n++) {
        char bytes[32];
        const char *left = tokens_fixture_merges[n].left;
        snprintf(bytes, sizeof bytes, "%s%s", left ? left : "", tokens_fixture_merges[n].right);
        ADD(",\"%s\":%d", tokens_fixture_spell(bytes, strlen(bytes)), tokens_fixture_merges[n].id);
    }
    ADD(",\"<|end|>\":%d},\"merges\":[", TOKEN_SPECIAL);
    separator = "";
    for (size_t n = 0; n < sizeof tokens_fixture_merges / sizeof tokens_fixture_merges[0]; n++) {
        const char *left = tokens_fixture_merges[n].left, *right = tokens_fixture_merges[n].right;
        if (!left) continue;
        ADD("%s[\"%s\",\"%s\"]", separator, tokens_fixture_spell(left, strlen(left)),
            tokens_fixture_spell(right, strlen(right)));
        separator = ",";
    }
    ADD("]}}");
#undef ADD
    return json;
}

#endif
