/* base/random.h: what the random streams of recipe 1 are for. */
#ifndef PINION_BASE_RANDOM_H
#define PINION_BASE_RANDOM_H

#include <stdint.h>

#include "simd/simd.h"

enum random_purpose {
    RANDOM_INITIALIZER = 0, /* element = flat index in Keras's order */
    RANDOM_DROPOUT = 1,     /* item = row in the global batch, step = optimizer step from 0 */
    RANDOM_SHUFFLE = 2,     /* element = index, step = epoch from 0 */
    RANDOM_SYNTHETIC = 3    /* synthetic data sets */
};

/* layer: index among the model's layers, the input not counted; 0 where there is none. */
static inline struct simd_random random_stream(uint32_t seed, enum random_purpose purpose,
                                               uint32_t layer, uint64_t step)
{
    return (struct simd_random){seed, (uint32_t)purpose << 24 | layer, step};
}

#endif
