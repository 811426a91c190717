#include "tests/data/philox.h"

#include <criterion/criterion.h>

void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4])
{
    uint32_t x[4] = {counter[0], counter[1], counter[2], counter[3]};
    for (uint32_t round = 0; round < 10; round++) {
        const uint64_t a = UINT64_C(0xd2511f53) * x[0];
        const uint64_t b = UINT64_C(0xcd9e8d57) * x[2];
        const uint32_t key0 = key[0] + round * UINT32_C(0x9e3779b9);
        const uint32_t key1 = key[1] + round * UINT32_C(0xbb67ae85);
        const uint32_t next[] = {(uint32_t)(b >> 32) ^ x[1] ^ key0, (uint32_t)b,
                                 (uint32_t)(a >> 32) ^ x[3] ^ key1, (uint32_t)a};
        for (int i = 0; i < 4; i++) {
            x[i] = next[i];
        }
    }
    for (int i = 0; i < 4; i++) {
        words[i] = x[i];
    }
}

/* Random123's known answers. */
Test(philox, gives_the_known_answers)
{
    static const struct {
        uint32_t counter[4], key[2], words[4];
    } answers[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        uint32_t words[4];
        philox(answers[i].key, answers[i].counter, words);
        cr_assert_arr_eq(words, answers[i].words, sizeof words);
    }
}
