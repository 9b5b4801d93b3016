/* Order of the sequences of an epoch: a permutation of 0..sequences-1 that needs no table, so that
 * any step can be drawn alone. It is a balanced Feistel network of ROUNDS rounds over 2 * half_bits
 * bits, the round function one word of the generator, walked along its cycle until the value lies
 * within the range (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). */
#include "azimuth/corpus.h"

#include <inttypes.h>

#include "base/memory.h"
#include "base/random.h"

#define ROUNDS 6

struct az_batches {
    struct az_sampler_plan plan;
    size_t sequences, stride, per_epoch;
    int half_bits;
};

static int half_bits_for(size_t count)
{
    int bits = 1;
    while (bits < 32 && (uint64_t)1 << 2 * bits < count) bits++;
    return bits;
}

static size_t sequences_of(const struct az_sampler_plan *plan, size_t stride)
{
    size_t length = plan->context + plan->target_offset;
    return plan->tokens < length ? 0 : (plan->tokens - length) / stride + 1;
}

enum az_status az_batches_create(struct az_batches **batches_pointer,
                                 const struct az_sampler_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *batches_pointer = NULL;
    if (plan->context == 0 || plan->batch == 0)
        AZ_RAISE(AZ_USAGE, "a batch needs at least one sequence of at least one token");
    size_t stride = plan->sampler == AZ_SAMPLER_WINDOWS ? 1 : plan->context;
    size_t sequences = sequences_of(plan, stride);
    if (sequences < plan->batch)
        AZ_RAISE(
            AZ_USAGE,
            "the corpus is too short: its %zu tokens give %zu sequences of %zu tokens (context %zu "
            "+ target offset %zu), a batch takes %zu; use more text, a shorter model.context or a "
            "smaller train.batch",
            plan->tokens, sequences, plan->context + plan->target_offset, plan->context,
            plan->target_offset, plan->batch);
    struct az_batches *batches;
    AZ_TRY(az_memory_allocate(&batches, 1, sizeof *batches, "the batches", error));
    *batches = (struct az_batches){.plan = *plan,
                                   .sequences = sequences,
                                   .stride = stride,
                                   .per_epoch = sequences / plan->batch,
                                   .half_bits = half_bits_for(sequences)};
    *batches_pointer = batches;
out:
    return status;
}

void az_batches_free(struct az_batches *batches) { az_memory_free(batches); }

size_t az_batches_per_epoch(const struct az_batches *batches) { return batches->per_epoch; }

static uint64_t feistel(const struct az_batches *batches, uint32_t stream, uint64_t x)
{
    uint64_t mask = ((uint64_t)1 << batches->half_bits) - 1;
    uint64_t left = x >> batches->half_bits, right = x & mask;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t word = az_random_u32(batches->plan.seed, stream, round << 34 | right << 2);
        uint64_t next = left ^ (word & mask);
        left = right;
        right = next;
    }
    return left << batches->half_bits | right;
}

static uint32_t stream_of(uint64_t epoch) { return AZ_STREAM_DATA | (uint32_t)epoch << 8; }

/* Start of the sequence at a place of the order of an epoch. */
static size_t start_at(const struct az_batches *batches, uint32_t stream, uint64_t place)
{
    do place = feistel(batches, stream, place);
    while (place >= batches->sequences);
    return (size_t)place * batches->stride;
}

void az_batches_starts(struct az_batches *batches, int64_t step, size_t *starts)
{
    uint64_t drawn = (uint64_t)step - 1;
    uint32_t stream = stream_of(drawn / batches->per_epoch);
    uint64_t first = drawn % batches->per_epoch * batches->plan.batch;
    for (size_t b = 0; b < batches->plan.batch; b++)
        starts[b] = start_at(batches, stream, first + b);
}

/* presented[i] - presented[i - 1] gets what a sequence adds, `times` over: a difference array, so
 * that a sequence costs four additions whatever its length. */
static void add_sequence(const struct az_batches *batches, size_t start, int64_t times,
                         int64_t *differences)
{
    size_t context = batches->plan.context, offset = batches->plan.target_offset;
    differences[start] += times;
    differences[start + context] -= times;
    differences[start + offset] += times;
    differences[start + offset + context] -= times;
}

/* A whole epoch presents every sequence but those of its last, partial batch: these alone are
 * drawn, and the steps after the last whole epoch. */
static void add_differences(const struct az_batches *batches, int64_t steps, int64_t *differences)
{
    uint64_t presented = (uint64_t)batches->per_epoch * batches->plan.batch;
    uint64_t epochs = (uint64_t)steps / batches->per_epoch;
    uint64_t left = (uint64_t)steps % batches->per_epoch * batches->plan.batch;
    for (size_t s = 0; epochs && s < batches->sequences; s++)
        add_sequence(batches, s * batches->stride, (int64_t)epochs, differences);
    for (uint64_t epoch = 0; epoch < epochs; epoch++)
        for (uint64_t place = presented; place < batches->sequences; place++)
            add_sequence(batches, start_at(batches, stream_of(epoch), place), -1, differences);
    for (uint64_t place = 0; place < left; place++)
        add_sequence(batches, start_at(batches, stream_of(epochs), place), 1, differences);
}

enum az_status az_batches_count(struct az_batches *batches, const uint32_t *ids, int64_t steps,
                                size_t vocabulary, uint64_t *counts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *differences = NULL;
    size_t tokens = batches->plan.tokens;
    AZ_TRY(az_memory_allocate(&differences, tokens + 1, sizeof *differences, "the token counts",
                              error));
    add_differences(batches, steps, differences);
    for (size_t v = 0; v < vocabulary; v++) counts[v] = 0;
    uint64_t presented = 0;
    for (size_t i = 0; i < tokens; i++) {
        presented += (uint64_t)differences[i];
        if (ids[i] >= vocabulary)
            AZ_RAISE(AZ_FORMAT,
                     "token %zu of the corpus has id %" PRIu32 ", the vocabulary ends at %zu", i,
                     ids[i], vocabulary - 1);
        counts[ids[i]] += presented;
    }
out:
    az_memory_free(differences);
    return status;
}
