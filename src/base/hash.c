#define XXH_STATIC_LINKING_ONLY /* for the fields of the state */
#include "base/hasher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/raise.h"

static struct az_hash from_xxh(XXH128_hash_t value)
{
    return (struct az_hash){.high = value.high64, .low = value.low64};
}

struct az_hash az_hash_bytes(const void *bytes, size_t length_bytes)
{
    return from_xxh(XXH3_128bits(bytes, length_bytes));
}

void az_hash_text(struct az_hash hash, char text[AZ_HASH_TEXT_BYTES])
{
    snprintf(text, AZ_HASH_TEXT_BYTES, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}

/* The handle is the xxHash state itself: it has its own aligned allocator. */
enum az_status az_hasher_create(struct az_hasher **hasher, struct az_error *error)
{
    *hasher = NULL;
    XXH3_state_t *state = XXH3_createState();
    if (!state) return az_error_raise(error, AZ_MEMORY, "cannot allocate a hash state");
    XXH3_128bits_reset(state);
    *hasher = (struct az_hasher *)(void *)state;
    return AZ_OK;
}

static XXH3_state_t *state_of(const struct az_hasher *hasher)
{
    return (XXH3_state_t *)(void *)hasher;
}

void az_hasher_free(struct az_hasher *hasher)
{
    if (hasher) XXH3_freeState(state_of(hasher));
}

void az_hasher_add(struct az_hasher *hasher, const void *bytes, size_t length_bytes)
{
    XXH3_128bits_update(state_of(hasher), bytes, length_bytes);
}

struct az_hash az_hasher_value(const struct az_hasher *hasher)
{
    return from_xxh(XXH3_128bits_digest(state_of(hasher)));
}

/* ---- laid aside ---- */

#define BUFFER_BYTES sizeof(((XXH3_state_t *)NULL)->buffer)
#define STRIPE_BYTES 64
#define STRIPES_IN_BLOCK 16

_Static_assert(AZ_HASHER_STATE_BYTES == sizeof(((XXH3_state_t *)NULL)->acc) + BUFFER_BYTES + 24,
               "the state of this xxHash has another shape");

struct counts {
    uint64_t buffered, stripes, length;
};

/* Of the buffer only what was filled, and the last stripe, which stands for what went before. */
void az_hasher_save(const struct az_hasher *hasher, unsigned char bytes[AZ_HASHER_STATE_BYTES])
{
    const XXH3_state_t *state = state_of(hasher);
    struct counts counts = {state->bufferedSize, state->nbStripesSoFar, state->totalLen};
    unsigned char *buffer = bytes + sizeof state->acc;
    memcpy(bytes, state->acc, sizeof state->acc);
    memset(buffer, 0, BUFFER_BYTES);
    if (counts.length > BUFFER_BYTES)
        memcpy(buffer + BUFFER_BYTES - STRIPE_BYTES, state->buffer + BUFFER_BYTES - STRIPE_BYTES,
               STRIPE_BYTES);
    memcpy(buffer, state->buffer, counts.buffered);
    memcpy(buffer + BUFFER_BYTES, &counts, sizeof counts);
}

bool az_hasher_restore(struct az_hasher *hasher, const unsigned char bytes[AZ_HASHER_STATE_BYTES])
{
    XXH3_state_t *state = state_of(hasher);
    struct counts counts;
    memcpy(&counts, bytes + sizeof state->acc + BUFFER_BYTES, sizeof counts);
    XXH3_128bits_reset(state);
    if (counts.buffered > BUFFER_BYTES || counts.stripes > STRIPES_IN_BLOCK ||
        counts.length < counts.buffered)
        return false;
    memcpy(state->acc, bytes, sizeof state->acc);
    memcpy(state->buffer, bytes + sizeof state->acc, BUFFER_BYTES);
    state->bufferedSize = (XXH32_hash_t)counts.buffered;
    state->nbStripesSoFar = (size_t)counts.stripes;
    state->totalLen = counts.length;
    return true;
}

uint64_t az_hasher_length(const struct az_hasher *hasher) { return state_of(hasher)->totalLen; }

enum az_status az_hash_file(const char *path, struct az_hash *hash, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hasher *hasher = NULL;
    FILE *file = fopen(path, "rb");
    if (!file) {
        status = az_error_system(error, errno, "cannot open %s", path);
        goto out;
    }
    AZ_TRY(az_hasher_create(&hasher, error));
    unsigned char buffer[1 << 16];
    size_t length;
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0)
        az_hasher_add(hasher, buffer, length);
    if (ferror(file)) status = az_error_system(error, errno, "cannot read %s", path);
    *hash = az_hasher_value(hasher);
out:
    az_hasher_free(hasher);
    if (file) fclose(file);
    return status;
}
