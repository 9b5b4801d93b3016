#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/raise.h"
#include "kernel/guests.h"
#include "kernel/reference/reference.h"

#define NAME(id, name, meaning) [id] = name,

const char *az_isa_name(enum az_isa isa)
{
    static const char *const names[] = {AZ_ISA_TABLE(NAME)};
    return names[isa];
}

const char *az_arithmetic_name(enum az_arithmetic arithmetic)
{
    static const char *const names[] = {AZ_ARITHMETIC_TABLE(NAME)};
    return names[arithmetic];
}

const char *az_rounding_name(enum az_rounding rounding)
{
    static const char *const names[] = {AZ_ROUNDING_TABLE(NAME)};
    return names[rounding];
}

/* az_cpu_features tells of the architecture for which this was compiled only. */
bool az_isa_available(enum az_isa isa)
{
    static const uint32_t needed[AZ_ISA_COUNT] = {
        [AZ_ISA_REFERENCE] = 0,
        [AZ_ISA_NEON] = AZ_CPU_NEON,
        [AZ_ISA_AVX2] = AZ_CPU_AVX2,
        [AZ_ISA_AVX512] = AZ_CPU_AVX512,
        [AZ_ISA_AVX512BF16] = AZ_CPU_AVX512 | AZ_CPU_AVX512_BF16,
        [AZ_ISA_AMX] = AZ_CPU_AVX512 | AZ_CPU_AVX512_BF16 | AZ_CPU_AMX_BF16,
    };
    return isa < AZ_ISA_COUNT && (az_cpu_features() & needed[isa]) == needed[isa];
}

/* A space before each name. */
static void list_available(char *text, size_t capacity_bytes)
{
    size_t used = 0;
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT && used < capacity_bytes; isa++)
        if (az_isa_available(isa))
            used += (size_t)snprintf(text + used, capacity_bytes - used, " %s", az_isa_name(isa));
}

/* From the specification up to what is asked for; each step overwrites what it does better. */
static void fill(struct az_kernels *kernels, enum az_isa isa)
{
    az_reference_fill(kernels);
    kernels->isa = isa;
    kernels->name = az_isa_name(isa);
#if defined(__x86_64__)
    if (isa < AZ_ISA_AVX2) return;
    az_guest_fill_avx2(kernels);
    if (isa < AZ_ISA_AVX512) return;
    az_guest_fill_avx512(kernels);
    if (isa < AZ_ISA_AVX512BF16) return;
    az_guest_fill_avx512bf16(kernels);
    if (isa < AZ_ISA_AMX) return;
    az_guest_fill_amx(kernels);
#elif defined(__aarch64__)
    if (isa == AZ_ISA_NEON) az_guest_fill_neon(kernels);
#endif
}

enum az_status az_kernels_select(struct az_kernels *kernels, enum az_isa isa,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char available[128];
    list_available(available, sizeof available);
    if (isa >= AZ_ISA_COUNT)
        AZ_RAISE(AZ_USAGE, "%d is no instruction set; this machine has:%s", (int)isa, available);
    if (!az_isa_available(isa))
        AZ_RAISE(AZ_USAGE,
                 "the instruction set '%s' is not available on this machine or in this build; "
                 "choose one of:%s",
                 az_isa_name(isa), available);
    fill(kernels, isa);
out:
    return status;
}

static enum az_isa best_available(void)
{
    enum az_isa isa = AZ_ISA_COUNT - 1;
    while (!az_isa_available(isa)) isa--;
    return isa;
}

enum az_status az_kernels_default(struct az_kernels *kernels, const char *name,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *source = name ? "--isa" : "AZ_ISA";
    if (!name) name = getenv("AZ_ISA");
    if (!name || !*name) return az_kernels_select(kernels, best_available(), error);
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++)
        if (strcmp(name, az_isa_name(isa)) == 0) return az_kernels_select(kernels, isa, error);
    char available[128];
    list_available(available, sizeof available);
    AZ_RAISE(AZ_USAGE, "%s: '%s' is no instruction set; choose one of:%s", source, name, available);
out:
    return status;
}
