/* union_find.h: sets that merge, by path halving. */
#ifndef AZ_SKY_UNION_FIND_H
#define AZ_SKY_UNION_FIND_H

#include <stdbool.h>
#include <stdint.h>

static inline void az_union_init(int32_t *parent, int64_t count)
{
    for (int64_t n = 0; n < count; n++) parent[n] = (int32_t)n;
}

static inline int32_t az_union_root(int32_t *parent, int32_t n)
{
    while (parent[n] != n) n = parent[n] = parent[parent[n]];
    return n;
}

/* False when both were in one set already. The lower root stays. */
static inline bool az_union_merge(int32_t *parent, int32_t a, int32_t b)
{
    int32_t low = az_union_root(parent, a), high = az_union_root(parent, b);
    if (low == high) return false;
    if (low > high)
        parent[low] = high;
    else
        parent[high] = low;
    return true;
}

#endif
