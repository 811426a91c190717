#include "bench/machine/probe.h"

#include <stdlib.h>

#include "engine/base/error.h"

/* Distance in floats between the ends and starts of the arrays of one walk: their addresses must
 * not agree modulo 4096, or a load waits for the store it seems to overlap. */
enum { GAP = 336 };

/* Parts of a buffer for memory, which is four times the last cache: what was walked has left the
 * cache when its turn comes again. */
enum { SLICES = 8 };

static volatile float probe_sink;

const char *probe_name(enum probe_kind kind)
{
    static const char *const names[PROBE_KIND_COUNT] = {"fma",  "divide", "sqrt",
                                                        "read", "copy",   "triad"};
    return names[kind];
}

static size_t arrays_of(enum probe_kind kind)
{
    return kind == PROBE_TRIAD ? 3 : kind == PROBE_COPY ? 2 : 1;
}

static bool is_sliced(const struct probe *probe)
{
    return probe->sliced && probe->level == LEVEL_DRAM;
}

/* Floats of the buffer, or of a slice, that a walk through the level goes over. */
static size_t walk_floats(const struct probe *probe)
{
    const size_t floats = probe->buffers->machine->probe[probe->level] / sizeof(float);
    return is_sliced(probe) ? floats / SLICES : floats;
}

/* Floats of each array of a walk. */
static size_t walk_length(const struct probe *probe)
{
    const size_t gaps = is_sliced(probe) ? 2 * GAP : 0; /* else they have room behind the buffer */
    const size_t floats = (walk_floats(probe) - gaps) / arrays_of(probe->kind);
    return floats / SIMD_MAX_LANES * SIMD_MAX_LANES;
}

/* Where an iteration begins. */
static float *walk_start(const struct probe *probe, size_t thread)
{
    float *floats = probe->buffers->floats[thread];
    if (!is_sliced(probe)) {
        return floats;
    }
    size_t *slice = &probe->buffers->slices[thread];
    *slice = (*slice + 1) % SLICES;
    const size_t start = *slice * walk_floats(probe);
    return floats + start / SIMD_MAX_LANES * SIMD_MAX_LANES;
}

struct fill {
    struct probe_buffers *buffers;
    size_t floats;
};

static void fill(void *context, size_t thread)
{
    const struct fill *fill = context;
    float *floats = fill->buffers->floats[thread];
    for (size_t i = 0; i < fill->floats; i++) {
        floats[i] = 1.0f + (float)(i % 64) / 64.0f;
    }
}

pn_status probe_buffers_create(struct measure *measure, const struct machine *machine,
                               enum memory_level largest, struct probe_buffers *buffers)
{
    size_t bytes = 0;
    for (int level = LEVEL_L1; level <= (int)largest; level++) {
        bytes = machine->probe[level] > bytes ? machine->probe[level] : bytes;
    }
    const size_t floats = bytes / sizeof(float) + 4 * GAP;
    *buffers = (struct probe_buffers){.machine = machine, .threads = measure->threads};
    buffers->arenas = calloc(measure->threads, sizeof *buffers->arenas);
    buffers->floats = calloc(measure->threads, sizeof *buffers->floats);
    buffers->slices = calloc(measure->threads, sizeof *buffers->slices);
    if (buffers->arenas == NULL || buffers->floats == NULL || buffers->slices == NULL) {
        probe_buffers_free(buffers);
        return error_memory(measure->threads * sizeof *buffers->arenas, "probes");
    }
    for (size_t t = 0; t < measure->threads; t++) {
        struct arena *arena = &buffers->arenas[t];
        if (!arena_reserve(arena, floats, sizeof(float))) {
            probe_buffers_free(buffers);
            return error_memory(bytes, "probes");
        }
        const pn_status status = arena_map(arena, "bandwidth probes");
        if (status != PN_OK) {
            probe_buffers_free(buffers);
            return status;
        }
        buffers->floats[t] = arena_take(arena, floats, sizeof(float));
    }
    struct fill context = {buffers, floats};
    const pn_status status = team_run(measure->team, fill, &context);
    if (status != PN_OK) {
        probe_buffers_free(buffers);
    }
    return status;
}

void probe_buffers_free(struct probe_buffers *buffers)
{
    if (buffers->arenas != NULL) {
        for (size_t t = 0; t < buffers->threads; t++) {
            arena_free(&buffers->arenas[t]);
        }
    }
    free(buffers->arenas);
    free(buffers->floats);
    free(buffers->slices);
    *buffers = (struct probe_buffers){0};
}

static void walk(const struct probe *probe, size_t thread, size_t iterations)
{
    const struct simd_kernels *kernels = probe->kernels;
    const size_t n = walk_length(probe);
    float sum = 0;
    for (size_t i = 0; i < iterations; i++) {
        float *x = walk_start(probe, thread);
        float *y = x + n + GAP, *z = y + n + GAP;
        switch (probe->kind) {
        case PROBE_READ:
            sum += kernels->probe_read(n, x);
            break;
        case PROBE_COPY:
            kernels->probe_copy(n, x, y);
            break;
        default:
            kernels->probe_triad(n, x, y, z);
            break;
        }
    }
    probe_sink = sum;
}

void probe_run(void *context, size_t thread, size_t iterations)
{
    const struct probe *probe = context;
    switch (probe->kind) {
    case PROBE_FMA:
        probe_sink = probe->kernels->probe_fma(iterations);
        break;
    case PROBE_DIVIDE:
        probe_sink = probe->kernels->probe_divide(iterations);
        break;
    case PROBE_SQRT:
        probe_sink = probe->kernels->probe_sqrt(iterations);
        break;
    default:
        walk(probe, thread, iterations);
        break;
    }
}

double probe_rate(const struct probe *probe, size_t threads, double nanoseconds)
{
    double work;
    if (probe_is_bandwidth(probe->kind)) {
        work = (double)(walk_length(probe) * arrays_of(probe->kind) * sizeof(float));
    } else {
        work = (double)SIMD_PROBE_OPERATIONS * probe->kernels->lanes;
        work *= probe->kind == PROBE_FMA ? 2 : 1;
    }
    return work * (double)threads / nanoseconds;
}

/* 32 additions, each waiting for the last. Of a register: newer cores fold additions of constants.
 */
static uint64_t chain(uint64_t value, uint64_t addend, size_t rounds)
{
#define CHAIN_4(add)  add add add add
#define CHAIN_32(add) CHAIN_4(CHAIN_4(add)) CHAIN_4(CHAIN_4(add))
    for (size_t i = 0; i < rounds; i++) {
#if defined(__x86_64__)
        __asm__ volatile(CHAIN_32("add %1, %0\n\t") : "+r"(value) : "r"(addend) : "cc");
#elif defined(__aarch64__)
        __asm__ volatile(CHAIN_32("add %0, %0, %1\n\t") : "+r"(value) : "r"(addend));
#endif
    }
#undef CHAIN_32
#undef CHAIN_4
    return value;
}

double probe_clock(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
    enum { SAMPLES = 9, ROUNDS = 4000 };
    double best = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const double start = measure_now();
        probe_sink = (float)chain(1, 3, ROUNDS);
        const double ghz = 32.0 * ROUNDS / (measure_now() - start);
        best = ghz > best ? ghz : best;
    }
    return best;
#else
    return 0;
#endif
}
