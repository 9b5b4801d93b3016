/* inline.h: how loops over registers are written. */
#ifndef AZ_KERNEL_GUEST_INLINE_H
#define AZ_KERNEL_GUEST_INLINE_H

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

#endif
