#include "simd/reference/reference.h"

#include <math.h>
#include <string.h>

float reference_probe_fma(size_t iterations)
{
    float chain = 1.5f;
    for (size_t i = 0; i < iterations; i++) {
        chain = fmaf(chain, 0.5f, 1.25f);
    }
    return chain;
}

float reference_probe_divide(size_t iterations)
{
    float chain = 1.5f;
    for (size_t i = 0; i < iterations; i++) {
        chain = 1.25f / chain;
    }
    return chain;
}

float reference_probe_sqrt(size_t iterations)
{
    float chain = 1.5f;
    for (size_t i = 0; i < iterations; i++) {
        chain = sqrtf(chain + 1.25f);
    }
    return chain;
}

float reference_probe_read(size_t n, const float *x)
{
    uint32_t all = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        all ^= bits;
    }
    float result;
    memcpy(&result, &all, sizeof result);
    return result;
}

void reference_probe_copy(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i];
    }
}

void reference_probe_triad(size_t n, const float *x, const float *y, float *z)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = fmaf(3.0f, y[i], x[i]);
    }
}
