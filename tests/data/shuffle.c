#include <criterion/criterion.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "simd/cpu.h"
#include "simd/simd.h"
#include "tests/data/philox.h"
#include "tests/data/scratch.h"

/* The rule of engine/data/dataset.h, one Philox block for each element. */
static void shuffle_slowly(uint32_t *order, size_t n, uint32_t seed, uint64_t epoch)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t i = n; i-- > 0;) {
        const uint32_t key[] = {seed, UINT32_C(2) << 24};
        const uint32_t counter[] = {(uint32_t)(i / 4), 0, (uint32_t)epoch, (uint32_t)(epoch >> 32)};
        uint32_t words[4];
        philox(key, counter, words);
        const size_t j = (size_t)(((uint64_t)words[i % 4] * (i + 1)) >> 32);
        const uint32_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}

static void expect_the_rule(void)
{
    static const size_t sizes[] = {0,    1,    2,    3,    4,    5,    7,     8,    1023,
                                   1024, 1025, 2047, 2048, 2049, 4801, 48000, 60000};
    static const uint64_t epochs[] = {0, 1, 4, UINT64_C(0x123456789a)};
    static uint32_t order[60001], expected[60001];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t j = 0; j < sizeof epochs / sizeof *epochs; j++) {
            const size_t n = sizes[i];
            order[n] = 0xdeadbeef;
            dataset_shuffle(order, n, 42, epochs[j]);
            shuffle_slowly(expected, n, 42, epochs[j]);
            cr_assert_eq(memcmp(order, expected, n * sizeof *order), 0, "n %zu epoch %zu", n, j);
            cr_assert_eq(order[n], 0xdeadbeef);
        }
    }
}

/* With each table of kernels that this machine can run. */
Test(shuffle, equals_the_rule)
{
    const uint32_t hidden[] = {0, SIMD_CPU_AVX512, SIMD_CPU_AVX512 | SIMD_CPU_AVX2, UINT32_MAX};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        simd_cpu_hide(hidden[i]);
        expect_the_rule();
    }
    cr_assert_str_eq(simd_best()->name, "scalar"); /* features were hidden indeed */
}

Test(shuffle, is_a_permutation)
{
    static uint32_t order[5000];
    static bool seen[5000];
    dataset_shuffle(order, 5000, 7, 3);
    for (size_t i = 0; i < 5000; i++) {
        cr_assert_lt(order[i], 5000);
        cr_assert_not(seen[order[i]]);
        seen[order[i]] = true;
    }
}

/* Of two independent permutations of n, about one element has the same place in both. */
static size_t equal_places(uint32_t seed_a, uint64_t epoch_a, uint32_t seed_b, uint64_t epoch_b)
{
    static uint32_t a[5000], b[5000];
    dataset_shuffle(a, 5000, seed_a, epoch_a);
    dataset_shuffle(b, 5000, seed_b, epoch_b);
    size_t equal = 0;
    for (size_t i = 0; i < 5000; i++) {
        equal += a[i] == b[i];
    }
    return equal;
}

Test(shuffle, depends_on_seed_and_epoch)
{
    cr_assert_eq(equal_places(42, 0, 42, 0), 5000);
    cr_assert_lt(equal_places(42, 0, 42, 1), 10);
    cr_assert_lt(equal_places(42, 0, 43, 0), 10);
    cr_assert_lt(equal_places(42, 0, 42, UINT64_C(1) << 32), 10);
}

/* Each of the 24 orders of 4 elements comes up in about 1/24 of 24,000 epochs: chi-squared with 23
 * degrees of freedom is below 49.7 in 999 of 1000 cases, and the case here is fixed. */
Test(shuffle, is_uniform)
{
    int counts[256] = {0};
    for (uint64_t epoch = 0; epoch < 24000; epoch++) {
        uint32_t order[4];
        dataset_shuffle(order, 4, 42, epoch);
        counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    int different = 0;
    double chi_squared = 0.0;
    for (int i = 0; i < 256; i++) {
        if (counts[i] > 0) {
            different++;
            chi_squared += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
        }
    }
    cr_assert_eq(different, 24);
    cr_assert_lt(chi_squared, 49.7);
}
