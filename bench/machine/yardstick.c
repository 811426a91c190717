#include "bench/machine/yardstick.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

/* Distance in floats between the arrays of a walk: their addresses must not agree modulo 4096, or a
 * load waits for the store it seems to overlap. */
enum { GAP = 336, MOST_ARRAYS = 3 };

/* A round is a part of a walk: all of a large one would not fit between two turns of a kernel. */
enum { ROUND_BYTES = 1 << 20 };

/* A thread's memory, and where the next round goes on in it. */
struct yardstick_walk {
    _Alignas(128) struct arena arena;
    float *floats;
    size_t next;
};

static volatile float yardstick_sink;

bool yardstick_equals(const struct yardstick *a, const struct yardstick *b)
{
    return strcmp(a->table, b->table) == 0 && a->kind == b->kind && a->level == b->level &&
           a->bytes == b->bytes;
}

const char *yardstick_limit(const struct yardstick *yardstick)
{
    if (probe_is_bandwidth(yardstick->kind)) {
        return machine_level_name(yardstick->level);
    }
    return probe_name(yardstick->kind == PROBE_SQRT ? PROBE_DIVIDE : yardstick->kind);
}

const struct simd_kernels *yardstick_kernels(const struct yardstick *yardstick)
{
    const struct simd_kernels *kernels = simd_find(yardstick->table);
    return kernels != NULL && simd_runs(kernels) ? kernels : NULL;
}

static size_t arrays_of(enum probe_kind kind)
{
    return kind == PROBE_TRIAD ? 3 : kind == PROBE_COPY ? 2 : 1;
}

/* Floats of each array of a walk of so many bytes. */
static size_t array_length(enum probe_kind kind, size_t bytes)
{
    const size_t floats = bytes / sizeof(float) / arrays_of(kind);
    return floats / SIMD_MAX_LANES * SIMD_MAX_LANES;
}

static size_t round_length(const struct yardstick *yardstick)
{
    const size_t bytes = yardstick->bytes < ROUND_BYTES ? yardstick->bytes : ROUND_BYTES;
    return array_length(yardstick->kind, bytes);
}

double yardstick_units(const struct yardstick *yardstick)
{
    if (probe_is_bandwidth(yardstick->kind)) {
        return (double)(round_length(yardstick) * arrays_of(yardstick->kind) * sizeof(float));
    }
    const double operations =
        (double)SIMD_PROBE_OPERATIONS * (double)yardstick_kernels(yardstick)->lanes;
    return yardstick->kind == PROBE_FMA ? 2 * operations : operations;
}

/* --- memory --------------------------------------------------------------------------------------
 */

static void fill_floats(float *floats, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        floats[i] = 1.0f + (float)(i % 64) / 64.0f;
    }
}

static size_t memory_floats(size_t bytes)
{
    return bytes / sizeof(float) + (size_t)MOST_ARRAYS * (GAP + SIMD_MAX_LANES);
}

static void touch(void *context, size_t thread)
{
    const struct yardsticks *yardsticks = context;
    fill_floats(yardsticks->walks[thread].floats, memory_floats(yardsticks->bytes));
}

void yardsticks_free(struct yardsticks *yardsticks)
{
    for (size_t t = 0; yardsticks->walks != NULL && t < yardsticks->threads; t++) {
        arena_free(&yardsticks->walks[t].arena);
    }
    free(yardsticks->walks);
    *yardsticks = (struct yardsticks){0};
}

static pn_status map_memory(struct yardsticks *yardsticks, struct measure *measure, size_t bytes)
{
    yardsticks_free(yardsticks);
    const size_t size = measure->threads * sizeof *yardsticks->walks;
    yardsticks->walks = aligned_alloc(_Alignof(struct yardstick_walk), size);
    if (yardsticks->walks == NULL) {
        return error_memory(size, "yardsticks");
    }
    memset(yardsticks->walks, 0, size);
    yardsticks->threads = measure->threads;
    yardsticks->bytes = bytes;
    const size_t floats = memory_floats(bytes);
    for (size_t t = 0; t < measure->threads; t++) {
        struct yardstick_walk *walk = &yardsticks->walks[t];
        if (!arena_reserve(&walk->arena, floats, sizeof(float))) {
            return error_memory(bytes, "yardsticks");
        }
        const pn_status status = arena_map(&walk->arena, "yardsticks");
        if (status != PN_OK) {
            return status;
        }
        walk->floats = arena_take(&walk->arena, floats, sizeof(float));
    }
    return team_run(measure->team, touch, yardsticks);
}

