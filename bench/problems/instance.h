/*
 * problems/instance.h: a problem on one table of kernels, in memory that the caller owns. What
 * belongs to a layer lies apart from what belongs to a batch, so that each can be cold or hot.
 */
#ifndef PINION_BENCH_INSTANCE_H
#define PINION_BENCH_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/problems/problem.h"

struct instance {
    const struct simd_kernels *kernels;
    struct buffer list[PROBLEM_BUFFERS];
    struct operands operands;
};

/* Bytes that the two arenas must have; a hash of where things are in them. */
void instance_sizes(const struct simd_kernels *kernels, const struct problem *problem,
                    size_t *batch_bytes, size_t *weight_bytes, uint64_t *layout);

/* Lays the buffers out in the arenas, which are aligned to 64 bytes. Touches neither. */
void instance_bind(const struct simd_kernels *kernels, const struct problem *problem, void *batch,
                   void *weights, struct instance *instance);

/* Writes all data anew. The same seed gives the same matrices in any layout. */
void instance_fill(const struct instance *instance, uint32_t seed);

static inline void instance_run(const struct instance *instance, size_t calls)
{
    for (size_t i = 0; i < calls; i++) {
        instance->operands.problem->family->run(instance->kernels, &instance->operands);
    }
}

/*
 * Fills, runs once and compares every bit of the results with simd_reference's; of large products
 * the first and the last rows only. False with a message where they differ or memory lacks.
 */
bool instance_check(struct instance *instance, uint32_t seed, char *message, size_t size);

#endif
