#include "azimuth/corpus.h"

#include <string.h>

#include "base/memory.h"
#include "text/cache.h"
#include "text/tokenizer_parts.h"

/* Part of every key: raise it when the trainer or the encoder gives other results for the same
 * input. */
#define CODE_VERSION 1
#define TEXTS_LIMIT 64

struct opener {
    const struct az_experiment *experiment;
    struct az_progress *progress;
    struct az_cache cache;
    struct az_corpus *corpus;
};

static const char *special_tokens(enum az_token_model model)
{
    return model == AZ_TOKEN_MODEL_BYTE ? "<|endoftext|>" : "<unk>";
}

/* ---- keys ---- */

static void add_text(struct az_hasher *hasher, const char *text)
{
    az_hasher_add(hasher, text, strlen(text) + 1);
}

static void add_number(struct az_hasher *hasher, int64_t number)
{
    az_hasher_add(hasher, &number, sizeof number);
}

static void add_hash(struct az_hasher *hasher, struct az_hash hash)
{
    az_hasher_add(hasher, &hash, sizeof hash);
}

static enum az_status tokenizer_key(const struct az_tokenizer_plan *plan,
                                    const struct az_weighted_text *texts, size_t count,
                                    struct az_hash *key, struct az_error *error)
{
    struct az_hasher *hasher;
    enum az_status status = az_hasher_create(&hasher, error);
    if (status != AZ_OK) return status;
    add_text(hasher, "tokenizer");
    add_number(hasher, CODE_VERSION);
    add_number(hasher, plan->model);
    add_text(hasher, plan->pattern);
    add_number(hasher, plan->vocabulary);
    add_number(hasher, plan->base_characters);
    add_text(hasher, plan->special_tokens);
    for (size_t n = 0; n < count; n++) {
        add_number(hasher, texts[n].weight);
        add_hash(hasher, az_hash_bytes(texts[n].bytes, texts[n].length_bytes));
    }
    *key = az_hasher_value(hasher);
    az_hasher_free(hasher);
    return AZ_OK;
}

static enum az_status ids_key(const struct az_corpus *corpus, struct az_hash *key,
                              struct az_error *error)
{
    struct az_hasher *hasher;
    enum az_status status = az_hasher_create(&hasher, error);
    if (status != AZ_OK) return status;
    add_text(hasher, "ids");
    add_number(hasher, CODE_VERSION);
    add_hash(hasher, corpus->text_hash);
    add_hash(hasher, corpus->tokenizer_hash);
    *key = az_hasher_value(hasher);
    az_hasher_free(hasher);
    return AZ_OK;
}

/* ---- the tokenizer ---- */

static enum az_status read_texts(const char *names, struct az_weighted_text *texts, char **bytes,
                                 size_t *count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char name[AZ_TEXT_BYTES];
    for (;;) {
        int64_t weight;
        AZ_TRY(az_experiment_next_text(&names, name, &weight, error));
        if (!name[0]) break;
        if (*count == TEXTS_LIMIT)
            AZ_RAISE(AZ_USAGE, "tokenizer.texts names more than %d texts", TEXTS_LIMIT);
        size_t length_bytes;
        AZ_TRY(az_corpus_read(name, &bytes[*count], &length_bytes, error));
        texts[*count] = (struct az_weighted_text){bytes[*count], length_bytes, weight};
        ++*count;
    }
out:
    return status;
}

/* tokenizer.json of the plan: from the cache, or trained. */
static enum az_status train(struct opener *opener, const struct az_tokenizer_plan *plan,
                            const struct az_weighted_text *texts, size_t count, char **json,
                            size_t *json_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_hash key;
    void *cached;
    AZ_TRY(tokenizer_key(plan, texts, count, &key, error));
    az_cache_read(&opener->cache, "tokenizer", key, &cached, json_bytes);
    *json = cached;
    if (cached) goto out;
    AZ_TRY(az_tokenizer_train(&tokenizer, plan, texts, count, opener->progress, error));
    AZ_TRY(az_tokenizer_write_json(tokenizer, json, json_bytes, error));
    az_cache_write(&opener->cache, "tokenizer", key, *json, *json_bytes);
out:
    az_tokenizer_free(tokenizer);
    return status;
}

