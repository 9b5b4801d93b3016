#include "azimuth/usage.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "azimuth/corpus.h"
#include "base/memory.h"
#include "store/system.h"
#include "text/builtin.h"
#include "text/encoder.h"
#include "text/enrichment.h"
#include "text/utf8.h"

#define STAGE "counting"
#define MEGABYTE 1e6
#define PIECE_BYTES ((size_t)1 << 20)
#define ROUND_PIECES 8
#define READ_BYTES (ROUND_PIECES * PIECE_BYTES)
#define WINDOW_BYTES ((size_t)512) /* looked at on both sides of a cut */
#define CONFIDENCE 0.95
#define TEXT_LIMIT_BYTES ((size_t)1 << 32) /* of a piece */

struct piece {
    size_t start, end; /* in the buffer */
    enum az_status status;
    struct az_error error;
};

struct worker {
    struct az_encoder encoder;
    uint64_t *counts, tokens;
};

struct counter {
    struct az_usage *usage;
    const char *name;
    int fd;
    char *text;
    size_t length, capacity;
    bool ended;               /* the text has all been read */
    uint64_t offset;          /* of the buffer in the text */
    struct az_hasher *hasher; /* of what lies before it */
    uint64_t total;           /* bytes of the text, 0 where unknown */
    struct piece pieces[ROUND_PIECES];
    size_t piece_count;
    struct worker *workers; /* [threads] */
    int threads;
};

/* ---- cuts ---- */

/* Ids of the text, after those that are in `ids` already. */
static enum az_status encode_after(struct az_encoder *encoder, const char *text, size_t length,
                                   struct az_buffer *ids, struct az_error *error)
{
    enum az_status status = az_encoder_text(encoder, text, length, error);
    if (status != AZ_OK) return status;
    return az_buffer_add(ids, encoder->ids, encoder->count * sizeof *encoder->ids, error);
}

/* A beginning of a character at or after `at`. */
static size_t align(const char *text, size_t at, size_t end)
{
    while (at < end && ((unsigned char)text[at] & 0xc0) == 0x80) at++;
    return at;
}

/* Whether `before` bytes before the cut and `after` after it encode to the same apart as together.
 * What cannot be encoded is no place for a cut; the piece that has it will say so. */
static enum az_status parts_cleanly(struct counter *counter, const char *cut, size_t before,
                                    size_t after, bool *clean, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_encoder *encoder = &counter->workers[0].encoder;
    struct az_buffer apart = {0}, together = {0};
    *clean = false;
    if (az_utf8_invalid(cut - before, before + after) < before + after) goto out;
    AZ_TRY(encode_after(encoder, cut - before, before, &apart, error));
    AZ_TRY(encode_after(encoder, cut, after, &apart, error));
    AZ_TRY(encode_after(encoder, cut - before, before + after, &together, error));
    *clean =
        apart.length == together.length && memcmp(apart.bytes, together.bytes, apart.length) == 0;
out:
    az_buffer_free(&apart);
    az_buffer_free(&together);
    return status;
}

/* A cut is clean where a line ends, the next one does not begin with white space, and both windows
 * say so. They are of two lengths that have no divisor in common: in a run that repeats itself for
 * longer, one alone could fit by chance. */
static enum az_status is_clean(struct counter *counter, size_t start, size_t cut, bool *clean,
                               struct az_error *error)
{
    static const size_t windows[] = {WINDOW_BYTES, WINDOW_BYTES * 3 / 5};
    enum az_status status = AZ_OK;
    const char *text = counter->text;
    *clean = cut < counter->length && !memchr(" \t\r\n\v\f", text[cut], 6);
    for (size_t n = 0; *clean && n < sizeof windows / sizeof windows[0]; n++) {
        size_t window = windows[n], left = counter->length - cut;
        size_t from = cut - start > window ? align(text, cut - window, cut) : start;
        size_t to = left > WINDOW_BYTES ? align(text, cut + WINDOW_BYTES, counter->length)
                                        : counter->length;
        AZ_TRY(parts_cleanly(counter, text + cut, cut - from, to - cut, clean, error));
    }
out:
    return status;
}

/* The first clean cut at PIECE_BYTES or more after start; 0 where the buffer has none. */
static enum az_status find_cut(struct counter *counter, size_t start, size_t *cut,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t at = start + PIECE_BYTES, last = counter->length;
    *cut = 0;
    if (!counter->ended) last = last > 2 * WINDOW_BYTES ? last - 2 * WINDOW_BYTES : 0;
    while (at < last) {
        bool clean;
        const char *line_end = memchr(counter->text + at, '\n', last - at);
        if (!line_end) break;
        at = (size_t)(line_end - counter->text) + 1;
        if (at >= last) break;
        AZ_TRY(is_clean(counter, start, at, &clean, error));
        if (!clean) continue;
        *cut = at;
        break;
    }
out:
    return status;
}

