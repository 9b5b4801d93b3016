/* experiment.h: an experiment: every parameter of a run, read from a plain text file.
 *
 * Each key has one row (type, default, range, unit, help) in the table in src/config/parameters.c,
 * from which the parser, the help, docs/experiment.md and the manifest are made. */
#ifndef AZIMUTH_EXPERIMENT_H
#define AZIMUTH_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "azimuth/kernel.h"
#include "azimuth/status.h"

#define AZ_TEXT_BYTES 1024 /* capacity of a string parameter */

/* The choices of the keys that take a name: enumerator, name, meaning. Those of
 * optimizer.arithmetic and optimizer.rounding are in kernel.h. */
#define AZ_COMPUTE_TABLE(X)                                                                        \
    X(AZ_COMPUTE_BF16, "bf16", "every layer's output rounded to bf16, as PyTorch with bf16")       \
    X(AZ_COMPUTE_F32, "f32", "activations and gradients in float32, weights bf16")

#define AZ_INIT_TABLE(X)                                                                           \
    X(AZ_INIT_GAUSSIAN, "gaussian", "every coordinate N(0, sigma), drawn, then rounded")           \
    X(AZ_INIT_SINGULAR, "singular", "all rows of the embedding are one gaussian vector")           \
    X(AZ_INIT_SINGULAR_JITTER, "singular-jitter", "one vector plus N(0, jitter) in f32, rounded")  \
    X(AZ_INIT_BF16, "bf16", "one bf16 vector, the noise N(0, jitter) added in bf16")               \
    X(AZ_INIT_FILE, "file", "all parameters from model.init_file")

#define AZ_SCHEDULE_TABLE(X)                                                                       \
    X(AZ_SCHEDULE_CONSTANT, "constant", "lr at every step")                                        \
    X(AZ_SCHEDULE_LINEAR, "linear", "a straight line from lr to final_lr_ratio times lr")          \
    X(AZ_SCHEDULE_COSINE, "cosine", "half a cosine from lr to final_lr_ratio times lr")

#define AZ_SAMPLER_TABLE(X)                                                                        \
    X(AZ_SAMPLER_WINDOWS, "windows", "overlapping, one starts at every token; shuffled")           \
    X(AZ_SAMPLER_CHUNKS, "chunks", "side by side, one starts every context tokens; shuffled")

#define AZ_CONTAINER_TABLE(X)                                                                      \
    X(AZ_CONTAINER_SAFETENSORS, "safetensors", "one file in Thimble 1's schema")                   \
    X(AZ_CONTAINER_HDF5, "hdf5", "chunked in time and rows")

#define AZ_COMPRESSION_TABLE(X)                                                                    \
    X(AZ_COMPRESSION_NONE, "none", "frames as they are, as in Thimble 7")                          \
    X(AZ_COMPRESSION_FAST, "fast", "shuffle and deflate: training hardly notices")                 \
    X(AZ_COMPRESSION_SMALL, "small", "the same, with more work for a smaller file")

#define AZ_STRATEGY_TABLE(X)                                                                       \
    X(AZ_STRATEGY_OWN, "own", "what the keys below say")                                           \
    X(AZ_STRATEGY_PROJECT, "project",                                                              \
      "W and h at every step, moments at every step up to 100 and then every 100, gradients "      \
      "every 100; untied: U, its moments and gradients as those of W")                             \
    X(AZ_STRATEGY_ACCOUNT, "account",                                                              \
      "W, grad_W and both moments at every step; untied: those of U too")                          \
    X(AZ_STRATEGY_POSITIONS, "positions", "W at every step and nothing else; untied: U too")

#define AZ_ROWS_TABLE(X)                                                                           \
    X(AZ_ROWS_ALL, "all", "every row of the vocabulary")                                           \
    X(AZ_ROWS_DEAD, "dead", "tokens that training never presents")                                 \
    X(AZ_ROWS_LIVE, "live", "the other tokens")                                                    \
    X(AZ_ROWS_LIST, "list", "the token ids in record.row_file")

#define AZ_TOKEN_MODEL_TABLE(X)                                                                    \
    X(AZ_TOKEN_MODEL_BYTE, "byte", "byte-level BPE: the alphabet is the 256 bytes")                \
    X(AZ_TOKEN_MODEL_CHARACTER, "character", "base characters plus merges, as Flannel's")

