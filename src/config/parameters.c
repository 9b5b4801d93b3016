/* The table of parameters: the one place where a key of an experiment is described. */
#include "config/key.h"

#define AT(field) offsetof(struct az_experiment, field)

#define CHOICE(id, name, meaning) [id] = {name, meaning},
static const struct az_choice arithmetics[] = {AZ_ARITHMETIC_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice roundings[] = {AZ_ROUNDING_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice computes[] = {AZ_COMPUTE_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice inits[] = {AZ_INIT_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice schedules[] = {AZ_SCHEDULE_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice samplers[] = {AZ_SAMPLER_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice containers[] = {AZ_CONTAINER_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice strategies[] = {AZ_STRATEGY_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice compressions[] = {AZ_COMPRESSION_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice row_sets[] = {AZ_ROWS_TABLE(CHOICE){NULL, NULL}};
static const struct az_choice token_models[] = {AZ_TOKEN_MODEL_TABLE(CHOICE){NULL, NULL}};
#undef CHOICE

static const struct az_choice patterns[] = {
    {"gpt2", "GPT-2's: letters, numbers, others, each with the space before it"},
    {"marks", "gpt2 with combining marks kept beside their letters: Thai words stay whole"},
    {"whitespace", "words and runs of punctuation; blanks are dropped"},
    {NULL, NULL},
};

const struct az_section az_sections[] = {
    {"experiment", "What the experiment is for. It changes no bit of a run."},
    {"corpus", "The text that the model is trained on."},
    {"tokenizer", "The vocabulary: a file, or how one is trained."},
    {"model", "The GPT-2: shape, precision, initial values."},
    {"optimizer", "AdamW: its arithmetic, rates and schedule."},
    {"train", "How long, and on what batches."},
    {"record", "What is recorded, and at which steps."},
    {"checkpoint", "How often the state of a run is saved. It changes no bit."},
    {"stop", "What ends a run before its last step. It changes no bit before."},
    {"seed", "One seed for each source of chance."},
    {"budget", "What a run may take; beyond it the program refuses to start."},
};
const size_t az_section_count = sizeof az_sections / sizeof az_sections[0];

/* section, key, type, field, default, range, choices, unit, help */
const struct az_key az_keys[] = {
    {"experiment", "name", AZ_KEY_TEXT, AT(experiment.name), "", NULL, NULL, "",
     "short name, for titles"},
    {"experiment", "question", AZ_KEY_TEXT, AT(experiment.question), "", NULL, NULL, "",
     "the question that the run shall answer"},
    {"experiment", "source", AZ_KEY_TEXT, AT(experiment.source), "", NULL, NULL, "",
     "where the experiment comes from"},

    {"corpus", "text", AZ_KEY_TEXT, AT(corpus.text), "web", NULL, NULL, "",
     "training text: files and built-in texts (azimuth corpus --list), separated by blanks"},

    {"tokenizer", "file", AZ_KEY_TEXT, AT(tokenizer.file), "", NULL, NULL, "",
     "a tokenizer.json to use; empty: one is trained by the keys below"},
    {"tokenizer", "model", AZ_KEY_CHOICE, AT(tokenizer.model), "byte", NULL, token_models, "",
     "alphabet that the merges start from"},
    {"tokenizer", "pattern", AZ_KEY_TEXT, AT(tokenizer.pattern), "marks", NULL, patterns, "",
     "pre-tokenizer: where a text is cut before merging"},
    {"tokenizer", "vocabulary", AZ_KEY_INTEGER, AT(tokenizer.vocabulary), "4000", "[2, 1000000]",
     NULL, "tokens", "size of the vocabulary, special tokens included"},
    {"tokenizer", "base_characters", AZ_KEY_INTEGER, AT(tokenizer.base_characters), "0",
     "[0, 1000000]", NULL, "characters", "character model: size of the base alphabet; byte: 0"},
    {"tokenizer", "texts", AZ_KEY_TEXT, AT(tokenizer.texts), "web:1 thai:5", NULL, NULL, "",
     "texts to train on, each NAME or NAME:WEIGHT; a word counts WEIGHT times"},

    {"model", "layers", AZ_KEY_INTEGER, AT(model.layers), "2", "[1, 256]", NULL, "layers",
     "transformer blocks"},
    {"model", "width", AZ_KEY_INTEGER, AT(model.width), "64", "[1, 65536]", NULL, "dimensions",
     "dimensions of the embedding and the hidden state"},
    {"model", "heads", AZ_KEY_INTEGER, AT(model.heads), "2", "[1, 4096]", NULL, "heads",
     "attention heads; they divide the width"},
    {"model", "context", AZ_KEY_INTEGER, AT(model.context), "128", "[1, 65536]", NULL, "tokens",
     "length of a sequence"},
    {"model", "ffn_multiplier", AZ_KEY_INTEGER, AT(model.ffn_multiplier), "4", "[1, 64]", NULL, "",
     "width of the feed-forward layer in widths of the model"},
    {"model", "tied", AZ_KEY_SWITCH, AT(model.tied), "true", NULL, NULL, "",
     "the unembedding is the embedding W itself; false: a matrix U of its own"},
    {"model", "compute", AZ_KEY_CHOICE, AT(model.compute), "bf16", NULL, computes, "",
     "precision of activations and gradients"},
    {"model", "init", AZ_KEY_CHOICE, AT(model.init), "gaussian", NULL, inits, "",
     "initial values of the embedding"},
    {"model", "sigma", AZ_KEY_NUMBER, AT(model.sigma), "0.02", "(0, 100]", NULL, "w",
     "standard deviation of the initial weights"},
    {"model", "jitter", AZ_KEY_NUMBER, AT(model.jitter), "0", "[0, 100]", NULL, "w",
     "init = singular-jitter and bf16: standard deviation of the noise; otherwise 0"},
    {"model", "init_file", AZ_KEY_TEXT, AT(model.init_file), "", NULL, NULL, "",
     "init = file: a safetensors file with Hugging Face GPT-2 names"},

    {"optimizer", "arithmetic", AZ_KEY_CHOICE, AT(optimizer.arithmetic), "f32", NULL, arithmetics,
     "", "sequence of roundings of a step; docs/numerics.md, section 3"},
    {"optimizer", "rounding", AZ_KEY_CHOICE, AT(optimizer.rounding), "nearest", NULL, roundings, "",
     "how a new weight becomes bf16"},
    {"optimizer", "lr", AZ_KEY_NUMBER, AT(optimizer.lr), "0.001", "(0, 100]", NULL, "",
     "learning rate"},
    {"optimizer", "beta1", AZ_KEY_NUMBER, AT(optimizer.beta1), "0.9", "[0, 1)", NULL, "",
     "decay of the first moment"},
    {"optimizer", "beta2", AZ_KEY_NUMBER, AT(optimizer.beta2), "0.999", "[0, 1)", NULL, "",
     "decay of the second moment"},
    {"optimizer", "eps", AZ_KEY_NUMBER, AT(optimizer.eps), "1e-8", "(0, 1]", NULL, "",
     "added to the root of the second moment"},
    {"optimizer", "weight_decay", AZ_KEY_NUMBER, AT(optimizer.weight_decay), "0", "[0, 1000]", NULL,
     "", "decoupled: w is multiplied by 1 - lr * weight_decay"},
    {"optimizer", "schedule", AZ_KEY_CHOICE, AT(optimizer.schedule), "constant", NULL, schedules,
     "", "learning rate after the warm-up"},
    {"optimizer", "warmup_steps", AZ_KEY_INTEGER, AT(optimizer.warmup_steps), "0",
     "[0, 1000000000]", NULL, "steps", "steps in which the learning rate climbs from 0 to lr"},
    {"optimizer", "final_lr_ratio", AZ_KEY_NUMBER, AT(optimizer.final_lr_ratio), "0", "[0, 1]",
     NULL, "", "linear and cosine: learning rate at the last step, as a share of lr"},
    {"optimizer", "clip_norm", AZ_KEY_NUMBER, AT(optimizer.clip_norm), "0", "[0, 1000000]", NULL,
     "", "largest norm of the whole gradient; 0: no clipping"},

    {"train", "steps", AZ_KEY_INTEGER, AT(train.steps), "1000", "[1, 1000000000]", NULL, "steps",
     "optimizer steps"},
    {"train", "batch", AZ_KEY_INTEGER, AT(train.batch), "32", "[1, 65536]", NULL, "sequences",
     "sequences in a step"},
    {"train", "sampler", AZ_KEY_CHOICE, AT(train.sampler), "windows", NULL, samplers, "",
     "how sequences are cut from the text"},
    {"train", "target_offset", AZ_KEY_INTEGER, AT(train.target_offset), "1", "[1, 16]", NULL,
     "tokens", "the token to predict is this many ahead; 2: the notebooks' double shift"},

    {"record", "container", AZ_KEY_CHOICE, AT(record.container), "safetensors", NULL, containers,
     "", "format of the recording"},
    {"record", "compression", AZ_KEY_CHOICE, AT(record.compression), "fast", NULL, compressions, "",
     "of an HDF5 recording; safetensors are never compressed"},
    {"record", "strategy", AZ_KEY_CHOICE, AT(record.strategy), "own", NULL, strategies, "",
     "which tensors are recorded, and when; keys after it change single tensors"},
/* clang-format off */
#define RECORDED(id, name, meaning)                                                                \
    {"record", name, AZ_KEY_CADENCE, AT(record.cadence[id]), id == AZ_RECORD_W ? "1" : "off",      \
     NULL, NULL, "steps", meaning},
    AZ_RECORD_TABLE(RECORDED)
#undef RECORDED
    /* clang-format on */
    {"record", "rows", AZ_KEY_CHOICE, AT(record.rows), "all", NULL, row_sets, "",
     "rows of W, U and their gradients and moments that are recorded"},
    {"record", "row_file", AZ_KEY_TEXT, AT(record.row_file), "", NULL, NULL, "",
     "rows = list: a text file of token ids, one a line"},

    {"checkpoint", "every", AZ_KEY_INTEGER, AT(checkpoint.every), "1000", "[0, 1000000000]", NULL,
     "steps", "a killed run goes on from its last checkpoint; 0: only at the start and at the end"},

    {"stop", "when_frozen", AZ_KEY_INTEGER, AT(stop.when_frozen), "0", "[0, 1000000000]", NULL,
     "steps", "ends the run when no dead token has moved for so many steps; 0: never"},

    {"seed", "embedding", AZ_KEY_SEED, AT(seed.embedding), "42", NULL, NULL, "",
     "initial token embedding"},
    {"seed", "body", AZ_KEY_SEED, AT(seed.body), "42", NULL, NULL, "",
     "all other initial parameters"},
    {"seed", "data", AZ_KEY_SEED, AT(seed.data), "42", NULL, NULL, "", "order of the sequences"},
    {"seed", "rounding", AZ_KEY_SEED, AT(seed.rounding), "42", NULL, NULL, "",
     "stochastic rounding"},

    {"budget", "memory", AZ_KEY_BYTES, AT(budget.memory_bytes), "24GB", "[1000000, 1e15]", NULL, "",
     "memory at any instant"},
    {"budget", "safetensors", AZ_KEY_BYTES, AT(budget.safetensors_bytes), "12GB", "[1000000, 1e15]",
     NULL, "", "one safetensors file"},
    {"budget", "hdf5", AZ_KEY_BYTES, AT(budget.hdf5_bytes), "24GB", "[1000000, 1e15]", NULL, "",
     "one HDF5 recording"},
};
const size_t az_key_count = sizeof az_keys / sizeof az_keys[0];
