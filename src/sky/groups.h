/* groups.h: which of n byte strings of one length are equal. */
#ifndef AZ_SKY_GROUPS_H
#define AZ_SKY_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/raise.h"

/* Zeroed is empty; free with az_groups_free. */
struct az_groups {
    size_t count;    /* of distinct strings */
    uint32_t *first; /* [count] the first string of each group, groups in order of appearance */
    int64_t *population;
    uint32_t *slots;
    size_t slot_count, capacity;
    uint32_t *group_of; /* [n] the group of each string, where the caller has given room for it */
};

/* Room for n strings (below 2^31). */
enum az_status az_groups_create(struct az_groups *groups, size_t n, struct az_error *error);
void az_groups_free(struct az_groups *groups);

/* Fills groups from strings[n][bytes], n at most what it was created for. Allocates nothing. */
void az_groups_find(struct az_groups *groups, const void *strings, size_t n, size_t bytes);

/* The group of string `at` of the strings that groups was filled from. */
size_t az_groups_of(const struct az_groups *groups, const void *strings, size_t at, size_t bytes);

#endif
