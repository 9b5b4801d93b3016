/* lanes.h: what a guest must offer so that rows.h and tiles.h can be compiled for it.
 *
 * A guest's header (x86/lanes_avx2.h, x86/lanes_avx512.h, arm/lanes_neon.h) defines, all static
 * inline:
 *
 *   struct lanes                 the 16 virtual lanes, float32
 *   lanes_set(x)                 x in every lane
 *   lanes_load(p), lanes_store(p, x)            16 elements, any alignment
 *   lanes_load_some(p, n, other)                the first n < 16; `other` in the rest
 *   lanes_store_some(p, n, x)                   nothing beyond n is read or written
 *   lanes_first(n, x)            x in the first n lanes, +0 in the rest
 *   lanes_add, lanes_sub, lanes_mul, lanes_div  one rounding, a op b
 *   lanes_sqrt(x)                one rounding
 *   lanes_rounded(x)             to bf16 and back; a NaN must have its lower 16 bits 0
 *   lanes_store_upper(p, x)      the upper halves: to bf16 where x is one already
 *   lanes_canonical(x)           x, or 0x7fc00000 where x is NaN
 *   lanes_fma(a, b, c), lanes_fnma(a, b, c)     a b + c, -a b + c, one rounding
 *   lanes_greater(a, b)          a > b ? a : b  (b where either is NaN, or both are zero)
 *   lanes_lesser(a, b)           a < b ? a : b
 *   lanes_where_below(x, bound, value, y)       x < bound ? value : y; lanes_where_above likewise
 *   struct lanes_integer, lanes_nearest(x), lanes_from_integer(n)   to int32, ties to even; of a
 *                                NaN the integer's lowest 9 bits are 0
 *   lanes_add_exponent(x, n)     the bits of x + (n << 23)
 *   lanes_tree_sum(x), lanes_tree_greater(x)    the halving tree 8, 4, 2, 1
 *   lanes_widen(p), lanes_widen_some(p, n), lanes_narrow(p, x), lanes_narrow_some(p, n, x)
 *   lanes_narrow_pair(p, even, odd)             to 16 pairs of bf16, even's first
 *   struct lanes_f64, lanes_f64_zero(), lanes_f64_add_square(sum, x), lanes_f64_tree_sum(x)
 *
 *   TILE                         words of 32 bits in struct words: 16, 8 or 4
 *   words_load_some(p, n), words_store_some(p, n, x)      the first n <= TILE words, others 0
 *   words_load_halves(p, n), words_store_halves(p, n, x)  likewise, n <= 2 TILE units of 16 bits
 *   words_zip(even, odd, n_even, n_odd)  word i = even[i] | odd[i] << 16, 0 beyond the counts
 *   words_transpose(x)           x[TILE], in place
 */
#ifndef AZ_KERNEL_GUEST_LANES_H
#define AZ_KERNEL_GUEST_LANES_H

#include "azimuth/kernel.h"

/* The first whole number of groups of 16 in count. */
static inline size_t whole_lanes(size_t count) { return count / AZ_LANES * AZ_LANES; }

#endif
