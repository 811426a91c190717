#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/simd/tables.h"

/* Philox4x32-10 from its paper, for this test alone: c becomes the counter's four words. */
static void philox(uint32_t c[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        const uint64_t a = UINT64_C(0xD2511F53) * c[0];
        const uint64_t b = UINT64_C(0xCD9E8D57) * c[2];
        const uint32_t next[] = {(uint32_t)(b >> 32) ^ c[1] ^ key0, (uint32_t)b,
                                 (uint32_t)(a >> 32) ^ c[3] ^ key1, (uint32_t)a};
        memcpy(c, next, sizeof next);
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
}

static uint32_t word_of(const struct simd_random *random, uint32_t item, uint32_t element)
{
    uint32_t c[] = {element / 4, item, (uint32_t)random->step, (uint32_t)(random->step >> 32)};
    philox(c, random->seed, random->purpose_and_layer);
    return c[element % 4];
}

/* Counter, key and result of Random123's known-answer file. */
static const struct {
    uint32_t counter[4], key[2], words[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

/* The tables cannot be asked for any counter, so the function they are judged by answers. */
Test(random, known_answers)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t words[4];
        memcpy(words, known[i].counter, sizeof words);
        philox(words, known[i].key[0], known[i].key[1]);
        cr_assert_arr_eq(words, known[i].words, sizeof words);
    }
    const struct simd_random zero = {0, 0, 0};
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        uint32_t words[4];
        kernels->random_words(&zero, 0, 4, words);
        cr_assert_arr_eq(words, known[0].words, sizeof words, "%s", kernels->name);
    }
}

static const struct simd_random streams[] = {
    {0, 0, 0},
    {42, 1u << 24, 0},
    {42, 2u << 24 | 1, 1499},
    {0xDEADBEEF, 0xFF00FFFF, UINT64_C(0xFEDCBA9876543210)},
};

enum { STREAMS = sizeof streams / sizeof streams[0] };

Test(random, words_are_philox)
{
    enum { COUNT = 203 };
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t s = 0; s < STREAMS; s++) {
            const uint32_t firsts[] = {0, 4, 123456, 0xFFFFFF00};
            for (size_t f = 0; f < 4; f++) {
                uint32_t words[COUNT];
                kernels->random_words(&streams[s], firsts[f], COUNT, words);
                for (uint32_t i = 0; i < COUNT; i++) {
                    cr_assert_eq(words[i], word_of(&streams[s], 0, firsts[f] + i), "%s",
                                 kernels->name);
                }
            }
        }
    }
}

Test(random, uniform_stays_in_its_range)
{
    enum { COUNT = 100000 };
    static float u[COUNT];
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        kernels->random_uniform(&streams[1], 0, COUNT, -0.5f, 0.75f, u);
        double sum = 0;
        double squares = 0;
        for (uint32_t i = 0; i < COUNT; i++) {
            const float expected =
                fmaf((float)(word_of(&streams[1], 0, i) >> 8) * 0x1p-24f, 1.25f, -0.5f);
            cr_assert_eq(u[i], expected, "%s", kernels->name);
            cr_assert(u[i] >= -0.5f && u[i] < 0.75f);
            sum += (double)u[i];
            squares += (double)u[i] * (double)u[i];
        }
        /* Mean 1/8, variance 1.25²/12; within five standard deviations of the mean's own. */
        const double mean = sum / COUNT;
        const double variance = squares / COUNT - mean * mean;
        cr_assert_float_eq(mean, 0.125, 5 * 0.3608 / sqrt(COUNT));
        cr_assert_float_eq(variance, 1.25 * 1.25 / 12, 0.002);
    }
}

/* --- dropout -----------------------------------------------------------------------------------
 */

enum { ROWS = 480, COLUMNS = 257, SIZE = ROWS * COLUMNS };

static const uint32_t fifth = 858993459; /* round(0.2 * 2^32) */

static float ones[SIZE], y[SIZE], z[SIZE];

static void fill_ones(void)
{
    for (size_t i = 0; i < SIZE; i++) {
        ones[i] = 1.0f;
    }
}

Test(dropout, drops_what_philox_says)
{
    fill_ones();
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t s = 0; s < STREAMS; s++) {
            const uint32_t first_row = 1000;
            kernels->dropout(&streams[s], first_row, 20, COLUMNS, fifth, 1.25f, ones, COLUMNS, y,
                             COLUMNS);
            for (uint32_t r = 0; r < 20; r++) {
                for (uint32_t j = 0; j < COLUMNS; j++) {
                    const bool kept = word_of(&streams[s], first_row + r, j) >= fifth;
                    cr_assert_eq(y[r * COLUMNS + j], kept ? 1.25f : 0.0f, "%s: row %u column %u",
                                 kernels->name, r, j);
                }
            }
        }
    }
}

