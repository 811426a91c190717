/* Copies of operands: what rotates in each cache state, and that each is a problem of its own. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "bench/run/copies.h"
#include "tests/bench/named.h"

static size_t calls_until_seen_again(struct copies *copies, int buffer)
{
    const char *first = copies_next(copies)->buffer[buffer];
    size_t calls = 1;
    while (copies_next(copies)->buffer[buffer] != first) {
        calls++;
        cr_assert_lt(calls, 10000000);
    }
    return calls;
}

/* Bytes of the arenas of one copy. */
static void sizes(const struct simd_kernels *kernels, const struct problem *problem, size_t *batch,
                  size_t *weights)
{
    uint64_t layout;
    instance_sizes(kernels, problem, batch, weights, &layout);
}

static int first_buffer(const struct instance *instance, bool weight)
{
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        if (instance->list[i].use != BUFFER_UNUSED && instance->list[i].weight == weight) {
            return i;
        }
    }
    return -1;
}

enum { CACHE_BYTES = 1000000 };

static void expect_rotation(const char *kernel, const char *shape, enum cache_state cache)
{
    const struct simd_kernels *kernels = table("scalar");
    const struct problem *problem = problem_named(kernel, shape);
    size_t batch, weights;
    sizes(kernels, problem, &batch, &weights);
    struct copies copies;
    cr_assert_eq(copies_create(kernels, problem, cache, CACHE_BYTES, &copies), PN_OK);
    copies_fill(&copies, 1);
    const int of_batch = first_buffer(&copies.instance, false);
    const int of_weights = first_buffer(&copies.instance, true);
    const size_t batches = calls_until_seen_again(&copies, of_batch);
    if (cache == CACHE_COLD) {
        cr_expect_gt(batches * (batch + weights), (size_t)COPIES_CACHES * CACHE_BYTES);
    } else {
        cr_expect_eq(batches, 1, "%s: what belongs to a batch stays", kernel);
    }
    if (of_weights >= 0) {
        const size_t rounds = calls_until_seen_again(&copies, of_weights);
        if (cache == CACHE_HOT) {
            cr_expect_eq(rounds, 1);
        } else {
            const size_t bytes = cache == CACHE_COLD ? batch + weights : weights;
            cr_expect_gt(rounds * bytes, (size_t)COPIES_CACHES * CACHE_BYTES);
        }
    }
    copies_free(&copies);
}

Test(copies, rotate_what_the_state_says)
{
    for (int cache = 0; cache < CACHE_STATES; cache++) {
        expect_rotation("gemm_nn", "32x256x784", (enum cache_state)cache);
        expect_rotation("weight_update:adam", "256x10x32", (enum cache_state)cache);
        expect_rotation("optimizer_update:adam", "16384", (enum cache_state)cache);
    }
    expect_rotation("softmax", "32x10", CACHE_HOT);
    expect_rotation("softmax", "32x10", CACHE_COLD);
    /* One copy exceeds the cache by itself. */
    expect_rotation("gemm_nn", "1024x1024x1024", CACHE_COLD);
}

/* What a ring's copies hold. */
static char *contents(const struct copies_ring *ring)
{
    char *bytes = malloc(ring->count * ring->bytes + 1);
    cr_assert_not_null(bytes);
    memcpy(bytes, ring->base, ring->count * ring->bytes);
    return bytes;
}

static void expect_only_changed(const struct copies_ring *ring, const char *before, size_t index,
                                const char *kernel)
{
    for (size_t i = 0; i < ring->count; i++) {
        const size_t at = i * ring->bytes;
        cr_expect(i == index || memcmp(before + at, ring->base + at, ring->bytes) == 0,
                  "%s: copy %zu changed by a call on %zu", kernel, i, index);
    }
}

/* Pointers of a copy lead into it, and no copy reaches into another: a call on one changes no
 * other. */
