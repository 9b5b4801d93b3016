#define _GNU_SOURCE
#include "base/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#if defined(__x86_64__)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bits of XCR0, Intel SDM volume 1, 13.3. */
#define STATE_AVX 0x6u
#define STATE_AVX512 0xe6u
#define STATE_TILES 0x60000u

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA 18

static uint32_t saved_state(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has(uint32_t set, uint32_t bits) { return (set & bits) == bits; }

/* Linux gives a process the tiles only when it asks. */
static bool tiles_granted(void)
{
#ifdef SYS_arch_prctl
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
    return false;
#endif
}

static uint32_t detect(void)
{
    uint32_t a, b, c, d, more, unused, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, bit_OSXSAVE | bit_AVX | bit_FMA)) return 0;
    uint32_t state = saved_state();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!has(state, STATE_AVX) || !has(b, bit_AVX2)) return 0;
    features |= AZ_CPU_AVX2;
    if (!has(state, STATE_AVX512) ||
        !has(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL))
        return features;
    features |= AZ_CPU_AVX512;
    if (__get_cpuid_count(7, 1, &more, &b, &c, &unused) && has(more, 1u << 5))
        features |= AZ_CPU_AVX512_BF16;
    if (!has(state, STATE_TILES) || !has(d, 1u << 24 | 1u << 22)) return features; /* TILE, BF16 */
    return tiles_granted() ? features | AZ_CPU_AMX_BF16 : features;
}

#elif defined(__aarch64__)

static uint32_t detect(void) { return AZ_CPU_NEON; } /* part of the base architecture */

#else

static uint32_t detect(void) { return 0; }

#endif

uint32_t az_cpu_features(void)
{
    static _Atomic uint32_t found;
    static atomic_bool known;
    if (!atomic_load_explicit(&known, memory_order_acquire)) {
        atomic_store_explicit(&found, detect(), memory_order_relaxed);
        atomic_store_explicit(&known, true, memory_order_release);
    }
    return atomic_load_explicit(&found, memory_order_relaxed);
}

/* "model name      : AMD EPYC" */
static bool name_from(FILE *file, char *name, size_t capacity_bytes)
{
    char line[512];
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0) continue;
        size_t length = strcspn(colon + 1, "\n");
        while (length && colon[1] == ' ') colon++, length--;
        snprintf(name, capacity_bytes, "%.*s", (int)length, colon + 1);
        return true;
    }
    return false;
}

void az_cpu_name(char *name, size_t capacity_bytes)
{
    struct utsname system;
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool found = file && name_from(file, name, capacity_bytes);
    if (file) fclose(file);
    if (found) return;
    snprintf(name, capacity_bytes, "%s", uname(&system) == 0 ? system.machine : "unknown");
}
