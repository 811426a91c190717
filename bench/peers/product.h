/*
 * peers/product.h: one matrix product of training as pinion computes it and as a library of
 * row-major products does, each from what it has at hand there.
 *
 *   forward   C[m, n] = A · B, B a weight
 *   dH        C[m, n] = dY · Wᵀ, W [n, k] a weight
 *   dW        C[m, n] = Xᵀ · dY, X [k, m]
 *
 * pinion keeps weights in panels, W's transpose too (it is renewed once a step, where W's tile is
 * updated), and computes dW into panels with weight_update; its activations have the strides of a
 * plan. A library gets row-major matrices without gaps and the transposition as an argument. So
 * neither side's clock sees the making of what it is handed, and each's sees whatever it packs
 * itself.
 */
#ifndef PINION_BENCH_PRODUCT_H
#define PINION_BENCH_PRODUCT_H

#include "bench/peers/peer_libraries.h"
#include "engine/base/memory.h"
#include "simd/simd.h"

enum product_op { PRODUCT_FORWARD, PRODUCT_DH, PRODUCT_DW };

struct product_shape {
    enum product_op op;
    size_t m, n, k;
};

struct product {
    struct product_shape shape;
    const struct simd_kernels *kernels;
    size_t threads;
    bool by_columns; /* whole panels of C to each thread; else rows */
    size_t nr, panels;
    struct arena arena;
    float *a, *b, *c;             /* a library's */
    float *own_a, *own_b, *own_c; /* pinion's */
    float *own_w;                 /* of weight_update */
    float *scratch;               /* SIMD_SCRATCH for each thread */
    size_t own_a_stride, own_b_stride, own_c_stride;
    float *expected; /* pinion's result, row-major without gaps */
};

/* "forward", "dH", "dW". */
const char *product_op_name(enum product_op op);

pn_status product_create(const struct simd_kernels *kernels, const struct product_shape *shape,
                         size_t threads, struct product *product);
void product_free(struct product *product);

/* pinion's product, the share of one thread of the team. */
void product_run(const struct product *product, size_t thread);
/* What product_run left becomes what the peers are compared with. */
void product_expect(struct product *product);

/* The library's product, with all of its threads. */
void product_run_peer(const struct product *product, const struct peer *peer);
/* Runs it once; whether its result is pinion's but for rounding. */
bool product_agrees(const struct product *product, const struct peer *peer);

#endif
