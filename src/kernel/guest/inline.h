/* inline.h: how loops over registers are written. */
#ifndef AZ_KERNEL_GUEST_INLINE_H
#define AZ_KERNEL_GUEST_INLINE_H

#include <stdint.h>

/* Work in another mode of the processor is in a function that is not inlined, so that no arithmetic
 * can move across the change of mode. */
#define AZ_NOINLINE __attribute__((noinline))
#define AZ_INLINE inline __attribute__((always_inline))

/* The loop runs over registers: it must vanish. */
#ifdef __clang__
#define AZ_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AZ_UNROLL _Pragma("GCC unroll 16")
#endif

/* Asks for the line that lies so many bytes after p, to be read (from the cache of level 2 on) or
 * written; it may lie beyond the array. */
#define FETCH_READ(p, bytes) __builtin_prefetch((const void *)((uintptr_t)(p) + (bytes)), 0, 2)
#define FETCH_WRITE(p, bytes) __builtin_prefetch((const void *)((uintptr_t)(p) + (bytes)), 1)

#endif
