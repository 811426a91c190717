/*
 * kernels/reduce.h: sums, maxima and counts over a row. Sums and maxima run in 16 virtual lanes
 * (lane i takes x[i], x[i + 16], ... in turn), then one fixed tree. Sums start at +0, maxima at
 * x[i], or -inf where there is none.
 */
#ifndef PINION_KERNELS_REDUCE_H
#define PINION_KERNELS_REDUCE_H

#include <math.h>

/* The first n lanes are true. */
static inline vm reduce_first(size_t n)
{
    const int32_t lanes = n < VF_LANES ? (int32_t)n : VF_LANES;
    return vi_lt(vi_iota(), vi_set1(lanes));
}

static inline vf reduce_larger(vf m, vf other)
{
    return vf_select(vf_lt(m, other), other, m);
}

static inline float reduce_sum(size_t n, const float *x)
{
    vf sum[VF_PER_16];
    for (size_t v = 0; v < VF_PER_16; v++) {
        sum[v] = vf_zero();
    }
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (size_t v = 0; v < VF_PER_16; v++) {
            sum[v] = vf_add(sum[v], vf_load(x + i + v * VF_LANES));
        }
    }
    /* Missing elements are +0, which changes no sum that began at +0. */
    for (size_t v = 0; i + v * VF_LANES < n; v++) {
        const size_t at = i + v * VF_LANES;
        sum[v] = vf_add(sum[v], vf_load_n(x + at, n - at));
    }
    return vf_sum16(sum);
}

/* x, and -inf in the lanes from n on. */
static inline vf reduce_load_or_lowest(const float *x, size_t n)
{
    return vf_select(reduce_first(n), vf_load_n(x, n), vf_set1(-INFINITY));
}

static inline float reduce_max(size_t n, const float *x)
{
    vf max[VF_PER_16];
    for (size_t v = 0; v < VF_PER_16; v++) {
        const size_t at = v * VF_LANES;
        max[v] = at < n ? reduce_load_or_lowest(x + at, n - at) : vf_set1(-INFINITY);
    }
    size_t i = 16;
    for (; i + 16 <= n; i += 16) {
        for (size_t v = 0; v < VF_PER_16; v++) {
            max[v] = reduce_larger(max[v], vf_load(x + i + v * VF_LANES));
        }
    }
    for (size_t v = 0; i + v * VF_LANES < n; v++) {
        const size_t at = i + v * VF_LANES;
        max[v] = reduce_larger(max[v], reduce_load_or_lowest(x + at, n - at));
    }
    return vf_max16(max);
}

static float kernel_sum(size_t n, const float *x)
{
    return reduce_sum(n, x);
}

static float kernel_max(size_t n, const float *x)
{
    return reduce_max(n, x);
}

static inline vm reduce_is_subnormal(vf x)
{
    /* Without its sign the pattern lies in 1..0x7fffff. */
    const vi magnitude = vi_and(vi_bits(x), vi_set1(INT32_MAX));
    return vi_lt_u32(vi_sub(magnitude, vi_set1(1)), vi_set1(0x7fffff));
}

static size_t kernel_count_subnormal(size_t n, const float *x)
{
    size_t count = 0;
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        count += vm_count(reduce_is_subnormal(vf_load(x + i)));
    }
    if (i < n) {
        count += vm_count(reduce_is_subnormal(vf_load_n(x + i, n - i)));
    }
    return count;
}

#endif
