#include "text/encode.h"

#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

#define STAGE "encoding"
#define MEGABYTE 1e6
#define JOB_BYTES ((size_t)1 << 18)
#define GUESS_BYTES 4096 /* a part begins at white space within so many bytes, or not at all */
#define KNOWN_WORDS 1024 /* words of a part at which the part before may meet it */
#define JOBS_A_THREAD 16 /* between two tellings of progress */

/* A word of a part: where it starts, and how many ids there were before it. */
struct known {
    size_t at, ids;
};

/* Segments first..last, or a part [start, end) of the text of one, as its cutter sees it. */
struct job {
    size_t first, last;
    const char *text;
    size_t length_bytes, start, end;
    bool parted, guessed; /* of one segment; does not begin where it begins */
    size_t stop;          /* the first word that begins at end or later */
    struct known *known;
    size_t known_count;
    struct az_ids ids;
    enum az_status status;
};

struct encoding {
    const struct az_tokenizer *tokenizer;
    const struct az_segments *segments;
    struct az_coder *coders; /* [threads] */
    struct az_cut *openers;  /* hold the texts of parted segments */
    size_t opener_count;
    struct job *jobs;
    size_t count, capacity, begun; /* begun: the first job of those that are run */
    int threads;
};

/* ---- jobs ---- */

static enum az_status add_job(struct encoding *encoding, struct job job, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (encoding->count == encoding->capacity) {
        size_t capacity = encoding->capacity ? 2 * encoding->capacity : 16;
        AZ_TRY(az_memory_grow(&encoding->jobs, encoding->count, capacity, sizeof *encoding->jobs,
                              "the parts of a text", error));
        encoding->capacity = capacity;
    }
    encoding->jobs[encoding->count++] = job;
out:
    return status;
}

static bool is_blank(char c) { return c == ' ' || c == '\n'; }

/* A place near `at` where a word probably begins: white space behind something else, or U+2581. The
 * end of the text where there is none near. */
static size_t guess(const char *text, size_t length_bytes, size_t at)
{
    size_t most = at + GUESS_BYTES < length_bytes ? at + GUESS_BYTES : length_bytes;
    for (; at + 3 < most; at++)
        if ((is_blank(text[at]) && !is_blank(text[at - 1])) ||
            memcmp(text + at, "\xe2\x96\x81", 3) == 0)
            return at;
    return length_bytes;
}

static enum az_status part_segment(struct encoding *encoding, size_t number, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_segment *segment = &encoding->segments->list[number];
    struct job job = {.first = number, .last = number, .parted = true};
    AZ_TRY(az_memory_grow(&encoding->openers, encoding->opener_count, encoding->opener_count + 1,
                          sizeof *encoding->openers, "the parts of a text", error));
    struct az_cut *opener = &encoding->openers[encoding->opener_count];
    AZ_TRY(az_cut_init(opener, &encoding->tokenizer->cutter, error));
    encoding->opener_count++;
    AZ_TRY(az_cut_begin(opener, segment->text, segment->length_bytes, segment->first_bytes,
                        &job.text, &job.length_bytes, error));
    for (size_t at = 0; at < job.length_bytes; at = job.end) {
        size_t next = at + JOB_BYTES;
        job.start = at;
        job.guessed = at > 0;
        job.end = job.length_bytes;
        while (next < job.length_bytes && job.end == job.length_bytes) {
            job.end = guess(job.text, job.length_bytes, next);
            next += JOB_BYTES;
        }
        AZ_TRY(add_job(encoding, job, error));
    }
out:
    return status;
}

static enum az_status make_jobs(struct encoding *encoding, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_segments *segments = encoding->segments;
    bool parts = az_cutter_restarts(&encoding->tokenizer->cutter);
    size_t first = 0, bytes = 0;
    for (size_t n = 0; n < segments->count; n++) {
        bool large = parts && segments->list[n].length_bytes > 2 * JOB_BYTES;
        bytes += segments->list[n].length_bytes;
        bool ends = large || n + 1 == segments->count || bytes >= JOB_BYTES;
        if (!ends) continue;
        size_t last = large ? n : n + 1;
        if (last > first)
            AZ_TRY(add_job(encoding, (struct job){.first = first, .last = last - 1}, error));
        if (large) AZ_TRY(part_segment(encoding, n, error));
        first = n + 1;
        bytes = 0;
    }
out:
    return status;
}

/* ---- doing them ---- */