/* Pieces of what is in the buffer; the last one only where the text has ended. */
static enum az_status cut_pieces(struct counter *counter, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t start = 0, cut;
    counter->piece_count = 0;
    while (start < counter->length && counter->piece_count < ROUND_PIECES) {
        AZ_TRY(find_cut(counter, start, &cut, error));
        if (!cut && !counter->ended) break;
        if (!cut) cut = counter->length;
        counter->pieces[counter->piece_count++] = (struct piece){.start = start, .end = cut};
        start = cut;
    }
out:
    return status;
}

/* ---- counting ---- */

static enum az_status count_text(struct counter *counter, struct worker *worker,
                                 const struct piece *piece, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *text = counter->text + piece->start;
    size_t length = piece->end - piece->start, fault = az_utf8_invalid(text, length);
    if (fault < length) {
        az_error_raise(error, AZ_FORMAT, "invalid UTF-8; expected a text");
        az_error_at(error, NULL, -1, (int64_t)(counter->offset + piece->start + fault), -1);
        return AZ_FORMAT;
    }
    AZ_TRY(az_encoder_text(&worker->encoder, text, length, error));
    for (size_t n = 0; n < worker->encoder.count; n++) worker->counts[worker->encoder.ids[n]]++;
    worker->tokens += worker->encoder.count;
out:
    return status;
}

static void count_piece(void *context, size_t number, int thread)
{
    struct counter *counter = context;
    struct piece *piece = &counter->pieces[number];
    az_error_clear(&piece->error);
    piece->status = count_text(counter, &counter->workers[thread], piece, &piece->error);
}

static enum az_status count_pieces(struct counter *counter, struct az_pool *pool,
                                   struct az_error *error)
{
    if (pool) az_pool_run(pool, count_piece, counter, counter->piece_count);
    for (size_t n = 0; !pool && n < counter->piece_count; n++) count_piece(counter, n, 0);
    for (size_t n = 0; n < counter->piece_count; n++) {
        const struct piece *piece = &counter->pieces[n];
        if (piece->status == AZ_OK) continue;
        if (error) *error = piece->error;
        return piece->status;
    }
    return AZ_OK;
}

/* ---- reading ---- */

static enum az_status read_more(struct counter *counter, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t done, wanted = counter->length + READ_BYTES;
    if (counter->ended) return AZ_OK;
    if (wanted > TEXT_LIMIT_BYTES)
        AZ_RAISE(AZ_UNSUPPORTED, "%zu bytes without a line end at which it could be cut",
                 counter->length);
    if (wanted > counter->capacity) {
        AZ_TRY(az_memory_grow(&counter->text, counter->length, wanted, 1, "the text", error));
        counter->capacity = wanted;
    }
    int code = az_system_read(counter->fd, counter->text + counter->length, READ_BYTES, &done);
    if (code) {
        status = az_error_system(error, code, "cannot read the text");
        goto out;
    }
    counter->length += done;
    counter->ended = done < READ_BYTES;
out:
    return status;
}

static enum az_status open_text(struct counter *counter, struct az_error *error)
{
    struct stat about;
    if (az_builtin_is(counter->name)) {
        counter->ended = true;
        enum az_status status =
            az_corpus_read(counter->name, &counter->text, &counter->length, error);
        counter->total = counter->length;
        return status;
    }
    int code = az_system_open(counter->name, O_RDONLY, &counter->fd);
    if (!code) code = az_system_stat(counter->fd, &about);
    if (code)
        return az_error_system(error, code,
                               "neither a built-in text (azimuth corpus --list) nor a file that "
                               "can be read");
    if (S_ISREG(about.st_mode)) counter->total = (uint64_t)about.st_size;
    return AZ_OK;
}

static void forget(struct counter *counter, size_t bytes)
{
    az_hasher_add(counter->hasher, counter->text, bytes);
    memmove(counter->text, counter->text + bytes, counter->length - bytes);
    counter->length -= bytes;
    counter->offset += bytes;
}

static enum az_status count_all(struct counter *counter, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    az_progress_begin(progress);
    do {
        AZ_TRY(read_more(counter, error));
        AZ_TRY(cut_pieces(counter, error));
        AZ_TRY(count_pieces(counter, pool, error));
        counter->usage->pieces += counter->piece_count;
        if (counter->piece_count) forget(counter, counter->pieces[counter->piece_count - 1].end);
        az_progress_tell(progress, STAGE, "MB", (double)counter->offset / MEGABYTE,
                         (double)counter->total / MEGABYTE, counter->name);
        if (az_progress_stopped(progress)) AZ_RAISE(AZ_INTERRUPTED, "counting was stopped");
    } while (!counter->ended || counter->length > 0);
    az_progress_end(progress, STAGE, "MB", (double)counter->offset / MEGABYTE,
                    (double)counter->offset / MEGABYTE, counter->name);
    if (counter->offset == 0) AZ_RAISE(AZ_FORMAT, "the file is empty; expected a text");
out:
    return status;
}

