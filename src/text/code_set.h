/* code_set.h: sets of code points, one bit each (136 KiB). */
#ifndef AZ_TEXT_CODE_SET_H
#define AZ_TEXT_CODE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AZ_CODE_LIMIT 0x110000

struct az_code_set {
    uint64_t words[AZ_CODE_LIMIT / 64];
};

/* first..last, both included, below AZ_CODE_LIMIT. */
void az_code_set_add(struct az_code_set *set, uint32_t first, uint32_t last);
void az_code_set_remove(struct az_code_set *set, uint32_t first, uint32_t last);

void az_code_set_invert(struct az_code_set *set);
void az_code_set_unite(struct az_code_set *set, const struct az_code_set *other);
void az_code_set_intersect(struct az_code_set *set, const struct az_code_set *other);

static inline bool az_code_set_has(const struct az_code_set *set, uint32_t code)
{
    return set->words[code / 64] >> code % 64 & 1;
}

/* The first run of members at or after `from`; false where there is none. */
bool az_code_set_next(const struct az_code_set *set, uint32_t from, uint32_t *first,
                      uint32_t *last);

#endif