static enum az_status open_trained(struct opener *opener, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_experiment *experiment = opener->experiment;
    struct az_weighted_text texts[TEXTS_LIMIT];
    char *bytes[TEXTS_LIMIT] = {0}, *json = NULL;
    size_t count = 0, json_bytes;
    struct az_tokenizer_plan plan = {.model = experiment->tokenizer.model,
                                     .pattern = experiment->tokenizer.pattern,
                                     .vocabulary = experiment->tokenizer.vocabulary,
                                     .base_characters = experiment->tokenizer.base_characters,
                                     .special_tokens = special_tokens(experiment->tokenizer.model)};
    AZ_TRY(read_texts(experiment->tokenizer.texts, texts, bytes, &count, error));
    AZ_TRY(train(opener, &plan, texts, count, &json, &json_bytes, error));
    AZ_TRY(az_tokenizer_read_json(&opener->corpus->tokenizer, "tokenizer.json", json, json_bytes,
                                  error));
    opener->corpus->tokenizer_hash = az_hash_bytes(json, json_bytes);
out:
    for (size_t n = 0; n < TEXTS_LIMIT; n++) az_corpus_free_text(bytes[n]);
    az_memory_free(json);
    return status;
}

/* The hash is that of the file as az_tokenizer_save would write it. */
static enum az_status open_given(struct opener *opener, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *json = NULL;
    size_t json_bytes;
    AZ_TRY(
        az_tokenizer_load(&opener->corpus->tokenizer, opener->experiment->tokenizer.file, error));
    AZ_TRY(az_tokenizer_write_json(opener->corpus->tokenizer, &json, &json_bytes, error));
    opener->corpus->tokenizer_hash = az_hash_bytes(json, json_bytes);
out:
    az_memory_free(json);
    return status;
}

/* ---- the ids ---- */

/* Takes cached ids over if they are a whole number of ids of the vocabulary. */
static bool take_cached(struct az_corpus *corpus, void *cached, size_t length_bytes)
{
    uint32_t *ids = cached;
    size_t count = length_bytes / sizeof *ids, size = az_tokenizer_size(corpus->tokenizer);
    bool good = cached && length_bytes % sizeof *ids == 0;
    for (size_t n = 0; good && n < count; n++) good = ids[n] < size;
    if (!good) {
        az_memory_free(cached);
        return false;
    }
    corpus->ids = ids;
    corpus->count = count;
    return true;
}

static enum az_status encode(struct opener *opener, const char *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_corpus *corpus = opener->corpus;
    struct az_hash key;
    void *cached;
    size_t length_bytes;
    AZ_TRY(ids_key(corpus, &key, error));
    az_cache_read(&opener->cache, "ids", key, &cached, &length_bytes);
    if (take_cached(corpus, cached, length_bytes)) goto out;
    AZ_TRY(az_tokenizer_encode(corpus->tokenizer, text, corpus->text_bytes, &corpus->ids,
                               &corpus->count, opener->progress, error));
    az_cache_write(&opener->cache, "ids", key, corpus->ids, corpus->count * sizeof *corpus->ids);
out:
    return status;
}

enum az_status az_corpus_open(struct az_corpus **corpus, const struct az_experiment *experiment,
                              const char *cache_directory, struct az_progress *progress,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct opener opener = {.experiment = experiment, .progress = progress};
    char *text = NULL;
    size_t length_bytes;
    *corpus = NULL;
    AZ_TRY(az_cache_init(&opener.cache, cache_directory, error));
    AZ_TRY(az_memory_allocate(&opener.corpus, 1, sizeof *opener.corpus, "the corpus", error));
    AZ_TRY(az_corpus_read_all(experiment->corpus.text, &text, &length_bytes, error));
    opener.corpus->text_bytes = length_bytes;
    opener.corpus->text_hash = az_hash_bytes(text, length_bytes);
    AZ_TRY(experiment->tokenizer.file[0] ? open_given(&opener, error)
                                         : open_trained(&opener, error));
    AZ_TRY(encode(&opener, text, error));
    *corpus = opener.corpus;
    opener.corpus = NULL;
out:
    az_corpus_free_text(text);
    az_corpus_close(opener.corpus);
    return status;
}

void az_corpus_close(struct az_corpus *corpus)
{
    if (!corpus) return;
    az_tokenizer_free(corpus->tokenizer);
    az_tokenizer_free_ids(corpus->ids);
    az_memory_free(corpus);
}
