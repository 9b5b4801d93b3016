/* tokens.h: what the rows of a matrix are: script and class of each token's bytes, and whether the
 * tokenizer can give it. Definitions: docs/definitions.md, "Tokens". */
#ifndef AZIMUTH_TOKENS_H
#define AZIMUTH_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"
#include "azimuth/tokenizer.h"

/* Classes, the first that applies from the bottom up: enumerator, name, meaning. */
#define AZ_TOKEN_CLASS_TABLE(X)                                                                    \
    X(AZ_TOKEN_LETTERS, "letters", "has a letter or a combining mark")                             \
    X(AZ_TOKEN_NUMBER, "number", "has a number, and no letter")                                    \
    X(AZ_TOKEN_PUNCTUATION, "punctuation", "has punctuation, at least as much as symbols")         \
    X(AZ_TOKEN_SYMBOL, "symbol", "has symbols (mathematics, currency, emoji, unassigned)")         \
    X(AZ_TOKEN_CONTROL, "control", "nothing but control characters and white space")               \
    X(AZ_TOKEN_WHITESPACE, "whitespace", "nothing but white space")                                \
    X(AZ_TOKEN_EMPTY, "empty", "no bytes")                                                         \
    X(AZ_TOKEN_INVALID, "invalid", "bytes that are no UTF-8 alone: a piece of a character")        \
    X(AZ_TOKEN_SPECIAL, "special", "an added token, found in a text as it is")                     \
    X(AZ_TOKEN_ORPHAN, "orphan", "a row that no token has")

enum az_token_class {
#define AZ_TOKEN_CLASS_ENUMERATOR(id, name, meaning) id,
    AZ_TOKEN_CLASS_TABLE(AZ_TOKEN_CLASS_ENUMERATOR)
#undef AZ_TOKEN_CLASS_ENUMERATOR
        AZ_TOKEN_CLASS_COUNT
};

/* Reachability, the first that applies: enumerator, name, meaning. */
#define AZ_REACH_TABLE(X)                                                                          \
    X(AZ_REACH_ORPHAN, "orphan", "a row that no token has")                                        \
    X(AZ_REACH_SPECIAL, "special", "an added token: a text that has it gives it")                  \
    X(AZ_REACH_OK, "ok", "its bytes encode to itself")                                             \
    X(AZ_REACH_INVALID_UTF8, "invalid_utf8", "its bytes are no text; only within a longer one")    \
    X(AZ_REACH_CONTINUATION, "continuation", "only within a word, after another token")            \
    X(AZ_REACH_NORMALISED, "normalised", "the normaliser changes its text")                        \
    X(AZ_REACH_SPLIT, "split", "the pre-tokenizer cuts its text")                                  \
    X(AZ_REACH_MERGE, "merge", "the model makes other tokens of its text")

enum az_reach {
#define AZ_REACH_ENUMERATOR(id, name, meaning) id,
    AZ_REACH_TABLE(AZ_REACH_ENUMERATOR)
#undef AZ_REACH_ENUMERATOR
        AZ_REACH_COUNT
};

AZ_API const char *az_token_class_name(enum az_token_class token_class);
AZ_API const char *az_reach_name(enum az_reach reach);

/* ---- one token ---- */

/* Scripts by number: 0 is AZ_SCRIPT_COMMON, 1 AZ_SCRIPT_MIXED, those from 2 on are Unicode's. The
 * numbers are of this build; names ("Thai", "Han") stay. */
#define AZ_SCRIPT_COMMON 0 /* no character has a script of its own */
#define AZ_SCRIPT_MIXED 1  /* two or more scripts have equally many, and most, characters */
#define AZ_SCRIPT_LIMIT 400
AZ_API unsigned az_script_count(void); /* <= AZ_SCRIPT_LIMIT */
AZ_API const char *az_script_name(unsigned script);

struct az_token_kind {
    enum az_token_class token_class; /* never special or orphan: bytes do not tell */
    unsigned script;                 /* of the whole characters there are, if invalid */
    size_t characters;               /* whole ones */
};
AZ_API struct az_token_kind az_token_classify(const char *bytes, size_t length_bytes);

/* The bytes for people, as valid UTF-8 that shows: white space other than a blank, control and
 * format characters and what is unassigned as \n \r \t \u{200d}, a backslash as \\, bytes that are
 * no UTF-8 as \xe0. Writes at most capacity_bytes with the terminating 0, whole characters and
 * escapes only, and returns the length that the whole would have. */
AZ_API size_t az_token_escape(const char *bytes, size_t length_bytes, char *text,
                              size_t capacity_bytes);
