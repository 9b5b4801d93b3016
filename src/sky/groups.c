#include "sky/groups.h"

#include <string.h>

#include "azimuth/hash.h"
#include "base/memory.h"

#define EMPTY UINT32_MAX

enum az_status az_groups_create(struct az_groups *groups, size_t n, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *groups = (struct az_groups){.slot_count = 16, .capacity = n};
    if (n >= (size_t)1 << 31) AZ_RAISE(AZ_MEMORY, "%zu rows are too many to group", n);
    while (groups->slot_count < 2 * n) groups->slot_count *= 2;
    AZ_TRY(az_memory_allocate(&groups->slots, groups->slot_count, sizeof *groups->slots,
                              "a table of rows", error));
    AZ_TRY(az_memory_allocate(&groups->first, n, sizeof *groups->first, "groups", error));
    AZ_TRY(az_memory_allocate(&groups->population, n, sizeof *groups->population, "groups", error));
out:
    if (status != AZ_OK) az_groups_free(groups);
    return status;
}

void az_groups_free(struct az_groups *groups)
{
    az_memory_free(groups->slots);
    az_memory_free(groups->first);
    az_memory_free(groups->population);
    az_memory_free(groups->group_of);
    *groups = (struct az_groups){0};
}

/* Slot of a string: the one that holds an equal string, or the empty one where it belongs. */
static size_t slot_of(const struct az_groups *groups, const unsigned char *strings, size_t at,
                      size_t bytes)
{
    const unsigned char *string = strings + at * bytes;
    size_t mask = groups->slot_count - 1, slot = az_hash_bytes(string, bytes).low & (uint64_t)mask;
    while (groups->slots[slot] != EMPTY &&
           memcmp(string, strings + groups->first[groups->slots[slot]] * bytes, bytes) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

size_t az_groups_of(const struct az_groups *groups, const void *strings, size_t at, size_t bytes)
{
    return groups->slots[slot_of(groups, strings, at, bytes)];
}

void az_groups_find(struct az_groups *groups, const void *strings, size_t n, size_t bytes)
{
    groups->count = 0;
    for (size_t s = 0; s < groups->slot_count; s++) groups->slots[s] = EMPTY;
    for (size_t i = 0; i < n; i++) {
        size_t slot = slot_of(groups, strings, i, bytes);
        if (groups->slots[slot] == EMPTY) {
            groups->slots[slot] = (uint32_t)groups->count;
            groups->first[groups->count] = (uint32_t)i;
            groups->population[groups->count++] = 0;
        }
        groups->population[groups->slots[slot]]++;
        if (groups->group_of) groups->group_of[i] = groups->slots[slot];
    }
}
