#include <string.h>

#include "base/memory.h"
#include "text/encode.h"

#define PART_BYTES ((size_t)1 << 18)

void az_segments_free(struct az_segments *segments)
{
    az_memory_free(segments->list);
    az_buffer_free(&segments->normal);
    *segments = (struct az_segments){0};
}

static enum az_status add(struct az_segments *segments, struct az_segment segment,
                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (segments->count == segments->capacity) {
        size_t capacity = segments->capacity ? 2 * segments->capacity : 16;
        AZ_TRY(az_memory_grow(&segments->list, segments->count, capacity, sizeof *segments->list,
                              "the parts of a text", error));
        segments->capacity = capacity;
    }
    segments->list[segments->count++] = segment;
out:
    return status;
}

/* Cuts a stretch of text at the tokens of one set. */
static enum az_status cut(struct az_segments *segments, const struct az_added *added,
                          const char *text, size_t length_bytes, size_t first_bytes,
                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_added_search search = {0};
    uint32_t id;
    do {
        id = az_added_next(added, text, length_bytes, &search);
        if (search.text_end > search.text_start)
            AZ_TRY(add(segments,
                       (struct az_segment){.text = text + search.text_start,
                                           .length_bytes = search.text_end - search.text_start,
                                           .id = AZ_TOKEN_NONE,
                                           .first_bytes = first_bytes > search.text_start
                                                              ? first_bytes - search.text_start
                                                              : 0},
                       error));
        if (id != AZ_TOKEN_NONE) AZ_TRY(add(segments, (struct az_segment){.id = id}, error));
    } while (id != AZ_TOKEN_NONE);
out:
    return status;
}

/* ---- normalising ---- */

/* A part of a segment, or all of it, that a thread normalises. */
struct part {
    size_t segment;
    const char *text;
    size_t length_bytes;
    struct az_buffer normal;
    size_t origin_bytes;
    enum az_status status;
};

struct parts {
    const struct az_normaliser *normaliser;
    struct part *list;
    size_t count, capacity;
    struct az_normal *scratch; /* by thread */
    int threads;
};

static enum az_status add_part(struct parts *parts, struct part part, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity ? 2 * parts->capacity : 16;
        AZ_TRY(az_memory_grow(&parts->list, parts->count, capacity, sizeof *parts->list,
                              "the parts of a text", error));
        parts->capacity = capacity;
    }
    parts->list[parts->count++] = part;
out:
    return status;
}

/* Local normalisers may be given a text in parts that begin with an ASCII character. */
static enum az_status add_parts(struct parts *parts, const struct az_segments *segments,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < segments->count; n++) {
        const struct az_segment *segment = &segments->list[n];
        if (segment->id != AZ_TOKEN_NONE) continue;
        for (size_t at = 0, end; at < segment->length_bytes; at = end) {
            end = at + PART_BYTES;
            if (!parts->normaliser->local || end > segment->length_bytes)
                end = segment->length_bytes;
            while (end < segment->length_bytes && (signed char)segment->text[end] < 0) end++;
            AZ_TRY(add_part(
                parts,
                (struct part){.segment = n, .text = segment->text + at, .length_bytes = end - at},
                error));
        }
    }
out:
    return status;
}

static void normalise_part(void *context, size_t chunk, int thread)
{
    struct parts *parts = context;
    struct part *part = &parts->list[chunk];
    struct az_normal *normal = &parts->scratch[thread];
    part->status =
        az_normaliser_apply(parts->normaliser, part->text, part->length_bytes, normal, NULL);
    part->origin_bytes = normal->origin_bytes;
    if (part->status == AZ_OK)
        part->status = az_buffer_add(&part->normal, normal->text, normal->length_bytes, NULL);
}

static void parts_free(struct parts *parts)
{
    for (size_t n = 0; n < parts->count; n++) az_buffer_free(&parts->list[n].normal);
    for (int n = 0; parts->scratch && n < parts->threads; n++) az_normal_free(&parts->scratch[n]);
    az_memory_free(parts->list);
    az_memory_free(parts->scratch);
}

/* The parts one after another in segments->normal, as segments cut at normalised tokens. */
static enum az_status join_parts(struct az_segments *segments, const struct az_segments *raw,
                                 struct parts *parts, const struct az_added *added,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t total = 0, next = 0;
    for (size_t n = 0; n < parts->count; n++) {
        struct part *part = &parts->list[n];
        if (part->status != AZ_OK) /* once more, for what is to be said of it */
            AZ_TRY(az_normaliser_apply(parts->normaliser, part->text, part->length_bytes,
                                       &parts->scratch[0], error));
        if (part->status != AZ_OK) AZ_RAISE(part->status, "cannot normalise a text");
        total += part->normal.length;
    }
    AZ_TRY(az_buffer_reserve(&segments->normal, total + 1, error));
    for (size_t n = 0; n < raw->count; n++) {
        if (raw->list[n].id != AZ_TOKEN_NONE) {
            AZ_TRY(add(segments, raw->list[n], error));
            continue;
        }
        size_t start = segments->normal.length;
        size_t first = raw->list[n].first_bytes ? parts->list[next].origin_bytes : 0;
        for (; next < parts->count && parts->list[next].segment == n; next++) {
            struct az_buffer *normal = &parts->list[next].normal;
            AZ_TRY(az_buffer_add(&segments->normal, normal->bytes, normal->length, error));
            az_buffer_free(normal);
        }
        AZ_TRY(cut(segments, added, segments->normal.bytes + start, segments->normal.length - start,
                   first, error));
    }
out:
    return status;
}

static enum az_status normalise(struct az_segments *segments, const struct az_segments *raw,
                                const struct az_tokenizer *tokenizer, struct az_pool *pool,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct parts parts = {.normaliser = &tokenizer->normaliser,
                          .threads = pool ? az_pool_threads(pool) : 1};
    AZ_TRY(az_memory_allocate(&parts.scratch, (size_t)parts.threads, sizeof *parts.scratch,
                              "normalising", error));
    AZ_TRY(add_parts(&parts, raw, error));
    if (pool) az_pool_run(pool, normalise_part, &parts, parts.count);
    for (size_t n = 0; !pool && n < parts.count; n++) normalise_part(&parts, n, 0);
    AZ_TRY(join_parts(segments, raw, &parts, &tokenizer->added_normalised, error));
out:
    parts_free(&parts);
    return status;
}

enum az_status az_segments_find(struct az_segments *segments, const struct az_tokenizer *tokenizer,
                                struct az_pool *pool, const char *text, size_t length_bytes,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_segments raw = {0};
    bool again = tokenizer->normaliser.count > 0 || tokenizer->added_normalised.count > 0;
    if (length_bytes == 0) goto out;
    AZ_TRY(cut(again ? &raw : segments, &tokenizer->added, text, length_bytes, 1, error));
    if (tokenizer->normaliser.count > 0) {
        AZ_TRY(normalise(segments, &raw, tokenizer, pool, error));
    } else if (again) {
        for (size_t n = 0; n < raw.count; n++) {
            const struct az_segment *segment = &raw.list[n];
            AZ_TRY(segment->id != AZ_TOKEN_NONE
                       ? add(segments, *segment, error)
                       : cut(segments, &tokenizer->added_normalised, segment->text,
                             segment->length_bytes, segment->first_bytes, error));
        }
    }
out:
    az_segments_free(&raw);
    return status;
}
