/* guests.h: the fast implementations: each function overwrites the entries of a table that its
 * instruction set does better. To be called only where az_isa_available says so; the functions of
 * another architecture are not in the build. */
#ifndef AZ_KERNEL_GUESTS_H
#define AZ_KERNEL_GUESTS_H

#include "azimuth/kernel.h"

void az_guest_fill_neon(struct az_kernels *kernels);
void az_guest_fill_avx2(struct az_kernels *kernels);
void az_guest_fill_avx512(struct az_kernels *kernels);
void az_guest_fill_avx512bf16(struct az_kernels *kernels);
void az_guest_fill_amx(struct az_kernels *kernels);

/* Multiply-adds between registers as fast as they go, for the measured peak: returns how many
 * operations were made, and adds something to *sink that depends on them. */
double az_guest_burst_reference(size_t repeats, double *sink);
double az_guest_burst_neon(size_t repeats, double *sink);
double az_guest_burst_avx2(size_t repeats, double *sink);
double az_guest_burst_avx512(size_t repeats, double *sink);
double az_guest_burst_amx(size_t repeats, double *sink);

#endif
