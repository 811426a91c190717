/*
 * A build of libpinion for pinion-bench ab and selftest to measure. What it computes takes time in
 * proportion to SPEED, so that it is known which of two builds is slower, and by how much. Macros
 * make one that is wrong, crashes, has other rows, or cannot be measured at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/problems/abi.h"

/* Work in percent of what others do. */
#ifndef SPEED
#define SPEED 100
#endif

/* A kernel of which results are wrong. */
#ifndef WRONG
#define WRONG ""
#endif

/* A kernel that aborts in its CRASH_RUN-th run of a process. */
#ifndef CRASH
#define CRASH     ""
#define CRASH_RUN 1
#endif

/* A kernel that does nothing, and one that does one call's work however many are asked for. */
#ifndef IDLE
#define IDLE ""
#endif
#ifndef ONCE
#define ONCE ""
#endif

/* A kernel that other builds lack, and one whose calls take many milliseconds; "": none. */
#ifndef EXTRA
#define EXTRA ""
#endif
#ifndef LONG
#define LONG ""
#endif

/* How many of the instruction sets are missing, from the first. */
#ifndef FIRST_ISA
#define FIRST_ISA 0
#endif

/* What the table says of the data, and what they are. */
#ifndef LAYOUT
#define LAYOUT 1
#endif
#ifndef DATA
#define DATA LAYOUT
#endif

#ifndef VERSION
#define VERSION "fake"
#endif
#ifndef ABI
#define ABI BENCH_ABI_VERSION
#endif
#ifndef ABI_SIZE
#define ABI_SIZE sizeof(struct bench_abi)
#endif

/* Whether the build prints, as soon as it is loaded and later. */
#ifdef CHATTY
static const bool chatty = true;
#else
static const bool chatty = false;
#endif

static void chat(const char *text)
{
    if (chatty) {
        dprintf(STDOUT_FILENO, "%s\n", text);
    }
}

__attribute__((constructor)) static void load(void)
{
    chat("loaded");
}

struct kernel {
    const char *name, *shape;
    uint32_t product;
    size_t steps; /* each of which waits for the one before */
    uint64_t weight_bytes;
};

static const struct kernel kernels[] = {
    {"spin_a", "500", 0, 500, 0},   {"spin_b:relu", "8x8x32", 1, 2000, 0},
    {"spin_c", "4000", 0, 4000, 0}, {"spin_d", "9000", 1, 9000, 1 << 20},
    {EXTRA, "1000", 0, 1000, 0},    {LONG, "20000000", 0, 20000000, 0},
};
enum { KERNELS = sizeof kernels / sizeof *kernels, BATCH_BYTES = 256 };

/* What fill() writes at the start of the batch's arena. */
struct data {
    uint64_t layout, start;
};

struct instance {
    const struct kernel *kernel;
    size_t isa, runs;
    char *batch;
    volatile uint64_t result;
};

#ifdef LOAD_SECONDS
/* What loads the library waits for so long. */
__attribute__((constructor)) static void load_slowly(void)
{
    sleep(LOAD_SECONDS);
}
#endif

/* The index-th kernel that this build has; NULL past the last. */
static const struct kernel *find(size_t index)
{
    for (size_t i = 0; i < KERNELS; i++) {
        if (kernels[i].name[0] != '\0' && index-- == 0) {
            return &kernels[i];
        }
    }
    return NULL;
}

static size_t problems(void)
{
    size_t count = 0;
    while (find(count) != NULL) {
        count++;
    }
    return count;
}

static const char *isa(size_t index)
{
    static const char *const names[] = {"wide", "narrow", NULL, NULL};
    return names[index + FIRST_ISA];
}

static void describe(size_t problem, size_t isa_index, struct bench_abi_problem *description)
{
    (void)isa_index;
    const struct kernel *kernel = find(problem);
    *description = (struct bench_abi_problem){.dtype = "f32",
                                              .product = kernel->product,
                                              .flops = (double)kernel->steps,
                                              .read = BATCH_BYTES,
                                              .batch_bytes = BATCH_BYTES,
                                              .weight_bytes = kernel->weight_bytes,
                                              .layout = LAYOUT};
    snprintf(description->kernel, sizeof description->kernel, "%s", kernel->name);
    snprintf(description->shape, sizeof description->shape, "%s", kernel->shape);
}

static void *open_instance(size_t problem, size_t isa_index, void *batch, void *weights)
{
    (void)weights;
    struct instance *instance = calloc(1, sizeof *instance);
    if (instance != NULL) {
        instance->kernel = find(problem);
        instance->isa = isa_index + FIRST_ISA;
        instance->batch = batch;
    }
    return instance;
}

static void fill(void *context, uint32_t seed)
{
    struct instance *instance = context;
    const struct data data = {.layout = DATA, .start = seed * 0x9E3779B97F4A7C15u + 1};
    memcpy(instance->batch, &data, sizeof data);
    chat("filled");
}

static size_t steps_of(const struct instance *instance)
{
    return instance->kernel->steps * SPEED / 100 << instance->isa;
}

static const uint64_t FACTOR = 6364136223846793005u, TERM = 1442695040888963407u;

/* Data of another layout would be taken for something else: they must not be there. */
static uint64_t start_of(const struct instance *instance)
{
    struct data data;
    memcpy(&data, instance->batch, sizeof data);
    if (data.layout != DATA) {
        abort();
    }
    return data.start;
}

static void run(void *context, size_t calls)
{
    static size_t crash_runs;
    struct instance *instance = context;
    if (strcmp(instance->kernel->name, CRASH) == 0 && ++crash_runs == CRASH_RUN) {
        abort();
    }
    if (strcmp(instance->kernel->name, IDLE) == 0) {
        return;
    }
    const size_t steps = steps_of(instance);
    const size_t done = strcmp(instance->kernel->name, ONCE) == 0 ? 1 : calls;
    for (size_t call = 0; call < done; call++) {
        uint64_t value = start_of(instance);
        for (size_t i = 0; i < steps; i++) {
            value = value * FACTOR + TERM;
        }
        instance->result = value + (strcmp(instance->kernel->name, WRONG) == 0);
    }
}

/* The same by squaring the step. */
static uint64_t expected(uint64_t start, size_t steps)
{
    uint64_t factor = 1, term = 0, square = FACTOR, square_term = TERM;
    for (; steps > 0; steps >>= 1) {
        if ((steps & 1) != 0) {
            term = term * square + square_term;
            factor *= square;
        }
        square_term *= square + 1;
        square *= square;
    }
    return start * factor + term;
}

static bool check(void *context, uint32_t seed, char *message, size_t size)
{
    struct instance *instance = context;
    fill(instance, seed);
    run(instance, 1);
    const uint64_t wanted = expected(start_of(instance), steps_of(instance));
    if (instance->result == wanted) {
        return true;
    }
    snprintf(message, size, "%s: %llu instead of %llu", instance->kernel->name,
             (unsigned long long)instance->result, (unsigned long long)wanted);
    return false;
}

#ifdef NO_TABLE
extern const struct bench_abi no_table;
const struct bench_abi no_table = {
#else
const struct bench_abi pinion_bench_abi_1 = {
#endif
    .version = ABI,
    .size = ABI_SIZE,
    .library_version = VERSION,
    .problems = problems,
    .isa = isa,
    .describe = describe,
    .open = open_instance,
    .close = free,
    .fill = fill,
    .run = run,
    .check = check,
};
