/* cpu.h: what the processor, and the system for it, can do. */
#ifndef AZ_BASE_CPU_H
#define AZ_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

enum az_cpu_feature {
    AZ_CPU_NEON = 1 << 0,
    AZ_CPU_AVX2 = 1 << 1,        /* AVX2, FMA, and the system saves the ymm registers */
    AZ_CPU_AVX512 = 1 << 2,      /* AVX-512 F, BW, DQ, VL, and the system saves the zmm registers */
    AZ_CPU_AMX_BF16 = 1 << 3,    /* AMX tiles with bf16, and the system has granted their use */
    AZ_CPU_AVX512_BF16 = 1 << 4, /* conversion and VDPBF16PS, and AZ_CPU_AVX512 */
};

/* A set of enum az_cpu_feature. The first call asks Linux for leave to use the AMX tiles; the
 * answer holds for the whole process. May be called from any thread. */
uint32_t az_cpu_features(void);

/* The processor's name as the system gives it ("AMD EPYC", "Neoverse-N1"), or the architecture. */
void az_cpu_name(char *name, size_t capacity_bytes);

#endif
