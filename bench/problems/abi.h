/*
 * problems/abi.h: the table that libpinion exports for pinion-bench ab: every problem, set up in
 * memory of the caller, run and checked, so that builds of different days can be measured by one
 * program. It must stay as it is: what changes is a new version under a new name, beside this one.
 */
#ifndef PINION_BENCH_ABI_H
#define PINION_BENCH_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_ABI_VERSION = 1, BENCH_ABI_TEXT = 64 };

#define BENCH_ABI_SYMBOL "pinion_bench_abi_1"

struct bench_abi_problem {
    char kernel[BENCH_ABI_TEXT]; /* "gemm_nn:bias+relu" */
    char shape[BENCH_ABI_TEXT];  /* "32x256x784" */
    char dtype[8];               /* "f32" */
    uint32_t product;            /* 1: shown in GFLOP/s, 0: in GB/s */
    /* Of one call at least, see struct work of problem.h. */
    double flops, divisions, roots, read, written, in_place;
    uint64_t batch_bytes, weight_bytes; /* of the two arenas */
    uint64_t layout; /* equal where the arenas hold the same at the same places */
};

struct bench_abi {
    uint32_t version;
    uint32_t size; /* of this struct; fields may be added behind */
    const char *library_version;
    size_t (*problems)(void);
    /* Name of the index-th instruction set that runs here, best first; NULL past the last. */
    const char *(*isa)(size_t index);
    void (*describe)(size_t problem, size_t isa, struct bench_abi_problem *description);
    /* Lays a problem out in two arenas aligned to 64 bytes, which it does not touch: what belongs
     * to a batch, what belongs to a layer. NULL: no memory. The arenas must outlive it. */
    void *(*open)(size_t problem, size_t isa, void *batch, void *weights);
    void (*close)(void *instance);
    /* Writes the data anew, the same for the same seed. */
    void (*fill)(void *instance, uint32_t seed);
    void (*run)(void *instance, size_t calls);
    /* Fills, runs once and compares with plain loops; false with a message. */
    bool (*check)(void *instance, uint32_t seed, char *message, size_t size);
};

extern __attribute__((visibility("default"))) const struct bench_abi pinion_bench_abi_1;

#endif
