/* Tells which of the compiled variants this processor runs fastest.

   The compilers' own ways (target_clones, __builtin_cpu_supports) are not used: what `zig cc` makes of them chooses the
   slow variant. */

#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum { SAVED_REGISTERS = 6 }; /* XCR0: the system keeps the SSE and AVX registers of each process */

static int runs_x86_64_v3(void) {
    unsigned eax, ebx, ecx, edx, saved, upper;
    unsigned first = bit_OSXSAVE | bit_AVX | bit_FMA | bit_MOVBE | bit_POPCNT;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & first) != first) return 0;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
    if ((saved & SAVED_REGISTERS) != SAVED_REGISTERS) return 0;
    unsigned second = bit_AVX2 | bit_BMI | bit_BMI2;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (ebx & second) != second) return 0;
    return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && (ecx & bit_LZCNT) != 0;
}
#endif

/* 0: scalar, 1: every x86-64 processor, 2: x86-64-v3, which has AVX2. */
__attribute__((visibility("default"))) int64_t best_variant(void) {
#if defined(__x86_64__)
    return runs_x86_64_v3() ? 2 : 1;
#else
    return 0;
#endif
}
