/*
 * kernels/loss.h: softmax over rows, and softmax with sparse categorical crossentropy.
 *
 * p = exp(z - max) * (1 / sum), the sum in 16 virtual lanes. Rows of up to 16 columns, the usual
 * number of classes, are taken VF_LANES at a time, one row in each lane: no step crosses lanes and
 * no lane idles at 10 classes. Both ways do the same operations for each row.
 */
#ifndef PINION_KERNELS_LOSS_H
#define PINION_KERNELS_LOSS_H

#include "simd/kernels/math.h"
#include "simd/kernels/reduce.h"

/* --- rows of up to 16 columns ---------------------------------------------------------------- */

/* column[j] lane i <- z[i, j]. Lanes from `rows` on repeat the last row; columns from n on hold
 * nothing of meaning. */
static inline void rows_load(size_t rows, size_t n, const float *z, size_t z_stride, vf column[16])
{
    for (size_t j = 0; j < n; j += VF_LANES) {
        for (size_t i = 0; i < VF_LANES; i++) {
            const float *row = z + (i < rows ? i : rows - 1) * z_stride;
            column[j + i] = vf_load_n(row + j, n - j);
        }
        vf_transpose(column + j);
    }
}

/* out[i, j] <- column[j] lane i, for rows i < rows and columns j < n. */
static inline void rows_store(size_t rows, size_t n, vf column[16], float *out, size_t stride)
{
    for (size_t j = 0; j < n; j += VF_LANES) {
        vf_transpose(column + j);
        for (size_t i = 0; i < VF_LANES && i < rows; i++) {
            float *to = out + i * stride + j;
            if (n - j >= VF_LANES) {
                vf_store(to, column[j + i]);
            } else {
                vf_store_n(to, column[j + i], n - j);
            }
        }
    }
}

/* The largest column of each lane, by the tree of vf_max16. */
static inline vf rows_max(size_t n, const vf column[16])
{
    vf m[16];
    for (size_t j = 0; j < n; j++) {
        m[j] = column[j];
    }
    size_t width = n;
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t j = 0; j + half < width; j++) {
            m[j] = reduce_larger(m[j], m[j + half]);
        }
        width = width < half ? width : half;
    }
    return m[0];
}

/* The sum of the columns of each lane, by the tree of vf_sum16. Columns are not negative, so a
 * virtual lane that starts at +0 holds what is added first, and missing ones change nothing. */
static inline vf rows_sum(size_t n, const vf column[16])
{
    vf s[16];
    for (size_t j = 0; j < n; j++) {
        s[j] = column[j];
    }
    size_t width = n;
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t j = 0; j + half < width; j++) {
            s[j] = vf_add(s[j], s[j + half]);
        }
        width = width < half ? width : half;
    }
    return s[0];
}

/* column <- exp(column - max); returns max, *sum receives the sum. */
static inline vf rows_exp(size_t n, vf column[16], vf *sum)
{
    const vf max = rows_max(n, column);
    for (size_t j = 0; j < n; j++) {
        column[j] = math_exp_negative(vf_sub(column[j], max));
    }
    *sum = rows_sum(n, column);
    return max;
}

static inline void rows_softmax(size_t rows, size_t n, const float *z, size_t z_stride, float *p,
                                size_t p_stride)
{
    vf column[16];
    vf sum;
    rows_load(rows, n, z, z_stride, column);
    rows_exp(n, column, &sum);
    const vf inverse = vf_div(vf_set1(1.0f), sum);
    for (size_t j = 0; j < n; j++) {
        column[j] = vf_mul(column[j], inverse);
    }
    rows_store(rows, n, column, p, p_stride);
}

static inline void rows_crossentropy(const struct simd_softmax_crossentropy *args, size_t first,
                                     size_t rows)
{
    const size_t n = args->n;
    int32_t lane[VF_LANES];
    for (size_t i = 0; i < VF_LANES; i++) {
        lane[i] = args->labels[first + (i < rows ? i : rows - 1)];
    }
    const vi labels = vi_load(lane);
    vf column[16];
    rows_load(rows, n, args->z + first * args->z_stride, args->z_stride, column);

    const vf max = rows_max(n, column);
    vf of_label = vf_zero();
    vi predicted = vi_set1(0);
    vf e[16];
    for (size_t j = n; j-- > 0;) {
        const vi class = vi_set1((int32_t)j);
        of_label = vf_select(vi_eq(labels, class), column[j], of_label);
        predicted = vi_select(vf_eq(column[j], max), class, predicted);
        e[j] = math_exp_negative(vf_sub(column[j], max));
    }
    const vf sum = rows_sum(n, e);
    vf_store_n(args->loss + first, vf_add(math_log(sum), vf_sub(max, of_label)), rows);
    const vi correct = vi_select(vi_eq(labels, predicted), vi_set1(1), vi_set1(0));
    vi_store(lane, correct);
    for (size_t i = 0; i < VF_LANES && i < rows; i++) {
        args->correct[first + i] = (uint8_t)lane[i];
    }
    if (!args->dz) {
        return;
    }

    const vf one = vf_set1(1.0f);
    const vf inverse = vf_div(one, sum);
    const vf scale = vf_set1(args->gradient_scale);
    for (size_t j = 0; j < n; j++) {
        const vm is_label = vi_eq(labels, vi_set1((int32_t)j));
        const vf target = vf_select(is_label, one, vf_zero());
        const vf difference = vf_sub(vf_mul(e[j], inverse), target);
        e[j] = math_flush(vf_mul(difference, scale), MATH_TINY_GRADIENT);
    }
    for (size_t j = n; j < 16; j++) {
        e[j] = vf_zero();
    }
    rows_store(rows, 16, e, args->dz + first * args->dz_stride, args->dz_stride);
}

