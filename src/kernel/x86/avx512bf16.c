/* Rounding to bf16 by one instruction; its product rounds otherwise than the canonical one and has
 * no place here (docs/numerics.md, section 2). */
#include "kernel/guests.h"

#include "kernel/x86/lanes_avx512.h"

#include "kernel/guest/rows.h"

void az_guest_fill_avx512bf16(struct az_kernels *kernels) { fill_rows(kernels); }
