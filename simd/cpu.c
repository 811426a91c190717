#include "simd/cpu.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static _Atomic uint32_t cpu_hidden;

#if defined(__x86_64__)

enum {
    LEAF1_ECX_FMA = 1 << 12,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF1_ECX_AVX = 1 << 28,
    LEAF7_EBX_AVX2 = 1 << 5,
    /* F, DQ, BW, VL */
    LEAF7_EBX_AVX512 = 1 << 16 | 1 << 17 | 1 << 30 | (int)(1u << 31),
    XCR0_AVX = 0x6,     /* xmm and ymm state */
    XCR0_AVX512 = 0xE6, /* and opmask, upper halves of zmm, zmm16..31 */
};

/* The state the operating system saves; a feature whose registers it does not save is not there. */
static uint32_t enabled_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t detect(void)
{
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        return 0;
    }
    const uint32_t leaf1_ecx = ecx;
    if (!(leaf1_ecx & LEAF1_ECX_OSXSAVE) || !(leaf1_ecx & LEAF1_ECX_AVX)) {
        return 0;
    }
    const uint32_t state = enabled_state();
    if ((state & XCR0_AVX) != XCR0_AVX) {
        return 0;
    }
    uint32_t features = leaf1_ecx & LEAF1_ECX_FMA ? SIMD_CPU_FMA : 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        return features;
    }
    if (ebx & LEAF7_EBX_AVX2) {
        features |= SIMD_CPU_AVX2;
    }
    if ((ebx & (uint32_t)LEAF7_EBX_AVX512) == (uint32_t)LEAF7_EBX_AVX512 &&
        (state & XCR0_AVX512) == XCR0_AVX512) {
        features |= SIMD_CPU_AVX512;
    }
    return features;
}

static void read_name(char *name, size_t size)
{
    uint32_t words[12];
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(0x80000000u, &eax, &ebx, &ecx, &edx) || eax < 0x80000004u) {
        snprintf(name, size, "x86-64 processor");
        return;
    }
    for (uint32_t leaf = 0; leaf < 3; leaf++) {
        uint32_t *word = words + 4 * leaf;
        __get_cpuid(0x80000002u + leaf, &word[0], &word[1], &word[2], &word[3]);
    }
    char raw[sizeof words + 1];
    memcpy(raw, words, sizeof words);
    raw[sizeof words] = '\0';
    snprintf(name, size, "%s", raw + strspn(raw, " "));
    size_t length = strlen(name);
    while (length > 0 && name[length - 1] == ' ') {
        name[--length] = '\0';
    }
}

bool simd_cpu_model(unsigned *family, unsigned *model)
{
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        return false;
    }
    /* The extended parts count from family 15, of the model also in family 6. */
    const unsigned base = eax >> 8 & 0xF;
    *family = base == 15 ? base + (eax >> 20 & 0xFF) : base;
    *model = (eax >> 4 & 0xF) | (base == 15 || base == 6 ? eax >> 12 & 0xF0 : 0);
    return true;
}

#elif defined(__aarch64__)

static uint32_t detect(void)
{
#if defined(__linux__)
    enum { HWCAP_ADVANCED_SIMD = 1 << 1 };
    return getauxval(AT_HWCAP) & HWCAP_ADVANCED_SIMD ? SIMD_CPU_NEON : 0;
#else
    return SIMD_CPU_NEON; /* part of AArch64 as every other system uses it */
#endif
}

/* AArch64 has no name to read; Linux tells implementer and part in /proc/cpuinfo. */
static void read_name(char *name, size_t size)
{
    unsigned implementer = 0, part = 0;
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file != NULL) {
        char line[256];
        while (fgets(line, sizeof line, file) != NULL) {
            sscanf(line, "CPU implementer : %x", &implementer);
            if (sscanf(line, "CPU part : %x", &part) == 1) {
                break;
            }
        }
        fclose(file);
    }
    snprintf(name, size, "AArch64 processor, implementer 0x%02x, part 0x%03x", implementer, part);
}

#else

static uint32_t detect(void)
{
    return 0;
}

static void read_name(char *name, size_t size)
{
    snprintf(name, size, "unknown processor");
}

#endif

#if !defined(__x86_64__)
bool simd_cpu_model(unsigned *family, unsigned *model)
{
    *family = *model = 0;
    return false;
}
#endif

uint32_t simd_cpu_features(void)
{
    static _Atomic uint32_t known; /* features with the top bit set, 0 before the first call */
    const uint32_t detected = 1u << 31;
    uint32_t features = atomic_load_explicit(&known, memory_order_relaxed);
    if (features == 0) {
        features = detect() | detected;
        atomic_store_explicit(&known, features, memory_order_relaxed);
    }
    return features & ~detected & ~atomic_load_explicit(&cpu_hidden, memory_order_relaxed);
}

void simd_cpu_hide(uint32_t features)
{
    atomic_store_explicit(&cpu_hidden, features, memory_order_relaxed);
}

const char *simd_cpu_name(char *name, size_t size)
{
    read_name(name, size);
    return name;
}
