/* decoder.h: the "decoder" of tokenizer.json: steps that change a list of tokens into text. */
#ifndef AZ_TEXT_DECODER_H
#define AZ_TEXT_DECODER_H

#include "text/splitter.h"

enum az_decoder_kind {
    AZ_DECODER_BYTES,         /* out of the byte alphabet; one string */
    AZ_DECODER_WORDPIECE,     /* text: prefix; flag: cleanup */
    AZ_DECODER_METASPACE,     /* text: the blank; flag: not before the first token */
    AZ_DECODER_SUFFIX,        /* text: a blank, and nothing in the last token */
    AZ_DECODER_BYTE_FALLBACK, /* <0x..> */
    AZ_DECODER_FUSE,          /* one string */
    AZ_DECODER_STRIP,         /* text: up to start of it go from the front, stop from the end */
    AZ_DECODER_REPLACE,       /* text, or splitter, by content */
    AZ_DECODER_CTC,           /* text: pad token; content: word delimiter; flag: cleanup */
};

struct az_decoder_step {
    enum az_decoder_kind kind;
    char *text, *content;
    size_t text_bytes, content_bytes;
    bool flag;
    size_t start, stop;
    struct az_splitter splitter;
};

/* Without steps a blank comes between tokens. */
struct az_decoder {
    struct az_decoder_step *steps;
    size_t count;
};

void az_decoder_free(struct az_decoder *decoder); /* zeroed has no steps */
/* A new last step, zeroed but for its kind. */
enum az_status az_decoder_add(struct az_decoder *decoder, enum az_decoder_kind kind,
                              struct az_decoder_step **step, struct az_error *error);

/* Strings one after another. */
struct az_strings {
    struct az_buffer bytes;
    size_t *ends; /* [count] in bytes */
    size_t count, capacity;
};

void az_strings_free(struct az_strings *strings); /* zeroed is empty */
/* Appends a string, after the bytes that were added to strings->bytes since the last. */
enum az_status az_strings_end(struct az_strings *strings, struct az_error *error);

/* Appends the text of tokens to text. tokens are changed. */
enum az_status az_decoder_apply(const struct az_decoder *decoder, struct az_strings *tokens,
                                struct az_buffer *text, struct az_error *error);

#endif
