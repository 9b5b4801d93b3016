/* corpus.h: plain text, the token stream made of it, and the batches cut from that. */
#ifndef AZIMUTH_CORPUS_H
#define AZIMUTH_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/hash.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"
#include "azimuth/tokenizer.h"

/* Built-in texts, from Debian packages: name, package, what it is. */
#define AZ_TEXT_TABLE(X)                                                                           \
    X("web", "sword-text-web", "World English Bible, public domain, 5.0 MB of prose")              \
    X("kjv", "sword-text-kjv", "King James Bible, 4.2 MB of prose")                                \
    X("anarchism", "anarchism", "An Anarchist FAQ, 11 MB of HTML turned into prose")               \
    X("thai", "hunspell-th", "Thai word list, 51,682 words, one a line")

/* Reads `name`: a built-in name (AZ_MISSING, with the command that installs it, where its package
 * is not there), or a path. The text is checked: not empty, valid UTF-8 (the error has line and
 * byte of the fault), no NUL. Free with az_corpus_free_text. How the prose of the built-in texts is
 * made: docs/text.md. */
AZ_API enum az_status az_corpus_read(const char *name, char **text, size_t *length_bytes,
                                     struct az_error *error);
/* The same for several names separated by spaces, one after another with a newline between. */
AZ_API enum az_status az_corpus_read_all(const char *names, char **text, size_t *length_bytes,
                                         struct az_error *error);
AZ_API void az_corpus_free_text(char *text);

/* Sizes of a text that az_corpus_read gave. Words are what white space parts; an unfinished last
 * line counts. */
struct az_text_measure {
    uint64_t bytes, characters, words, lines;
};
AZ_API struct az_text_measure az_corpus_measure(const char *text, size_t length_bytes);

/* A text as token ids, with the tokenizer that made them. */
struct az_corpus {
    struct az_tokenizer *tokenizer;
    uint32_t *ids;
    size_t count;
    struct az_hash text_hash;      /* of the text's bytes */
    struct az_hash tokenizer_hash; /* of the file that az_tokenizer_save writes */
    uint64_t text_bytes;
};

/* Reads the experiment's text, trains or loads its tokenizer, encodes. A trained tokenizer has the
 * special token <|endoftext|> (byte model) or <unk> (character model). Tokenizer and ids are kept
 * in cache_directory (NULL: $AZ_CACHE, else $XDG_CACHE_HOME/azimuth, else ~/.cache/azimuth) under
 * names that are hashes of their inputs; a damaged file is made anew, and a directory that cannot
 * be written is no error. */
AZ_API enum az_status az_corpus_open(struct az_corpus **corpus,
                                     const struct az_experiment *experiment,
                                     const char *cache_directory, struct az_progress *progress,
                                     struct az_error *error);
AZ_API void az_corpus_close(struct az_corpus *corpus);

/* ---- batches ----
 * A sequence is context + target_offset tokens at a start position: inputs are the first `context`,
 * targets those target_offset later; every position is scored. Windows: starts 0, 1, 2, ...;
 * chunks: starts 0, context, 2*context, ... Both are shuffled anew each epoch by (seed, epoch); the
 * last partial batch of an epoch is dropped. Any step's batch can be drawn alone. */
struct az_sampler_plan {
    enum az_sampler sampler;
    size_t tokens, context, batch, target_offset;
    uint64_t seed;
};

struct az_batches;
/* AZ_USAGE when the corpus is too short for one batch. */
AZ_API enum az_status az_batches_create(struct az_batches **batches,
                                        const struct az_sampler_plan *plan, struct az_error *error);
AZ_API void az_batches_free(struct az_batches *batches);
AZ_API size_t az_batches_per_epoch(const struct az_batches *batches);
/* Start positions of step's sequences (step >= 1): starts[batch]. Allocates nothing. */
AZ_API void az_batches_starts(struct az_batches *batches, int64_t step, size_t *starts);

/* Times each token is presented in steps 1..steps as input or as target (a position counts once for
 * each). counts[vocabulary]. A token with count 0 is dead. */
AZ_API enum az_status az_batches_count(struct az_batches *batches, const uint32_t *ids,
                                       int64_t steps, size_t vocabulary, uint64_t *counts,
                                       struct az_error *error);

/* live_dead_tokens.safetensors: live_mask, dead_mask (BOOL [V]), live_indices, dead_indices (I64),
 * token_occurrence_counts (I64 [V]). */
AZ_API enum az_status az_masks_write(const char *path, const uint64_t *counts, size_t vocabulary,
                                     struct az_error *error);

#endif