/* Back, in place. False, with text spoilt, for an escape that is none. */
AZ_API bool az_token_unescape(char *text, size_t *length_bytes);

/* The merges that a model applies to a token's bytes taken as one word, as a tree: leaves are bytes
 * (or characters), every other node joins two. */
#define AZ_MERGE_NONE UINT32_MAX
struct az_merge_node {
    uint32_t id;          /* AZ_TOKENIZER_NONE: a leaf that is no token */
    uint32_t rank;        /* of the merge, from 0; AZ_MERGE_NONE for a leaf */
    uint32_t left, right; /* nodes; AZ_MERGE_NONE for a leaf */
};
struct az_merge_tree {
    struct az_merge_node *nodes; /* [node_count], children before parents */
    size_t node_count;
    uint32_t *roots; /* [root_count], from left to right: one where the merges build the token */
    size_t root_count;
};
/* AZ_UNSUPPORTED for a model without merges, and for a token of more than 4,096 bytes. Free in any
 * case. */
AZ_API enum az_status az_merge_tree_build(struct az_merge_tree *tree,
                                          const struct az_tokenizer *tokenizer, const char *bytes,
                                          size_t length_bytes, struct az_error *error);
AZ_API void az_merge_tree_free(struct az_merge_tree *tree); /* zeroed is allowed */

/* ---- all rows ---- */

/* What stands before and after a token's bytes in a text that gives the token. */
struct az_token_within {
    bool found;
    uint8_t before_count, after_count;
    unsigned char before[3], after[3];
};

struct az_token_row {
    uint8_t token_class, reach; /* enum az_token_class, az_reach */
    bool cut_at_mark;           /* split: a combining mark stands before or after the first cut */
    uint16_t script;
    uint32_t length_bytes, characters;
    struct az_token_within within;     /* invalid_utf8 and continuation */
    uint32_t cut_bytes;                /* split: place of the first cut in the token's bytes */
    uint32_t encoding, encoding_count; /* ids that its bytes encode to; none where they cannot */
};

struct az_tokens {
    const struct az_tokenizer *tokenizer; /* borrowed */
    size_t rows;
    bool reached; /* reach and encodings are known */
    struct az_token_row *row;
    uint32_t *encodings;
};

/* Looks at rows 0..rows-1; rows 0: as many as the tokenizer has ids. AZ_USAGE for fewer than
 * that. With `reach` every token is encoded again, alone, as the text of its bytes; the bytes of
 * invalid tokens as one word, for byte-level models, and a longer text is looked for that gives
 * them. pool: NULL is one thread; the result does not
 * depend on it. Free in any case. */
AZ_API enum az_status az_tokens_survey(struct az_tokens *tokens,
                                       const struct az_tokenizer *tokenizer, size_t rows,
                                       bool reach, struct az_pool *pool,
                                       struct az_progress *progress, struct az_error *error);
/* The same with reach for some rows only, which have tokens; the others are zero. */
AZ_API enum az_status az_tokens_survey_some(struct az_tokens *tokens,
                                            const struct az_tokenizer *tokenizer,
                                            const uint32_t *ids, size_t count,
                                            struct az_error *error);
AZ_API void az_tokens_free(struct az_tokens *tokens); /* zeroed is allowed */

/* What a row is counted under: its script where its class is letters, else its class. Numbers lie
 * below az_token_group_count(). */
#define AZ_TOKEN_GROUP_LIMIT (AZ_TOKEN_CLASS_COUNT + AZ_SCRIPT_LIMIT)
AZ_API unsigned az_token_group_count(void);
AZ_API unsigned az_token_group(const struct az_token_row *row);
AZ_API const char *az_token_group_name(unsigned group);

/* What there is in each group; zero where there is none. */
struct az_token_group_counts {
    size_t rows, first, last; /* first and last: ids */
    size_t reach[AZ_REACH_COUNT];
    uint64_t bytes; /* of all its tokens */
    uint32_t longest_bytes;
};
AZ_API void az_tokens_count(const struct az_tokens *tokens,
                            struct az_token_group_counts counts[AZ_TOKEN_GROUP_LIMIT]);

/* A text that gives a token which none gives alone, as valid UTF-8: its bytes with what is
 * `within`. Returns its length, 0 where none is known; a text that does not fit counts as none. */
AZ_API size_t az_tokens_within(const struct az_tokens *tokens, size_t id, char *text,
                               size_t capacity_bytes);

/* Why the row has its reachability, in words: "cut at byte 3, U+0E02 | U+0E49, at a combining
 * mark". */
#define AZ_REASON_BYTES 320
AZ_API void az_tokens_reason(const struct az_tokens *tokens, size_t id,
                             char reason[AZ_REASON_BYTES]);

#endif