static enum az_status encode_whole(struct az_coder *coder, const struct az_segments *segments,
                                   const struct job *job, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = job->first; n <= job->last; n++) {
        const struct az_segment *segment = &segments->list[n];
        if (segment->id != AZ_TOKEN_NONE)
            AZ_TRY(az_ids_add(coder->ids, &segment->id, 1, error));
        else
            AZ_TRY(az_cut_text(&coder->cut, segment->text, segment->length_bytes,
                               segment->first_bytes, az_coder_word, coder, error));
    }
out:
    return status;
}

/* The next word of the first step, if it begins before job->end; *at is where it begins. */
static enum az_status next_word(struct az_coder *coder, const struct job *job, size_t *at,
                                size_t *length_bytes, struct az_error *error)
{
    enum az_status status = az_cut_next(&coder->cut, at, length_bytes, error);
    if (status != AZ_OK) return status;
    if (*length_bytes == 0) *at = job->length_bytes;
    if (*at >= job->end) *length_bytes = 0;
    return AZ_OK;
}

static enum az_status encode_part(struct az_coder *coder, const struct az_segments *segments,
                                  struct job *job, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t first = segments->list[job->first].first_bytes;
    size_t at, length_bytes;
    if (job->guessed)
        AZ_TRY(
            az_memory_allocate(&job->known, KNOWN_WORDS, sizeof *job->known, "the words", error));
    az_cut_go(&coder->cut, job->text, job->length_bytes, job->start);
    for (;;) {
        AZ_TRY(next_word(coder, job, &at, &length_bytes, error));
        if (length_bytes == 0) break;
        if (job->guessed && job->known_count < KNOWN_WORDS)
            job->known[job->known_count++] = (struct known){at, coder->ids->count};
        AZ_TRY(az_cut_word(&coder->cut, job->text + at, length_bytes, first > at ? first - at : 0,
                           az_coder_word, coder, error));
    }
    job->stop = at;
out:
    return status;
}

static enum az_status do_job(struct encoding *encoding, struct az_coder *coder, struct job *job,
                             struct az_error *error)
{
    coder->ids = &job->ids;
    return job->parted ? encode_part(coder, encoding->segments, job, error)
                       : encode_whole(coder, encoding->segments, job, error);
}

/* One thread need not guess: a part begins where the one before stopped. */
static void follow(struct encoding *encoding, size_t number)
{
    struct job *job = &encoding->jobs[number];
    if (!job->guessed) return;
    job->guessed = false;
    job->start = encoding->jobs[number - 1].stop;
    if (job->start > job->end) job->end = job->start;
}

static void take_job(void *context, size_t chunk, int thread)
{
    struct encoding *encoding = context;
    struct job *job = &encoding->jobs[encoding->begun + chunk];
    job->status = do_job(encoding, &encoding->coders[thread], job, NULL);
}

/* ---- joining parts ---- */