static enum az_status prepare(struct counter *counter, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_hasher_create(&counter->hasher, error));
    AZ_TRY(az_memory_allocate(&counter->workers, (size_t)counter->threads, sizeof *counter->workers,
                              "the counters", error));
    for (int n = 0; n < counter->threads; n++) {
        struct worker *worker = &counter->workers[n];
        AZ_TRY(az_memory_allocate(&worker->counts, counter->usage->rows, sizeof *worker->counts,
                                  "the counts", error));
        AZ_TRY(az_encoder_init(&worker->encoder, counter->usage->tokenizer, PIECE_BYTES, error));
    }
out:
    return status;
}

static void release(struct counter *counter)
{
    for (int n = 0; counter->workers && n < counter->threads; n++) {
        az_encoder_free(&counter->workers[n].encoder);
        az_memory_free(counter->workers[n].counts);
    }
    az_memory_free(counter->workers);
    az_memory_free(counter->text);
    az_hasher_free(counter->hasher);
    az_system_close(counter->fd);
}

enum az_status az_usage_add(struct az_usage *usage, const char *name, struct az_hash *hash,
                            struct az_pool *pool, struct az_progress *progress,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct counter counter = {
        .usage = usage, .name = name, .fd = -1, .threads = pool ? az_pool_threads(pool) : 1};
    AZ_TRY(open_text(&counter, error));
    AZ_TRY(prepare(&counter, error));
    AZ_TRY(count_all(&counter, pool, progress, error));
    for (int n = 0; n < counter.threads; n++) {
        usage->tokens += counter.workers[n].tokens;
        for (size_t id = 0; id < usage->rows; id++) {
            usage->live += usage->counts[id] == 0 && counter.workers[n].counts[id] > 0;
            usage->counts[id] += counter.workers[n].counts[id];
        }
    }
    usage->bytes += counter.offset;
    if (hash) *hash = az_hasher_value(counter.hasher);
out:
    if (status != AZ_OK) az_error_at(error, name, -1, -1, -1);
    release(&counter);
    return status;
}

enum az_status az_usage_init(struct az_usage *usage, const struct az_tokenizer *tokenizer,
                             size_t rows, struct az_error *error)
{
    size_t ids = az_tokenizer_size(tokenizer);
    *usage = (struct az_usage){.tokenizer = tokenizer, .rows = rows ? rows : ids};
    if (usage->rows < ids)
        return az_error_raise(
            error, AZ_USAGE, "a matrix of %zu rows is too small for a tokenizer with ids up to %zu",
            rows, ids - 1);
    return az_memory_allocate(&usage->counts, usage->rows, sizeof *usage->counts, "the counts",
                              error);
}

void az_usage_free(struct az_usage *usage)
{
    az_memory_free(usage->counts);
    *usage = (struct az_usage){0};
}

/* ---- shares ---- */

static double ratio(double a, double b) { return b > 0 ? a / b : (double)NAN; }

struct az_usage_share az_usage_share_of(const struct az_usage *usage, size_t rows, size_t live,
                                        uint64_t tokens)
{
    struct az_usage_share share = {.rows = rows, .live = live, .tokens = tokens};
    double all_rows = (double)usage->rows;
    double all_live = (double)usage->live / all_rows;
    share.live_share = ratio((double)live, (double)rows);
    share.live_enrichment = ratio(share.live_share, all_live);
    share.token_enrichment =
        ratio(ratio((double)tokens, (double)usage->tokens), (double)rows / all_rows);
    share.log10_p = az_enrichment_log10_p(usage->rows, usage->live, rows, live);
    share.live_low = share.live_high = NAN;
    if (!rows) return share;
    az_enrichment_interval(rows, live, CONFIDENCE, &share.live_low, &share.live_high);
    share.live_low = ratio(share.live_low, all_live);
    share.live_high = ratio(share.live_high, all_live);
    return share;
}

struct az_usage_share az_usage_of(const struct az_usage *usage, const uint8_t *member)
{
    size_t rows = 0, live = 0;
    uint64_t tokens = 0;
    for (size_t id = 0; id < usage->rows; id++) {
        rows += member[id];
        live += member[id] && usage->counts[id] > 0;
        tokens += member[id] ? usage->counts[id] : 0;
    }
    return az_usage_share_of(usage, rows, live, tokens);
}
