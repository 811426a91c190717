#include "engine/data/dataset.h"

#include "engine/base/error.h"
#include "engine/base/random.h"

pn_status dataset_split(size_t count, double validation_split, size_t *train_count)
{
    if (!(validation_split >= 0.0)) { /* NaN too */
        return error_set(PN_ERROR_USAGE,
                         "validation split %g is not a share of the samples; give a number from 0 "
                         "to below 1",
                         validation_split);
    }
    if (validation_split >= 1.0) {
        return error_set(PN_ERROR_USAGE,
                         "validation split %g leaves no training samples; give a number from 0 to "
                         "below 1",
                         validation_split);
    }
    const size_t train = (size_t)((double)count * (1.0 - validation_split));
    if (train == 0) {
        return error_set(PN_ERROR_USAGE,
                         "validation split %g of %zu samples leaves no training samples; give a "
                         "smaller split or more samples",
                         validation_split, count);
    }
    if (train == count && validation_split > 0.0) {
        return error_set(PN_ERROR_USAGE,
                         "validation split %g of %zu samples leaves no validation samples; give a "
                         "larger split, more samples, or 0 for no validation",
                         validation_split, count);
    }
    *train_count = train;
    return PN_OK;
}

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