static const struct known *find_known(const struct job *job, size_t at)
{
    size_t low = 0, high = job->known_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (job->known[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < job->known_count && job->known[low].at == at ? &job->known[low] : NULL;
}

/* The ids of a guessed part when the true words go on at `at`. */
static enum az_status join(struct encoding *encoding, struct job *job, size_t at,
                           struct az_ids *ids, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_coder *coder = &encoding->coders[0];
    size_t length_bytes;
    if (at >= job->end) { /* a word of the part before reaches over all of this one */
        job->stop = at;
        goto out;
    }
    coder->ids = ids;
    az_cut_go(&coder->cut, job->text, job->length_bytes, at);
    for (;;) {
        AZ_TRY(next_word(coder, job, &at, &length_bytes, error));
        const struct known *known =
            length_bytes > 0 && job->status == AZ_OK ? find_known(job, at) : NULL;
        if (known) {
            AZ_TRY(az_ids_add(ids, job->ids.list + known->ids, job->ids.count - known->ids, error));
            goto out;
        }
        if (length_bytes == 0) break;
        AZ_TRY(
            az_cut_word(&coder->cut, job->text + at, length_bytes, 0, az_coder_word, coder, error));
    }
    job->stop = at;
out:
    return status;
}

/* The ids of job n; one that failed is done again, for what is to be said of it. */
static enum az_status collect(struct encoding *encoding, size_t n, struct az_ids *ids,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct job *job = &encoding->jobs[n];
    if (job->guessed) {
        status = join(encoding, job, encoding->jobs[n - 1].stop, ids, error);
        goto out;
    }
    if (job->status != AZ_OK) {
        job->ids.count = 0;
        AZ_TRY(do_job(encoding, &encoding->coders[0], job, error));
    }
    AZ_TRY(az_ids_add(ids, job->ids.list, job->ids.count, error));
out:
    az_ids_free(&job->ids);
    az_memory_free(job->known);
    job->known = NULL;
    return status;
}

static void encoding_free(struct encoding *encoding)
{
    for (int n = 0; encoding->coders && n < encoding->threads; n++)
        az_coder_free(&encoding->coders[n]);
    for (size_t n = 0; n < encoding->opener_count; n++) az_cut_free(&encoding->openers[n]);
    for (size_t n = 0; n < encoding->count; n++) {
        az_ids_free(&encoding->jobs[n].ids);
        az_memory_free(encoding->jobs[n].known);
    }
    az_memory_free(encoding->coders);
    az_memory_free(encoding->openers);
    az_memory_free(encoding->jobs);
}

static enum az_status encoding_init(struct encoding *encoding, size_t bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_memory_allocate(&encoding->coders, (size_t)encoding->threads,
                              sizeof *encoding->coders, "the coders", error));
    for (int n = 0; n < encoding->threads; n++)
        AZ_TRY(az_coder_init(&encoding->coders[n], encoding->tokenizer, bytes, error));
    AZ_TRY(make_jobs(encoding, error));
out:
    return status;
}

static double done_bytes(const struct encoding *encoding, double total)
{
    return total * (double)encoding->begun / (double)encoding->count;
}

enum az_status az_encode_segments(const struct az_tokenizer *tokenizer,
                                  const struct az_segments *segments, struct az_pool *pool,
                                  struct az_ids *ids, struct az_progress *progress,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct encoding encoding = {
        .tokenizer = tokenizer, .segments = segments, .threads = pool ? az_pool_threads(pool) : 1};
    size_t bytes = 0, batch = (size_t)encoding.threads * JOBS_A_THREAD;
    for (size_t n = 0; n < segments->count; n++) bytes += segments->list[n].length_bytes;
    double total = (double)bytes / MEGABYTE;
    az_progress_begin(progress);
    AZ_TRY(encoding_init(&encoding, bytes, error));
    for (; encoding.begun < encoding.count; encoding.begun += batch) {
        size_t left = encoding.count - encoding.begun, count = left < batch ? left : batch;
        if (encoding.threads > 1) az_pool_run(pool, take_job, &encoding, count);
        for (size_t n = 0; encoding.threads == 1 && n < count; n++) {
            follow(&encoding, encoding.begun + n);
            take_job(&encoding, n, 0);
        }
        for (size_t n = 0; n < count; n++)
            AZ_TRY(collect(&encoding, encoding.begun + n, ids, error));
        az_progress_tell(progress, STAGE, "MB", done_bytes(&encoding, total), total, "");
        if (az_progress_stopped(progress)) AZ_RAISE(AZ_INTERRUPTED, "encoding was stopped");
    }
    az_progress_end(progress, STAGE, "MB", total, total, "");
out:
    encoding_free(&encoding);
    return status;
}

enum az_status az_tokenizer_encode_with(const struct az_tokenizer *tokenizer,
                                        const struct az_encode_options *options, const char *text,
                                        size_t length_bytes, uint32_t **ids, size_t *count,
                                        struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static const struct az_encode_options none = {0};
    struct az_segments segments = {0};
    struct az_ids all = {0};
    if (!options) options = &none;
    *ids = NULL;
    *count = 0;
    size_t fault = az_utf8_invalid(text, length_bytes);
    if (fault < length_bytes)
        AZ_RAISE(AZ_FORMAT, "expected a text in UTF-8; byte %zu begins what is none", fault);
    AZ_TRY(az_memory_grow(&all.list, 0, length_bytes / 4 + 16, sizeof *all.list, "the token ids",
                          error));
    all.capacity = length_bytes / 4 + 16;
    AZ_TRY(az_segments_find(&segments, tokenizer, options->pool, text, length_bytes, error));
    if (options->special_tokens)
        AZ_TRY(az_ids_add(&all, tokenizer->before, tokenizer->before_count, error));
    AZ_TRY(az_encode_segments(tokenizer, &segments, options->pool, &all, progress, error));
    if (options->special_tokens)
        AZ_TRY(az_ids_add(&all, tokenizer->behind, tokenizer->behind_count, error));
    *ids = all.list;
    *count = all.count;
    all.list = NULL;
out:
    az_ids_free(&all);
    az_segments_free(&segments);
    return status;
}

enum az_status az_tokenizer_encode(const struct az_tokenizer *tokenizer, const char *text,
                                   size_t length_bytes, uint32_t **ids, size_t *count,
                                   struct az_progress *progress, struct az_error *error)
{
    return az_tokenizer_encode_with(tokenizer, NULL, text, length_bytes, ids, count, progress,
                                    error);
}

void az_tokenizer_free_ids(uint32_t *ids) { az_memory_free(ids); }
