#include "store/recording_names.h"

#include <stdio.h>
#include <string.h>

static const struct az_known_movie movies[] = {
    {"W", 2, 0, NULL}, {"grad_W", 2, 0, "W"},  {"momentum_W", 2, 0, "W"}, {"variance_W", 2, 0, "W"},
    {"U", 2, 0, NULL}, {"grad_U", 2, 0, "U"},  {"momentum_U", 2, 0, "U"}, {"variance_U", 2, 0, "U"},
    {"h", 3, 1, NULL}, {"h_mean", 1, 1, NULL}, {"losses", 0, 0, NULL},
};

#define SYNONYMS 6

static const char *const numbers[][SYNONYMS] = {
    {"optimizer.lr", "learning_rate", "lr"},
    {"optimizer.beta1", "adam_beta1", "beta1"},
    {"optimizer.beta2", "adam_beta2", "beta2"},
    {"optimizer.eps", "adam_epsilon", "adam_eps", "epsilon", "eps"},
    {"optimizer.weight_decay", "weight_decay"},
    {"model.width", "hidden_dim", "d_model", "n_embd"},
    {"model.layers", "n_layers", "n_layer"},
    {"model.heads", "n_heads", "n_head"},
    {"model.context", "seq_len", "max_seq_len", "context"},
    {"train.batch", "batch_size"},
    {"train.steps", "num_steps", "num_train_steps", "n_steps", "max_steps"},
};

const struct az_known_movie *az_known_movie(const char *name)
{
    for (size_t n = 0; n < sizeof movies / sizeof movies[0]; n++)
        if (strcmp(name, movies[n].name) == 0) return &movies[n];
    return NULL;
}

int64_t az_known_first_step(const char *name)
{
    const struct az_known_movie *known = az_known_movie(name);
    return known ? known->first_step : 0;
}

const char *const *az_number_synonyms(const char *name)
{
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++)
        for (size_t k = 0; k < SYNONYMS && numbers[n][k]; k++)
            if (strcmp(name, numbers[n][k]) == 0) return numbers[n];
    return NULL;
}

bool az_companion_name(char text[AZ_TENSOR_NAME_BYTES], const char *name, const char *suffix)
{
    size_t length = strlen(name), more = strlen(suffix);
    if (length + more >= AZ_TENSOR_NAME_BYTES) return false;
    memcpy(text, name, length);
    memcpy(text + length, suffix, more + 1);
    return true;
}
