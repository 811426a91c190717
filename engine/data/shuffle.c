#include "engine/data/dataset.h"

#include "engine/base/random.h"

void dataset_shuffle(uint32_t *order, size_t n, uint32_t seed, uint64_t epoch)
{
    enum { PIECE = 1024 }; /* a multiple of the four words of a Philox block */
    const struct simd_kernels *const kernels = simd_best();
    const struct simd_random random = random_stream(seed, RANDOM_SHUFFLE, 0, epoch);
    uint32_t words[PIECE];

    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t first = n == 0 ? 0 : (n - 1) / PIECE * PIECE, end = n; end > 0;) {
        kernels->random_words(&random, (uint32_t)first, end - first, words);
        for (size_t i = end; i-- > first;) {
            const size_t j = (size_t)(((uint64_t)words[i - first] * (i + 1)) >> 32);
            const uint32_t swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        end = first;
        first = first < PIECE ? 0 : first - PIECE;
    }
}
