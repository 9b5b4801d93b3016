#include "text/encoder.h"

#include "text/utf8.h"

enum az_status az_encoder_init(struct az_encoder *encoder, const struct az_tokenizer *tokenizer,
                               size_t text_bytes, struct az_error *error)
{
    *encoder = (struct az_encoder){.tokenizer = tokenizer};
    return az_coder_init(&encoder->coder, tokenizer, text_bytes, error);
}

void az_encoder_free(struct az_encoder *encoder)
{
    az_coder_free(&encoder->coder);
    az_ids_free(&encoder->all);
    az_segments_free(&encoder->segments);
    az_normal_free(&encoder->normal);
    *encoder = (struct az_encoder){0};
}

static void begin(struct az_encoder *encoder)
{
    encoder->all.count = encoder->count = 0;
    encoder->coder.ids = &encoder->all;
}

static void end(struct az_encoder *encoder)
{
    encoder->ids = encoder->all.list;
    encoder->count = encoder->all.count;
}

enum az_status az_encoder_text(struct az_encoder *encoder, const char *text, size_t length_bytes,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_segments *segments = &encoder->segments;
    size_t fault = az_utf8_invalid(text, length_bytes);
    if (fault < length_bytes)
        AZ_RAISE(AZ_FORMAT, "expected a text in UTF-8; byte %zu begins what is none", fault);
    begin(encoder);
    segments->count = segments->normal.length = 0;
    AZ_TRY(az_segments_find(segments, encoder->tokenizer, NULL, text, length_bytes, error));
    for (size_t n = 0; n < segments->count; n++) {
        const struct az_segment *segment = &segments->list[n];
        AZ_TRY(segment->id != AZ_TOKEN_NONE
                   ? az_ids_add(&encoder->all, &segment->id, 1, error)
                   : az_cut_text(&encoder->coder.cut, segment->text, segment->length_bytes,
                                 segment->first_bytes, az_coder_word, &encoder->coder, error));
    }
    end(encoder);
out:
    return status;
}

enum az_status az_encoder_word(struct az_encoder *encoder, const char *bytes, size_t length_bytes,
                               struct az_error *error)
{
    begin(encoder);
    enum az_status status = az_coder_word(&encoder->coder, bytes, length_bytes, error);
    end(encoder);
    return status;
}

enum az_status az_encoder_normalise(struct az_encoder *encoder, const char **text,
                                    size_t *length_bytes, struct az_error *error)
{
    enum az_status status = az_normaliser_apply(&encoder->tokenizer->normaliser, *text,
                                                *length_bytes, &encoder->normal, error);
    *text = encoder->normal.text;
    *length_bytes = encoder->normal.length_bytes;
    return status;
}

/* The first word of a text. */
struct first_word {
    const char *text;
    size_t length_bytes, cut;
    bool found;
};

static enum az_status look(void *context, const char *word, size_t length_bytes,
                           struct az_error *error)
{
    struct first_word *first = context;
    (void)error;
    if (first->found) return AZ_OK;
    first->found = true;
    /* A step that changes the text gives words that lie elsewhere. */
    bool inside = word >= first->text && word < first->text + first->length_bytes;
    size_t start = inside ? (size_t)(word - first->text) : 0;
    size_t place = start > 0 ? start : length_bytes;
    first->cut = place < first->length_bytes ? place : first->length_bytes;
    return AZ_OK;
}

enum az_status az_encoder_find_cut(struct az_encoder *encoder, const char *text,
                                   size_t length_bytes, size_t *cut, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tokenizer *tokenizer = encoder->tokenizer;
    const struct az_added *sets[] = {&tokenizer->added, &tokenizer->added_normalised};
    struct first_word first = {.text = text, .length_bytes = length_bytes};
    *cut = length_bytes;
    for (int n = 0; n < 2; n++) {
        struct az_added_search search = {0};
        uint32_t id = az_added_next(sets[n], text, length_bytes, &search);
        size_t place = search.text_end > 0 ? search.text_end : search.taken;
        if (id != AZ_TOKEN_NONE && place < *cut) *cut = place;
    }
    if (*cut < length_bytes) goto out;
    AZ_TRY(az_cut_text(&encoder->coder.cut, text, length_bytes, 1, look, &first, error));
    *cut = first.cut;
out:
    return status;
}
