/* The table of what a run is made of. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lab/checkpoint.h"

enum kind {
    ONE,        /* a number */
    BYTES,      /* the state of the fingerprint */
    DEAD,       /* [dead tokens] */
    WIDTH,      /* [width of the model] */
    PARAMETERS, /* a tensor NAME/PARAMETER for each parameter, of its shape */
};

#define TYPE_OF_STATE AZ_DTYPE_COUNT /* that of Adam's moments */

static void *step(struct az_train *train) { return &train->step; }
static void *loss(struct az_train *train) { return &train->loss; }
static void *first_loss(struct az_train *train) { return &train->first_loss; }
static void *clip(struct az_train *train) { return &train->clip; }
static void *lr(struct az_train *train) { return &train->lr; }
static void *fingerprint(struct az_train *train) { return train->fingerprint_state; }
static void *dead(struct az_train *train) { return train->tokens.dead; }
static void *motion(struct az_train *train) { return train->motion->last_motion_step; }
static void *h_mean(struct az_train *train) { return train->live->h_mean; }
static void *values(struct az_train *train) { return train->optimizer->target.values; }
static void *momentum(struct az_train *train) { return train->optimizer->m; }
static void *variance(struct az_train *train) { return train->optimizer->v; }
static void *master(struct az_train *train) { return train->optimizer->master; }
static void *residue(struct az_train *train) { return train->optimizer->residue; }

static const struct row {
    const char *name;
    enum kind kind;
    enum az_dtype dtype;
    void *(*at)(struct az_train *train); /* NULL: this run has none */
    bool derived;
} rows[] = {
    {"step", ONE, AZ_DTYPE_I64, step, false},
    {"loss", ONE, AZ_DTYPE_F32, loss, false},
    {"first_loss", ONE, AZ_DTYPE_F32, first_loss, false},
    {"clip_coefficient", ONE, AZ_DTYPE_F32, clip, false},
    {"learning_rate", ONE, AZ_DTYPE_F64, lr, false},
    {"fingerprint_state", BYTES, AZ_DTYPE_U8, fingerprint, false},
    {"dead_indices", DEAD, AZ_DTYPE_I64, dead, true},
    {"last_motion_step", DEAD, AZ_DTYPE_I64, motion, false},
    {"h_mean", WIDTH, AZ_DTYPE_F64, h_mean, false},
    {"parameters", PARAMETERS, AZ_DTYPE_BF16, values, false},
    {"momentum", PARAMETERS, TYPE_OF_STATE, momentum, false},
    {"variance", PARAMETERS, TYPE_OF_STATE, variance, false},
    {"master", PARAMETERS, AZ_DTYPE_F32, master, false},
    {"residue", PARAMETERS, AZ_DTYPE_BF16, residue, false},
};

#define ROWS (sizeof rows / sizeof rows[0])

static struct az_checkpoint_entry *add(struct az_checkpoint_state *state, const struct row *row,
                                       enum az_dtype dtype, const void *data)
{
    struct az_checkpoint_entry *entry = &state->entries[state->count++];
    entry->tensor.dtype = dtype;
    entry->tensor.bytes = az_dtype_bytes(dtype);
    entry->tensor.data = data;
    entry->derived = row->derived;
    snprintf(entry->tensor.name, sizeof entry->tensor.name, "%s", row->name);
    return entry;
}

static void add_list(struct az_checkpoint_state *state, const struct row *row, const void *data,
                     size_t count)
{
    struct az_checkpoint_entry *entry = add(state, row, row->dtype, data);
    entry->tensor.rank = 1;
    entry->tensor.shape[0] = (int64_t)count;
    entry->tensor.bytes *= count;
}

static void add_parameters(struct az_checkpoint_state *state, const struct row *row,
                           const struct az_optimizer *optimizer, const unsigned char *data)
{
    enum az_dtype dtype = row->dtype;
    if (dtype == TYPE_OF_STATE)
        dtype = optimizer->state_bytes == sizeof(float) ? AZ_DTYPE_F32 : AZ_DTYPE_BF16;
    for (size_t p = 0; p < optimizer->target.parameter_count; p++) {
        const struct az_parameter *parameter = &optimizer->target.parameters[p];
        struct az_checkpoint_entry *entry =
            add(state, row, dtype, data + parameter->offset * az_dtype_bytes(dtype));
        entry->tensor.rank = parameter->rank;
        for (int n = 0; n < parameter->rank; n++)
            entry->tensor.shape[n] = (int64_t)parameter->shape[n];
        entry->tensor.bytes *= parameter->count;
        snprintf(entry->tensor.name, sizeof entry->tensor.name, "%s/%s", row->name,
                 parameter->name);
    }
}

enum az_status az_checkpoint_list(struct az_checkpoint_state *state, struct az_train *train,
                                  struct az_error *error)
{
    size_t capacity = ROWS * train->optimizer->target.parameter_count;
    *state = (struct az_checkpoint_state){0};
    enum az_status status = az_memory_allocate(&state->entries, capacity, sizeof *state->entries,
                                               "the checkpoint", error);
    if (status != AZ_OK) return status;
    for (size_t r = 0; r < ROWS; r++) {
        void *data = rows[r].at(train);
        if (!data) continue;
        switch (rows[r].kind) {
        case ONE: add(state, &rows[r], rows[r].dtype, data); break;
        case BYTES: add_list(state, &rows[r], data, AZ_HASHER_STATE_BYTES); break;
        case DEAD: add_list(state, &rows[r], data, train->tokens.dead_count); break;
        case WIDTH: add_list(state, &rows[r], data, train->live->width); break;
        case PARAMETERS: add_parameters(state, &rows[r], train->optimizer, data); break;
        }
    }
    return AZ_OK;
}

void az_checkpoint_list_free(struct az_checkpoint_state *state)
{
    az_memory_free(state->entries);
    *state = (struct az_checkpoint_state){0};
}

#define HEADER_BYTES ((size_t)48 << 10) /* names and parameters of a model of some dozen layers */

enum az_status az_checkpoint_bytes(const struct az_experiment *experiment, size_t parameters,
                                   size_t dead_tokens, size_t *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t optimizer;
    AZ_TRY(az_optimizer_memory(experiment, parameters, &optimizer, error));
    AZ_TRY(az_size_multiply(parameters, sizeof(struct az_bf16), bytes, error));
    AZ_TRY(az_size_add(*bytes, optimizer, bytes, error));
    AZ_TRY(az_size_add(*bytes, 2 * dead_tokens * sizeof(int64_t) + HEADER_BYTES, bytes, error));
out:
    return status;
}