/* --- longer rows ----------------------------------------------------------------------------- */

/* out[j] <- exp(z[j] - max); returns the sum. out may be NULL or z. */
static inline float row_exp(size_t n, const float *z, float max, float *out)
{
    const vf largest = vf_set1(max);
    vf sum[VF_PER_16];
    for (size_t v = 0; v < VF_PER_16; v++) {
        sum[v] = vf_zero();
    }
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (size_t v = 0; v < VF_PER_16; v++) {
            const size_t at = i + v * VF_LANES;
            const vf e = math_exp_negative(vf_sub(vf_load(z + at), largest));
            sum[v] = vf_add(sum[v], e);
            if (out) {
                vf_store(out + at, e);
            }
        }
    }
    for (size_t v = 0; i + v * VF_LANES < n; v++) {
        const size_t at = i + v * VF_LANES;
        const size_t left = n - at;
        const vf e = math_exp_negative(vf_sub(vf_load_n(z + at, left), largest));
        sum[v] = vf_add(sum[v], vf_select(reduce_first(left), e, vf_zero()));
        if (out) {
            vf_store_n(out + at, e, left);
        }
    }
    return vf_sum16(sum);
}

static inline void row_softmax(size_t n, const float *z, float *p)
{
    const vf inverse = vf_set1(1.0f / row_exp(n, z, reduce_max(n, z), p));
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(p + i, vf_mul(vf_load(p + i), inverse));
    }
    if (i < n) {
        vf_store_n(p + i, vf_mul(vf_load_n(p + i, n - i), inverse), n - i);
    }
}

/* Whether one of n elements equals value. */
static inline bool row_holds(size_t n, const float *z, float value)
{
    for (size_t i = 0; i < n; i += VF_LANES) {
        const vm equal = vf_eq(vf_load_n(z + i, n - i), vf_set1(value));
        if (vm_any(vm_and(equal, reduce_first(n - i)))) {
            return true;
        }
    }
    return false;
}

/* The gradient of a column that is not the label's. */
static inline vf row_gradient(vf e, float inverse, float scale)
{
    const vf p = vf_mul(e, vf_set1(inverse));
    return math_flush(vf_mul(p, vf_set1(scale)), MATH_TINY_GRADIENT);
}

static inline void row_crossentropy(const struct simd_softmax_crossentropy *args, size_t r)
{
    const size_t n = args->n;
    const float *z = args->z + r * args->z_stride;
    const size_t label = (size_t)args->labels[r];
    const float max = reduce_max(n, z);
    const float below_max = max - z[label];
    if (z[label] == max) {
        args->correct[r] = !row_holds(label, z, max);
    } else {
        args->correct[r] = label == 0 && !row_holds(n, z, max);
    }

    float *dz = args->dz ? args->dz + r * args->dz_stride : NULL;
    const float sum = row_exp(n, z, max, dz);
    vf_store_n(args->loss + r, vf_add(math_log(vf_set1(sum)), vf_set1(below_max)), 1);
    if (!dz) {
        return;
    }

    const float inverse = 1.0f / sum;
    const float scale = args->gradient_scale;
    const float difference = dz[label] * inverse - 1.0f;
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(dz + i, row_gradient(vf_load(dz + i), inverse, scale));
    }
    if (i < n) {
        vf_store_n(dz + i, row_gradient(vf_load_n(dz + i, n - i), inverse, scale), n - i);
    }
    vf_store_n(dz + label, math_flush(vf_set1(difference * scale), MATH_TINY_GRADIENT), 1);
    for (size_t j = n; j % SIMD_MAX_LANES != 0; j++) {
        dz[j] = 0.0f;
    }
}

/* --- kernels --------------------------------------------------------------------------------- */

static void kernel_softmax(size_t rows, size_t n, const float *z, size_t z_stride, float *p,
                           size_t p_stride)
{
    if (n > 16) {
        for (size_t r = 0; r < rows; r++) {
            row_softmax(n, z + r * z_stride, p + r * p_stride);
        }
        return;
    }
    for (size_t r = 0; r < rows; r += VF_LANES) {
        rows_softmax(rows - r, n, z + r * z_stride, z_stride, p + r * p_stride, p_stride);
    }
}

static void kernel_softmax_crossentropy(const struct simd_softmax_crossentropy *args)
{
    if (args->n > 16) {
        for (size_t r = 0; r < args->rows; r++) {
            row_crossentropy(args, r);
        }
        return;
    }
    for (size_t r = 0; r < args->rows; r += VF_LANES) {
        rows_crossentropy(args, r, args->rows - r);
    }
}

#endif