pn_status yardsticks_open(struct yardsticks *yardsticks, struct measure *measure,
                          const struct yardstick *yardstick)
{
    const struct simd_kernels *kernels = yardstick_kernels(yardstick);
    if (kernels == NULL) {
        return error_set(PN_ERROR_FAILED, "the yardstick of '%s' does not run on this processor",
                         yardstick->table);
    }
    if (yardstick->bytes > yardsticks->bytes || yardsticks->walks == NULL) {
        const pn_status status = map_memory(yardsticks, measure, yardstick->bytes);
        if (status != PN_OK) {
            yardsticks_free(yardsticks);
            return status;
        }
    }
    if (!yardstick_equals(&yardsticks->current, yardstick)) {
        for (size_t t = 0; t < yardsticks->threads; t++) {
            yardsticks->walks[t].next = 0;
        }
    }
    yardsticks->current = *yardstick;
    yardsticks->kernels = kernels;
    return PN_OK;
}

/* --- running -------------------------------------------------------------------------------------
 */

/* One round of a walk over arrays that start at x and lie `distance` floats apart. */
static float walk_round(const struct simd_kernels *kernels, enum probe_kind kind, size_t n,
                        float *x, size_t distance)
{
    switch (kind) {
    case PROBE_READ:
        return kernels->probe_read(n, x);
    case PROBE_COPY:
        kernels->probe_copy(n, x, x + distance);
        return 0;
    default:
        kernels->probe_triad(n, x, x + distance, x + 2 * distance);
        return 0;
    }
}

static void walk(const struct yardsticks *yardsticks, size_t thread, size_t rounds)
{
    const struct yardstick *yardstick = &yardsticks->current;
    const size_t all = array_length(yardstick->kind, yardstick->bytes);
    const size_t part = round_length(yardstick);
    struct yardstick_walk *own = &yardsticks->walks[thread];
    float sum = 0;
    for (size_t i = 0; i < rounds; i++) {
        sum += walk_round(yardsticks->kernels, yardstick->kind, part, own->floats + own->next,
                          all + GAP);
        own->next = own->next + 2 * part <= all ? own->next + part : 0;
    }
    yardstick_sink = sum;
}

static float compute(const struct simd_kernels *kernels, enum probe_kind kind, size_t rounds)
{
    switch (kind) {
    case PROBE_FMA:
        return kernels->probe_fma(rounds);
    case PROBE_DIVIDE:
        return kernels->probe_divide(rounds);
    default:
        return kernels->probe_sqrt(rounds);
    }
}

void yardsticks_run(void *context, size_t thread, size_t rounds)
{
    const struct yardsticks *yardsticks = context;
    if (probe_is_bandwidth(yardsticks->current.kind)) {
        walk(yardsticks, thread, rounds);
    } else {
        yardstick_sink = compute(yardsticks->kernels, yardsticks->current.kind, rounds);
    }
}

/* --- what they compute ---------------------------------------------------------------------------
 */

static void hash_bytes(uint64_t *hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        *hash = (*hash ^ byte[i]) * 0x100000001B3u;
    }
}

/* A few rounds each: later on the chains have come to rest. */
static void hash_computing(uint64_t *hash, const struct simd_kernels *kernels)
{
    enum { MOST_ROUNDS = 5 };
    for (int kind = PROBE_FMA; kind <= PROBE_SQRT; kind++) {
        for (size_t rounds = 0; rounds <= MOST_ROUNDS; rounds++) {
            const float value = compute(kernels, (enum probe_kind)kind, rounds);
            hash_bytes(hash, &value, sizeof value);
        }
    }
}

static void hash_walks(uint64_t *hash, const struct simd_kernels *kernels)
{
    enum { LENGTH = 1024, TAIL = 5 };
    static float arrays[MOST_ARRAYS * LENGTH];
    for (int kind = PROBE_READ; kind <= PROBE_TRIAD; kind++) {
        for (size_t n = LENGTH - TAIL; n <= LENGTH; n += TAIL) {
            fill_floats(arrays, MOST_ARRAYS * LENGTH);
            arrays[1] = 0x1.8p-3f; /* else an even number of equal values cancels out */
            const float value = walk_round(kernels, (enum probe_kind)kind, n, arrays, LENGTH);
            hash_bytes(hash, &value, sizeof value);
            hash_bytes(hash, arrays, sizeof arrays);
        }
    }
}

uint64_t yardstick_fingerprint(void)
{
    uint64_t hash = 0xCBF29CE484222325u;
    size_t count;
    const struct simd_kernels *const *tables = simd_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (simd_runs(tables[i]) && simd_find(tables[i]->name) == tables[i]) {
            hash_computing(&hash, tables[i]);
            hash_walks(&hash, tables[i]);
        }
    }
    return hash;
}
