#include "bench/probe.h"

#include <stdlib.h>

#include "engine/base/error.h"

/* Distance in floats between the ends and starts of the arrays of one walk: their addresses must
 * not agree modulo 4096, or a load waits for the store it seems to overlap. */
enum { GAP = 336 };

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

/* Floats of each array of a walk through the level. */
static size_t walk_length(const struct probe *probe)
{
    const size_t bytes = probe->buffers->machine->probe[probe->level];
    const size_t floats = bytes / sizeof(float) / arrays_of(probe->kind);
    return floats / SIMD_MAX_LANES * SIMD_MAX_LANES;
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
    if (buffers->arenas == NULL || buffers->floats == NULL) {
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
    *buffers = (struct probe_buffers){0};
}

static void walk(const struct probe *probe, size_t thread, size_t iterations)
{
    const struct simd_kernels *kernels = probe->kernels;
    const size_t n = walk_length(probe);
    float *x = probe->buffers->floats[thread];
    float *y = x + n + GAP, *z = y + n + GAP;
    float sum = 0;
    for (size_t i = 0; i < iterations; i++) {
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