Test(copies, are_whole_problems_of_their_own)
{
    static const char *const problems[][2] = {{"gather_f32", "32x784"},
                                              {"softmax_crossentropy", "32x10"},
                                              {"weight_update:adam", "256x10x32"},
                                              {"gemm_nn:bias+relu", "32x256x784"}};
    const struct simd_kernels *kernels = table("scalar");
    for (size_t p = 0; p < sizeof problems / sizeof problems[0]; p++) {
        const struct problem *problem = problem_named(problems[p][0], problems[p][1]);
        struct copies copies;
        cr_assert_eq(copies_create(kernels, problem, CACHE_COLD, 2000000, &copies), PN_OK);
        copies_fill(&copies, 7);
        cr_assert_gt(copies.batch.count, 2);
        char *batch = contents(&copies.batch), *weights = contents(&copies.weights);
        copies_next(&copies);
        const struct operands *operands = copies_next(&copies);
        const char *own = operands->buffer[first_buffer(&copies.instance, false)];
        const size_t index = (size_t)(own - copies.batch.base) / copies.batch.bytes;
        cr_assert_neq(index, 0);
        problem->family->run(kernels, operands);
        expect_only_changed(&copies.batch, batch, index, problems[p][0]);
        expect_only_changed(&copies.weights, weights, index, problems[p][0]);
        free(batch);
        free(weights);
        copies_free(&copies);
    }
}

Test(copies, point_to_rows_of_their_own)
{
    const struct problem *problem = problem_named("gather_f32", "32x784");
    struct copies copies;
    cr_assert_eq(copies_create(table("scalar"), problem, CACHE_COLD, 20000000, &copies), PN_OK);
    copies_fill(&copies, 7);
    cr_assert_gt(copies.batch.count, 2);
    for (size_t i = 0; i < copies.batch.count; i++) {
        const struct operands *operands = copies_next(&copies);
        const char *pool = operands->buffer[0];
        const char *const *rows = operands->buffer[1];
        for (size_t r = 0; r < problem->m; r++) {
            cr_assert(rows[r] >= pool && rows[r] < pool + copies.batch.bytes, "call %zu", i);
        }
    }
    copies_free(&copies);
}

/* A call on any copy gives what one on the first gives. */
Test(copies, hold_the_same)
{
    static const char *const problems[][2] = {{"gather_u8", "32x784"},
                                              {"softmax_crossentropy", "32x10"},
                                              {"optimizer_update:adam", "16384"}};
    const struct simd_kernels *kernels = table("scalar");
    for (size_t p = 0; p < sizeof problems / sizeof problems[0]; p++) {
        const struct problem *problem = problem_named(problems[p][0], problems[p][1]);
        struct copies copies;
        cr_assert_eq(copies_create(kernels, problem, CACHE_COLD, 100000, &copies), PN_OK);
        copies_fill(&copies, 7);
        const struct instance *instance = &copies.instance;
        for (size_t i = 0; i < copies.batch.count; i++) {
            problem->family->run(kernels, copies_next(&copies));
        }
        for (int b = 0; b < PROBLEM_BUFFERS; b++) {
            const struct buffer *buffer = &instance->list[b];
            const struct copies_ring *ring = buffer->weight ? &copies.weights : &copies.batch;
            const char *first = instance->operands.buffer[b];
            for (size_t i = 1;
                 i < ring->count && (buffer->use == BUFFER_OUTPUT || buffer->use == BUFFER_UPDATED);
                 i++) {
                cr_expect_eq(memcmp(first, first + i * ring->bytes, buffer_bytes(kernels, buffer)),
                             0, "%s: buffer %d of copy %zu", problems[p][0], b, i);
            }
        }
        copies_free(&copies);
    }
}

/* Consecutive calls do not walk through memory in order: no copy is the neighbour of the last. */
Test(copies, are_not_visited_in_order)
{
    struct copies copies;
    cr_assert_eq(copies_create(table("scalar"), problem_named("softmax", "32x10"), CACHE_COLD,
                               CACHE_BYTES, &copies),
                 PN_OK);
    const char *last = copies_next(&copies)->buffer[0];
    for (size_t i = 0; i < copies.batch.count; i++) {
        const char *now = copies_next(&copies)->buffer[0];
        const size_t distance = (size_t)(now > last ? now - last : last - now);
        cr_expect_gt(distance, 2 * copies.batch.bytes);
        last = now;
    }
    copies_free(&copies);
}
