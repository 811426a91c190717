/* A build of libpinion of our own: one problem that is right, and one that is not. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/problems/abi.h"

enum { FLOPS = 2000, FLOATS = 16 };

struct fake {
    float *data;
    bool wrong;
};

static size_t problems(void)
{
    return 2;
}

static const char *isa(size_t index)
{
    return index == 0 ? "scalar" : NULL;
}

static void describe(size_t problem, size_t index, struct bench_abi_problem *description)
{
    (void)index;
    *description = (struct bench_abi_problem){
        .shape = "1000", .dtype = "f32", .flops = FLOPS, .batch_bytes = FLOATS * sizeof(float)};
    snprintf(description->kernel, sizeof description->kernel, "fake_%s",
             problem == 0 ? "right" : "wrong");
}

static void *open_fake(size_t problem, size_t index, void *batch, void *weights)
{
    (void)index;
    (void)weights;
    struct fake *fake = malloc(sizeof *fake);
    if (fake != NULL) {
        *fake = (struct fake){batch, problem != 0};
    }
    return fake;
}

static void fill(void *instance, uint32_t seed)
{
    const struct fake *fake = instance;
    for (int i = 0; i < FLOATS; i++) {
        fake->data[i] = (float)(seed + (uint32_t)i);
    }
}

static void run(void *instance, size_t calls)
{
    volatile float *data = ((const struct fake *)instance)->data;
    for (size_t i = 0; i < calls * (FLOPS / 2); i++) {
        data[i % FLOATS] = data[i % FLOATS] * 0.5f + 1.0f;
    }
}

static bool check(void *instance, uint32_t seed, char *message, size_t size)
{
    (void)seed;
    const struct fake *fake = instance;
    snprintf(message, size, "element 3 is 4, not 5");
    return !fake->wrong;
}

const struct bench_abi pinion_bench_abi_1 = {
    .version = BENCH_ABI_VERSION,
    .size = sizeof(struct bench_abi),
    .library_version = "9.9.9 fake",
    .problems = problems,
    .isa = isa,
    .describe = describe,
    .open = open_fake,
    .close = free,
    .fill = fill,
    .run = run,
    .check = check,
};
