#include "text/tokens_within.h"

#include <string.h>

#include "text/utf8.h"

#define TEXT_BYTES ((size_t)512)
#define MOST_TRIES 4096

struct search {
    struct az_encoder *encoder;
    const char *bytes;
    size_t length;
    uint32_t id;
    int tries;
    struct az_token_within within;
    bool found;
};

/* Whether the bytes between what stands before and after them give the token. */
static enum az_status try_text(struct search *search, struct az_error *error)
{
    char text[TEXT_BYTES];
    const struct az_token_within *within = &search->within;
    size_t before = within->before_count, after = within->after_count;
    size_t length = before + search->length + after;
    if (length > sizeof text) return AZ_OK;
    memcpy(text, within->before, before);
    memcpy(text + before, search->bytes, search->length);
    memcpy(text + before + search->length, within->after, after);
    if (az_utf8_invalid(text, length) < length) return AZ_OK;
    search->tries++;
    enum az_status status = az_encoder_text(search->encoder, text, length, error);
    for (size_t n = 0; n < search->encoder->count && status == AZ_OK; n++)
        search->found = search->found || search->encoder->ids[n] == search->id;
    return status;
}

static bool continues(char byte) { return ((unsigned char)byte & 0xc0) == 0x80; }

/* Bytes of the character that begins with `lead`; 0 where none does. */
static size_t character_bytes(unsigned char lead)
{
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Continuation bytes that the last character lacks. */
static size_t lacking(const char *bytes, size_t length)
{
    size_t at = length, whole;
    while (at > 0 && length - at < 4 && continues(bytes[at - 1])) at--;
    if (at == 0) return 0;
    whole = character_bytes((unsigned char)bytes[at - 1]);
    return whole > length - at + 1 ? whole - (length - at + 1) : 0;
}

/* The next way to fill count bytes with continuation bytes; false after the last. */
static bool next_filling(unsigned char *bytes, size_t count)
{
    for (size_t n = count; n > 0; n--) {
        if (bytes[n - 1] < 0xbf) {
            bytes[n - 1]++;
            return true;
        }
        bytes[n - 1] = 0x80;
    }
    return false;
}

static enum az_status try_endings(struct search *search, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_within *within = &search->within;
    memset(within->after, 0x80, sizeof within->after);
    do AZ_TRY(try_text(search, error));
    while (!search->found && search->tries < MOST_TRIES &&
           next_filling(within->after, within->after_count));
out:
    return status;
}

/* All beginnings of a character of `whole` bytes of which the last `have` are there. */
static enum az_status try_beginnings(struct search *search, size_t whole, size_t have,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_within *within = &search->within;
    within->before_count = (uint8_t)(whole - have);
    for (unsigned lead = 0xc2; lead <= 0xf4; lead++) {
        if (character_bytes((unsigned char)lead) != whole) continue;
        memset(within->before, 0x80, sizeof within->before);
        within->before[0] = (unsigned char)lead;
        do {
            AZ_TRY(try_endings(search, error));
            if (search->found || search->tries >= MOST_TRIES) goto out;
        } while (next_filling(within->before + 1, whole - have - 1));
    }
out:
    return status;
}

static enum az_status search_characters(struct search *search, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t have = 0;
    while (have < search->length && continues(search->bytes[have])) have++;
    search->within.after_count =
        (uint8_t)(have < search->length ? lacking(search->bytes, search->length) : 0);
    if (have == 0) return try_endings(search, error);
    for (size_t whole = have + 1; whole <= 4 && !search->found; whole++) {
        search->tries = 0;
        AZ_TRY(try_beginnings(search, whole, have, error));
    }
out:
    return status;
}

static enum az_status search_words(struct search *search, struct az_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum az_status status = AZ_OK;
    search->within.before_count = 1;
    for (const char *c = letters; *c && !search->found; c++) {
        search->within.before[0] = (unsigned char)*c;
        AZ_TRY(try_text(search, error));
    }
out:
    return status;
}

bool az_reach_continues(const struct az_tokenizer *tokenizer, uint32_t id)
{
    size_t length;
    const char *spelling = az_tokenizer_spelling(tokenizer, id, &length);
    return tokenizer->prefix_bytes > 0 && spelling && length > tokenizer->prefix_bytes &&
           memcmp(spelling, tokenizer->prefix, tokenizer->prefix_bytes) == 0;
}

enum az_status az_reach_within(struct az_token_row *row, const char *bytes, uint32_t id,
                               struct az_encoder *encoder, struct az_error *error)
{
    struct search search = {
        .encoder = encoder, .bytes = bytes, .length = row->length_bytes, .id = id};
    enum az_status status = row->token_class == AZ_TOKEN_INVALID ? search_characters(&search, error)
                                                                 : search_words(&search, error);
    search.within.found = search.found;
    if (search.found) row->within = search.within;
    return status;
}
