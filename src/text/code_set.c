#include "text/code_set.h"

#define WORDS (AZ_CODE_LIMIT / 64)

/* Bits first..last of the words they lie in, set or cleared. */
static void put(struct az_code_set *set, uint32_t first, uint32_t last, bool member)
{
    for (uint32_t word = first / 64; word <= last / 64; word++) {
        uint64_t bits = ~UINT64_C(0);
        if (word == first / 64) bits &= ~UINT64_C(0) << first % 64;
        if (word == last / 64) bits &= ~UINT64_C(0) >> (63 - last % 64);
        set->words[word] = member ? set->words[word] | bits : set->words[word] & ~bits;
    }
}

void az_code_set_add(struct az_code_set *set, uint32_t first, uint32_t last)
{
    put(set, first, last, true);
}

void az_code_set_remove(struct az_code_set *set, uint32_t first, uint32_t last)
{
    put(set, first, last, false);
}

void az_code_set_invert(struct az_code_set *set)
{
    for (size_t n = 0; n < WORDS; n++) set->words[n] = ~set->words[n];
}

void az_code_set_unite(struct az_code_set *set, const struct az_code_set *other)
{
    for (size_t n = 0; n < WORDS; n++) set->words[n] |= other->words[n];
}

void az_code_set_intersect(struct az_code_set *set, const struct az_code_set *other)
{
    for (size_t n = 0; n < WORDS; n++) set->words[n] &= other->words[n];
}

/* The first code at or after `from` that is a member, or is none; AZ_CODE_LIMIT for none. */
static uint32_t seek(const struct az_code_set *set, uint32_t from, bool member)
{
    uint64_t flip = member ? 0 : ~UINT64_C(0);
    if (from >= AZ_CODE_LIMIT) return AZ_CODE_LIMIT;
    uint32_t word = from / 64;
    uint64_t bits = (set->words[word] ^ flip) & ~UINT64_C(0) << from % 64;
    while (bits == 0 && ++word < WORDS) bits = set->words[word] ^ flip;
    return word == WORDS ? AZ_CODE_LIMIT : word * 64 + (uint32_t)__builtin_ctzll(bits);
}

bool az_code_set_next(const struct az_code_set *set, uint32_t from, uint32_t *first, uint32_t *last)
{
    *first = seek(set, from, true);
    if (*first == AZ_CODE_LIMIT) return false;
    *last = seek(set, *first, false) - 1;
    return true;
}