#define AZ_CHOICE_ENUMERATOR(id, name, meaning) id,
enum az_compute { AZ_COMPUTE_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_init { AZ_INIT_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_schedule { AZ_SCHEDULE_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_sampler { AZ_SAMPLER_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_container { AZ_CONTAINER_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_strategy { AZ_STRATEGY_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_compression { AZ_COMPRESSION_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_rows { AZ_ROWS_TABLE(AZ_CHOICE_ENUMERATOR) };
enum az_token_model { AZ_TOKEN_MODEL_TABLE(AZ_CHOICE_ENUMERATOR) };
#undef AZ_CHOICE_ENUMERATOR

/* When a tensor is recorded: off (every == 0); every step (1); every k; or every `first_every` up
 * to step `first_until`, then every `every`. Frame 0 is always recorded when not off. Text: "off",
 * "1", "10", "1 until 100 then 100". */
struct az_cadence {
    int64_t first_every, first_until, every;
};

/* The tensors of a recording in the order of the file and of the fingerprint. */
#define AZ_RECORD_TABLE(X)                                                                         \
    X(AZ_RECORD_W, "W", "token embedding, after the step; tied: also the unembedding")             \
    X(AZ_RECORD_GRADIENT, "grad_W", "gradient of W that the optimizer took")                       \
    X(AZ_RECORD_MOMENTUM, "momentum_W", "Adam's first moment of W, after the step")                \
    X(AZ_RECORD_VARIANCE, "variance_W", "Adam's second moment of W, after the step")               \
    X(AZ_RECORD_UNEMBEDDING, "U", "unembedding of an untied model, after the step")                \
    X(AZ_RECORD_UNEMBEDDING_GRADIENT, "grad_U", "gradient of U")                                   \
    X(AZ_RECORD_UNEMBEDDING_MOMENTUM, "momentum_U", "Adam's first moment of U")                    \
    X(AZ_RECORD_UNEMBEDDING_VARIANCE, "variance_U", "Adam's second moment of U")                   \
    X(AZ_RECORD_HIDDEN, "h", "final hidden states of the step's batch, after the last LayerNorm")  \
    X(AZ_RECORD_PARAMETERS, "params", "all other parameters, as params/NAME")

enum az_record {
#define AZ_RECORD_ENUMERATOR(id, name, meaning) id,
    AZ_RECORD_TABLE(AZ_RECORD_ENUMERATOR)
#undef AZ_RECORD_ENUMERATOR
        AZ_RECORD_COUNT
};

struct az_experiment {
    char path[AZ_TEXT_BYTES]; /* where it was read from, or "" */
    struct {
        char name[AZ_TEXT_BYTES], question[AZ_TEXT_BYTES], source[AZ_TEXT_BYTES];
    } experiment;
    struct {
        char text[AZ_TEXT_BYTES]; /* training text: files and builtin names ("web", "thai"),
                                     separated by spaces */
    } corpus;
    struct {
        char file[AZ_TEXT_BYTES]; /* a tokenizer.json to use; "" trains one by the keys below */
        enum az_token_model model;
        char pattern[AZ_TEXT_BYTES]; /* pre-tokenizer: gpt2 | marks | whitespace */
        int64_t vocabulary;
        int64_t base_characters;   /* character model: size of the base alphabet */
        char texts[AZ_TEXT_BYTES]; /* "web:1 thai:7": texts and their weights */
    } tokenizer;
    struct {
        int64_t layers, width, heads, context, ffn_multiplier;
        bool tied;
        enum az_compute compute;
        enum az_init init;
        double sigma;  /* standard deviation of all initial weights, 0.02 */
        double jitter; /* singular-jitter: standard deviation of the noise */
        char init_file[AZ_TEXT_BYTES];
    } model;
    struct {
        enum az_arithmetic arithmetic;
        enum az_rounding rounding;
        double lr, beta1, beta2, eps, weight_decay;
        enum az_schedule schedule;
        int64_t warmup_steps;
        double final_lr_ratio; /* of lr, at the last step of a linear or cosine schedule */
        double clip_norm;      /* 0: off */
    } optimizer;
    struct {
        int64_t steps, batch;
        enum az_sampler sampler;
        int64_t target_offset;
    } train;
    struct {
        enum az_container container;
        enum az_compression compression; /* of an HDF5 recording */
        enum az_strategy strategy; /* sets the cadences; those given after it change single ones */
        struct az_cadence cadence[AZ_RECORD_COUNT]; /* keys record.W, record.grad_W ... */
        enum az_rows rows;
        char row_file[AZ_TEXT_BYTES]; /* rows = list: a text file of token ids, one a line */
    } record;
    struct {
        int64_t every; /* steps; 0: only at the start and at the end */
    } checkpoint;
    struct {
        int64_t when_frozen; /* steps without motion of any dead token; 0: off */
    } stop;
    struct {
        uint64_t embedding, body, data, rounding;
    } seed;
    struct {
        int64_t memory_bytes, safetensors_bytes, hdf5_bytes;
    } budget;
};

/* Sets every parameter to its default. */
AZ_API void az_experiment_init(struct az_experiment *experiment);

/* Reads a file over the defaults. Unknown key, duplicate key, trailing junk, a value out of range
 * or of the wrong type: AZ_USAGE with file and line. */
AZ_API enum az_status az_experiment_read(struct az_experiment *experiment, const char *path,
                                         struct az_error *error);

/* One override, "section.key=value". */
AZ_API enum az_status az_experiment_override(struct az_experiment *experiment,
                                             const char *assignment, struct az_error *error);

/* Checks between parameters (heads divide width, ...). Call after all overrides. */
AZ_API enum az_status az_experiment_check(const struct az_experiment *experiment,
                                          struct az_error *error);

/* The next of the texts of tokenizer.texts, "web:1 thai:7": its name ("" at the end) and weight (1
 * where none is given); *texts moves behind it. AZ_USAGE: a weight below 1 or no number. */
AZ_API enum az_status az_experiment_next_text(const char **texts, char name[AZ_TEXT_BYTES],
                                              int64_t *weight, struct az_error *error);

/* Calls visit for every parameter in table order, with the value as exact text (floats with 17
 * digits or fewer that read back to the same bits). */
struct az_parameter_view {
    const char *section, *key, *type, *value, *default_value, *range, *unit, *help;
    bool quoted; /* a JSON writer quotes it: a string, a name, or a seed above 2^63 - 1; not another
                    number or true/false */
};
AZ_API void az_experiment_visit(const struct az_experiment *experiment,
                                void (*visit)(void *context, const struct az_parameter_view *view),
                                void *context);

/* True when step is one at which a tensor with this cadence is recorded (step 0 is the start). */
AZ_API bool az_cadence_records(const struct az_cadence *cadence, int64_t step);
/* Number of recorded steps among 0..last_step. */
AZ_API int64_t az_cadence_frames(const struct az_cadence *cadence, int64_t last_step);

AZ_API const char *az_record_name(enum az_record record);

#endif
