/* guests.h: the fast implementations: each function overwrites the entries of a table that its
 * instruction set does better. To be called only where az_isa_available says so; the functions of
 * another architecture are not in the build. */
#ifndef AZ_KERNEL_GUESTS_H
#define AZ_KERNEL_GUESTS_H

#include "azimuth/kernel.h"

void az_guest_fill_neon(struct az_kernels *kernels);
void az_guest_fill_avx2(struct az_kernels *kernels);
void az_guest_fill_avx512(struct az_kernels *kernels);
void az_guest_fill_amx(struct az_kernels *kernels);

#endif