Test(dropout, keeps_a_word_that_equals_the_threshold)
{
    fill_ones();
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (uint32_t j = 0; j < 40; j++) {
            const uint32_t word = word_of(&streams[2], 3, j);
            kernels->dropout(&streams[2], 3, 1, COLUMNS, word, 1.0f, ones, COLUMNS, y, COLUMNS);
            cr_assert_eq(y[j], 1.0f, "%s: column %u", kernels->name, j);
            kernels->dropout(&streams[2], 3, 1, COLUMNS, word + 1, 1.0f, ones, COLUMNS, y, COLUMNS);
            cr_assert_eq(y[j], 0.0f, "%s: column %u", kernels->name, j);
        }
    }
}

Test(dropout, keeps_its_share)
{
    fill_ones();
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        kernels->dropout(&streams[2], 0, ROWS, COLUMNS, fifth, 1.25f, ones, COLUMNS, y, COLUMNS);
        double kept = 0;
        for (size_t i = 0; i < SIZE; i++) {
            kept += y[i] != 0.0f;
        }
        /* Five standard deviations. */
        cr_assert_float_eq(kept / SIZE, 0.8, 5 * sqrt(0.2 * 0.8 / SIZE), "%s: %g", kernels->name,
                           kept / SIZE);
    }
}

Test(dropout, rate_0_keeps_all)
{
    fill_ones();
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        kernels->dropout(&streams[1], 0, 10, COLUMNS, 0, 1.0f, ones, COLUMNS, y, COLUMNS);
        cr_assert_arr_eq(y, ones, 10 * COLUMNS * sizeof(float));
    }
}

/* Threads take rows as they like. */
Test(dropout, rows_do_not_depend_on_how_they_are_shared)
{
    fill_ones();
    static const uint32_t shares[] = {1, 7, 32, 100, 240, 480};
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        kernels->dropout(&streams[2], 5, ROWS, COLUMNS, fifth, 1.25f, ones, COLUMNS, y, COLUMNS);
        uint32_t row = 0;
        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
            const size_t first = (size_t)row * COLUMNS;
            kernels->dropout(&streams[2], 5 + row, shares[i] - row, COLUMNS, fifth, 1.25f,
                             ones + first, COLUMNS, z + first, COLUMNS);
            row = shares[i];
        }
        cr_assert_arr_eq(y, z, SIZE * sizeof(float), "%s", kernels->name);
    }
}

static double share_of_differences(const struct simd_kernels *kernels,
                                   const struct simd_random *other, uint32_t first_row)
{
    kernels->dropout(&streams[2], 0, 100, COLUMNS, fifth, 1.25f, ones, COLUMNS, y, COLUMNS);
    kernels->dropout(other, first_row, 100, COLUMNS, fifth, 1.25f, ones, COLUMNS, z, COLUMNS);
    double different = 0;
    for (size_t i = 0; i < 100 * COLUMNS; i++) {
        different += y[i] != z[i];
    }
    return different / (100 * COLUMNS);
}

/* Two independent masks differ in 2 * 0.2 * 0.8 of their elements. */
Test(dropout, another_seed_layer_step_or_row_gives_another_mask)
{
    fill_ones();
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        struct simd_random other = streams[2];
        cr_assert_eq(share_of_differences(kernels, &other, 0), 0.0);
        cr_assert_float_eq(share_of_differences(kernels, &other, 100), 0.32, 0.02);
        other.seed++;
        cr_assert_float_eq(share_of_differences(kernels, &other, 0), 0.32, 0.02);
        other = streams[2];
        other.purpose_and_layer++;
        cr_assert_float_eq(share_of_differences(kernels, &other, 0), 0.32, 0.02);
        other = streams[2];
        other.step++;
        cr_assert_float_eq(share_of_differences(kernels, &other, 0), 0.32, 0.02);
        other = streams[2];
        other.step += UINT64_C(1) << 32;
        cr_assert_float_eq(share_of_differences(kernels, &other, 0), 0.32, 0.02);
    }
}

Test(dropout, a_dropped_nan_is_zero)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        z[i] = NAN;
    }
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        kernels->dropout(&streams[1], 0, 1, COLUMNS, fifth, 1.25f, z, COLUMNS, y, COLUMNS);
        for (uint32_t j = 0; j < COLUMNS; j++) {
            const bool kept = word_of(&streams[1], 0, j) >= fifth;
            cr_assert(kept ? isnan(y[j]) : y[j] == 0.0f);
        }
    }
}
