#include "bench/run/copies.h"

#include <string.h>

#include "engine/base/error.h"

static size_t common_divisor(size_t a, size_t b)
{
    while (b != 0) {
        const size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Steps of about the golden section visit every copy once, and neighbours far apart in time. */
static size_t choose_step(size_t count)
{
    size_t step = (size_t)(0.6180339887 * (double)count);
    step = step > 0 ? step : 1;
    while (common_divisor(step, count) != 1) {
        step++;
    }
    return step;
}

static struct copies_ring make_ring(size_t bytes, size_t count)
{
    return (struct copies_ring){.bytes = bytes, .count = count, .step = choose_step(count)};
}

/* Copies of `bytes` that exceed the cache COPIES_CACHES times. */
static size_t count_copies(size_t bytes, size_t cache_bytes)
{
    return bytes == 0 ? 1 : COPIES_CACHES * cache_bytes / bytes + 1;
}

pn_status copies_create(const struct simd_kernels *kernels, const struct problem *problem,
                        enum cache_state cache, size_t cache_bytes, struct copies *copies)
{
    *copies = (struct copies){0};
    size_t batch, weights;
    uint64_t layout;
    instance_sizes(kernels, problem, &batch, &weights, &layout);
    const size_t cold = cache == CACHE_COLD ? count_copies(batch + weights, cache_bytes) : 1;
    const size_t cold_weights = cache == CACHE_TRAIN ? count_copies(weights, cache_bytes) : cold;
    copies->batch = make_ring(batch, cold);
    copies->weights = make_ring(weights, cold_weights);

    size_t batches_bytes, weights_bytes;
    if (!size_multiply(batch, cold, &batches_bytes) ||
        !size_multiply(weights, cold_weights, &weights_bytes) ||
        !arena_reserve(&copies->arena, batches_bytes, 1) ||
        !arena_reserve(&copies->arena, weights_bytes, 1)) {
        return error_memory(batch, "operands");
    }
    const pn_status status = arena_map(&copies->arena, "operands of a kernel");
    if (status != PN_OK) {
        return status;
    }
    copies->batch.base = arena_take(&copies->arena, batches_bytes, 1);
    copies->weights.base = arena_take(&copies->arena, weights_bytes, 1);
    instance_bind(kernels, problem, copies->batch.base, copies->weights.base, &copies->instance);
    copies->operands = copies->instance.operands;
    return PN_OK;
}

void copies_free(struct copies *copies)
{
    arena_free(&copies->arena);
    *copies = (struct copies){0};
}

static void point_to(struct copies *copies, size_t batch, size_t weights)
{
    const struct instance *first = &copies->instance;
    const size_t batch_offset = batch * copies->batch.bytes;
    const size_t weights_offset = weights * copies->weights.bytes;
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        copies->operands.buffer[i] = (char *)first->operands.buffer[i] +
                                     (first->list[i].weight ? weights_offset : batch_offset);
    }
}

static void repeat_first(const struct copies_ring *ring)
{
    for (size_t i = 1; i < ring->count; i++) {
        memcpy(ring->base + i * ring->bytes, ring->base, ring->bytes);
    }
}

void copies_fill(struct copies *copies, uint32_t seed)
{
    instance_fill(&copies->instance, seed);
    repeat_first(&copies->batch);
    repeat_first(&copies->weights);
    /* Pointers within a copy must lead to the same one. */
    const struct family *family = copies->operands.problem->family;
    for (size_t i = 1; i < copies->batch.count && family->prepare != NULL; i++) {
        point_to(copies, i, copies->weights.count > 1 ? i : 0);
        family->prepare(&copies->operands);
    }
    point_to(copies, 0, 0);
    copies->batch.next = copies->weights.next = 0;
}

static size_t advance(struct copies_ring *ring)
{
    const size_t now = ring->next;
    ring->next += ring->step;
    ring->next -= ring->next >= ring->count ? ring->count : 0;
    return now;
}

const struct operands *copies_next(struct copies *copies)
{
    const size_t batch = advance(&copies->batch);
    point_to(copies, batch, advance(&copies->weights));
    return &copies->operands;
}
