/* encoder.h: texts to ids, one after another, with everything that they need kept between them. One
 * thread uses an encoder; any number of encoders may share a tokenizer. */
#ifndef AZ_TEXT_ENCODER_H
#define AZ_TEXT_ENCODER_H

#include "text/encode.h"

struct az_encoder {
    const struct az_tokenizer *tokenizer;
    uint32_t *ids; /* [count], of the last text */
    size_t count;
    struct az_ids all;
    struct az_coder coder;
    struct az_segments segments;
    struct az_normal normal;
};

/* text_bytes: how much text is to come, which decides the size of the cache. */
enum az_status az_encoder_init(struct az_encoder *encoder, const struct az_tokenizer *tokenizer,
                               size_t text_bytes, struct az_error *error);
void az_encoder_free(struct az_encoder *encoder); /* zeroed is allowed */

/* Encodes a text, as az_tokenizer_encode does, into encoder->ids. */
enum az_status az_encoder_text(struct az_encoder *encoder, const char *text, size_t length_bytes,
                               struct az_error *error);

/* The same for one word, after normaliser, added tokens and cutter. A byte-level model takes any
 * bytes, others valid UTF-8. */
enum az_status az_encoder_word(struct az_encoder *encoder, const char *bytes, size_t length_bytes,
                               struct az_error *error);

/* A text (valid UTF-8) as the normaliser leaves it: in encoder->normal, until the next text, or the
 * text itself where there is none. */
enum az_status az_encoder_normalise(struct az_encoder *encoder, const char **text,
                                    size_t *length_bytes, struct az_error *error);

/* Where a text (not empty), which the normaliser leaves alone, is first cut: by an added token or
 * by the cutter. Its length where it stays whole. */
enum az_status az_encoder_find_cut(struct az_encoder *encoder, const char *text,
                                   size_t length_bytes, size_t *cut, struct az_error *error);

#endif
