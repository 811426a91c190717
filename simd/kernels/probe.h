/*
 * kernels/probe.h: what the machine can do at most, measured with the table's own vectors.
 *
 * PROBE_CHAINS independent chains, as many as registers allow, hide the latency of fma (4 cycles on
 * up to 4 pipes). Chains run to a fixed point or around two, away from 0, 1 and subnormal values.
 *
 * Saved baselines are told in these: a change here raises SIMD_PROBE_REVISION.
 */
#ifndef PINION_KERNELS_PROBE_H
#define PINION_KERNELS_PROBE_H

#include "simd/vec/inline.h"
#include "simd/simd.h"

enum probe_operation { PROBE_FMA, PROBE_DIVIDE, PROBE_SQRT };

static ALWAYS_INLINE float probe_chains(const enum probe_operation operation, size_t iterations)
{
    /* Volatile: a compiler that knows where a chain begins may know where it ends. */
    static const volatile float start = 1.5f;
    vf chain[PROBE_CHAINS];
    UNROLL
    for (int i = 0; i < PROBE_CHAINS; i++) {
        chain[i] = vf_set1(start + (float)i);
    }
    const vf factor = vf_set1(0.5f);
    const vf summand = vf_set1(1.25f);
    for (size_t n = 0; n < iterations * (SIMD_PROBE_OPERATIONS / PROBE_CHAINS); n++) {
        UNROLL
        for (int i = 0; i < PROBE_CHAINS; i++) {
            if (operation == PROBE_FMA) {
                chain[i] = vf_fma(chain[i], factor, summand);
            } else if (operation == PROBE_DIVIDE) {
                chain[i] = vf_div(summand, chain[i]);
            } else {
                chain[i] = vf_sqrt(vf_add(chain[i], summand));
            }
        }
    }
    /* All chains count, or the compiler drops the others; their factor 0 leaves the first alone. */
    vf total = chain[0];
    UNROLL
    for (int i = 1; i < PROBE_CHAINS; i++) {
        total = vf_fma(chain[i], vf_zero(), total);
    }
    float first;
    vf_store_n(&first, total, 1);
    return first;
}

static float kernel_probe_fma(size_t iterations)
{
    return probe_chains(PROBE_FMA, iterations);
}

static float kernel_probe_divide(size_t iterations)
{
    return probe_chains(PROBE_DIVIDE, iterations);
}

static float kernel_probe_sqrt(size_t iterations)
{
    return probe_chains(PROBE_SQRT, iterations);
}

/* The bits of all x, one exclusive or: no order shows in it. */
static float kernel_probe_read(size_t n, const float *x)
{
    enum { VECTORS = 8 };
    vi bits[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        bits[v] = vi_set1(0);
    }
    size_t i = 0;
    for (; i + VECTORS * VF_LANES <= n; i += VECTORS * VF_LANES) {
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            bits[v] = vi_xor(bits[v], vi_bits(vf_load(x + i + v * VF_LANES)));
        }
    }
    for (; i < n; i += VF_LANES) {
        bits[0] = vi_xor(bits[0], vi_bits(vf_load_n(x + i, n - i)));
    }
    int32_t lanes[VECTORS * VF_LANES];
    for (int v = 0; v < VECTORS; v++) {
        vi_store(lanes + v * VF_LANES, bits[v]);
    }
    for (int lane = 1; lane < VECTORS * VF_LANES; lane++) {
        lanes[0] ^= lanes[lane];
    }
    float all;
    memcpy(&all, lanes, sizeof all);
    return all;
}

static void kernel_probe_copy(size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(y + i, vf_load(x + i));
    }
    if (i < n) {
        vf_store_n(y + i, vf_load_n(x + i, n - i), n - i);
    }
}

static void kernel_probe_triad(size_t n, const float *x, const float *y, float *z)
{
    const vf three = vf_set1(3.0f);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(z + i, vf_fma(three, vf_load(y + i), vf_load(x + i)));
    }
    if (i < n) {
        vf_store_n(z + i, vf_fma(three, vf_load_n(y + i, n - i), vf_load_n(x + i, n - i)), n - i);
    }
}

#endif
