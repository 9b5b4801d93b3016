/* normaliser.h: the "normalizer" of tokenizer.json: steps that change a text one after another. */
#ifndef AZ_TEXT_NORMALISER_H
#define AZ_TEXT_NORMALISER_H

#include <stdbool.h>

#include "text/charsmap.h"
#include "text/splitter.h"

enum az_normaliser_kind {
    AZ_NORMALISER_NFC, /* the forms in the order of enum az_form */
    AZ_NORMALISER_NFD,
    AZ_NORMALISER_NFKC,
    AZ_NORMALISER_NFKD,
    AZ_NORMALISER_LOWERCASE,
    AZ_NORMALISER_STRIP_ACCENTS,
    AZ_NORMALISER_NMT,
    AZ_NORMALISER_CLEAN,      /* the steps of BertNormalizer; its NFD is the one above */
    AZ_NORMALISER_CHINESE,    /* spaces around ideographs */
    AZ_NORMALISER_NONSPACING, /* accents go */
    AZ_NORMALISER_LOCAL_LAST = AZ_NORMALISER_NONSPACING,
    AZ_NORMALISER_STRIP,
    AZ_NORMALISER_REPLACE, /* all matches of pattern, or of splitter, by text */
    AZ_NORMALISER_PREPEND, /* text, unless all is empty */
    AZ_NORMALISER_CHARSMAP,
    AZ_NORMALISER_BYTES, /* spelled in the byte alphabet */
};

struct az_normaliser_step {
    enum az_normaliser_kind kind;
    bool left, right; /* STRIP */
    char *pattern, *text;
    size_t pattern_bytes, text_bytes;
    struct az_splitter splitter; /* zeroed: pattern is a string */
    struct az_charsmap charsmap;
};

struct az_normaliser {
    struct az_normaliser_step *steps;
    size_t count;
    /* Every step is local: what stands before an ASCII character does not depend on it, nor on what
     * follows. Then ascii has what an ASCII character between others becomes; -1 for nothing. */
    bool local;
    signed char ascii[128];
};

void az_normaliser_free(struct az_normaliser *normaliser); /* zeroed has no steps */

/* A new last step, zeroed but for its kind. */
enum az_status az_normaliser_add(struct az_normaliser *normaliser, enum az_normaliser_kind kind,
                                 struct az_normaliser_step **step, struct az_error *error);
/* When all steps are there. */
enum az_status az_normaliser_finish(struct az_normaliser *normaliser, struct az_error *error);

/* A text on its way; the buffers are reused. */
struct az_normal {
    struct az_buffer buffers[3];
    const char *text; /* borrowed from the caller where nothing changes it, else from the buffers */
    size_t length_bytes;
    size_t origin_bytes; /* at the start, which came of the text's first character; about */
};

void az_normal_free(struct az_normal *normal); /* zeroed is allowed */

/* text: valid UTF-8. Several threads may use one normaliser. */
enum az_status az_normaliser_apply(const struct az_normaliser *normaliser, const char *text,
                                   size_t length_bytes, struct az_normal *normal,
                                   struct az_error *error);

#endif
