#include "text/added.h"

#include <string.h>

#include "base/memory.h"
#include "text/unicode.h"
#include "text/utf8.h"

void az_added_free(struct az_added *added)
{
    for (size_t n = 0; n < added->count; n++) az_memory_free(added->tokens[n].content);
    az_memory_free(added->tokens);
    *added = (struct az_added){0};
}

static bool comes_before(const struct az_added_token *a, const struct az_added_token *b)
{
    unsigned char p = (unsigned char)a->content[0], q = (unsigned char)b->content[0];
    return p != q ? p < q : a->length_bytes > b->length_bytes;
}

enum az_status az_added_put(struct az_added *added, struct az_added_token token,
                            const char *content, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t at = added->count;
    if (added->count == added->capacity) {
        size_t capacity = added->capacity ? 2 * added->capacity : 16;
        AZ_TRY(az_memory_grow(&added->tokens, added->count, capacity, sizeof *added->tokens,
                              "the added tokens", error));
        added->capacity = capacity;
    }
    AZ_TRY(az_memory_copy_string(&token.content, content, error));
    token.length_bytes = strlen(content);
    for (; at > 0 && comes_before(&token, &added->tokens[at - 1]); at--) {
    }
    memmove(added->tokens + at + 1, added->tokens + at,
            (added->count - at) * sizeof *added->tokens);
    added->tokens[at] = token;
    unsigned char byte = (unsigned char)content[0];
    added->only_byte = added->count == 0 || added->only_byte == byte ? byte : -1;
    added->count++;
    added->number[byte]++;
    for (size_t n = added->count; n-- > 0;)
        added->first[(unsigned char)added->tokens[n].content[0]] = (uint32_t)n;
    az_unicode_prepare();
out:
    return status;
}

uint32_t az_added_named(const struct az_added *added, const char *content, size_t length_bytes)
{
    unsigned char byte = length_bytes ? (unsigned char)content[0] : 0;
    if (!added->number[byte]) return AZ_TOKEN_NONE; /* there may be no tokens at all */
    const struct az_added_token *token = added->tokens + added->first[byte];
    for (uint32_t n = 0; n < added->number[byte]; n++, token++)
        if (token->length_bytes == length_bytes &&
            memcmp(token->content, content, length_bytes) == 0)
            return token->id;
    return AZ_TOKEN_NONE;
}

static const struct az_added_token *longest_at(const struct az_added *added, const char *text,
                                               size_t length_bytes)
{
    unsigned char byte = (unsigned char)*text;
    if (!added->number[byte]) return NULL;
    const struct az_added_token *token = added->tokens + added->first[byte];
    for (uint32_t n = 0; n < added->number[byte]; n++, token++)
        if (token->length_bytes <= length_bytes &&
            memcmp(text, token->content, token->length_bytes) == 0)
            return token;
    return NULL;
}

/* The first match from *at, whose place is then *at; NULL where there is none. */
static const struct az_added_token *find(const struct az_added *added, const char *text,
                                         size_t length_bytes, size_t *at)
{
    for (; *at < length_bytes; (*at)++) {
        if (added->only_byte >= 0) {
            const char *found = memchr(text + *at, added->only_byte, length_bytes - *at);
            if (!found) break;
            *at = (size_t)(found - text);
        } else if (added->number[(unsigned char)text[*at]] == 0) {
            continue;
        }
        const struct az_added_token *token = longest_at(added, text + *at, length_bytes - *at);
        if (token) return token;
    }
    return NULL;
}

static bool is_part_of_word(const char *text, size_t length_bytes, size_t start, size_t end)
{
    size_t used;
    return (start > 0 &&
            az_unicode_flags(az_utf8_decode(text + az_utf8_before(text, start), &used)) &
                AZ_UNICODE_WORD) ||
           (end < length_bytes &&
            az_unicode_flags(az_utf8_decode(text + end, &used)) & AZ_UNICODE_WORD);
}

static size_t spaces_before(const char *text, size_t least, size_t at)
{
    size_t used;
    while (at > least) {
        size_t before = az_utf8_before(text, at);
        if (!(az_unicode_flags(az_utf8_decode(text + before, &used)) & AZ_UNICODE_SPACE)) break;
        at = before;
    }
    return at;
}

static size_t spaces_behind(const char *text, size_t length_bytes, size_t at)
{
    size_t used;
    while (at < length_bytes &&
           az_unicode_flags(az_utf8_decode(text + at, &used)) & AZ_UNICODE_SPACE)
        at += used;
    return at;
}

uint32_t az_added_next(const struct az_added *added, const char *text, size_t length_bytes,
                       struct az_added_search *search)
{
    const struct az_added_token *token = NULL;
    size_t start = search->at;
    while (added->count > 0 && (token = find(added, text, length_bytes, &start))) {
        search->at = start + token->length_bytes;
        if (!token->single_word || !is_part_of_word(text, length_bytes, start, search->at)) break;
        start = search->at;
    }
    search->text_start = search->taken;
    if (!token) {
        search->text_end = search->taken = search->at = length_bytes;
        return AZ_TOKEN_NONE;
    }
    /* White space that the token before took is not there any more. */
    if (token->left) start = spaces_before(text, search->taken, start);
    search->text_end = start > search->taken ? start : search->taken;
    search->taken = token->right ? spaces_behind(text, length_bytes, search->at) : search->at;
    return token->id;
}
