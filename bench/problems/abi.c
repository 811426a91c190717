#include "bench/problems/abi.h"

#include <stdlib.h>
#include <string.h>

#include "bench/problems/instance.h"

/* The index-th table that runs here, best first; NULL past the last. Two may share a name, the
 * better one first. */
static const struct simd_kernels *table(size_t index)
{
    size_t known;
    const struct simd_kernels *const *tables = simd_list(&known);
    for (size_t i = 0; i < known; i++) {
        if (simd_runs(tables[i]) && simd_find(tables[i]->name) == tables[i] && index-- == 0) {
            return tables[i];
        }
    }
    return NULL;
}

static const char *isa(size_t index)
{
    const struct simd_kernels *kernels = table(index);
    return kernels == NULL ? NULL : kernels->name;
}

static size_t problems(void)
{
    return problem_count;
}

static void describe(size_t index, size_t isa_index, struct bench_abi_problem *description)
{
    const struct problem *problem = &problem_list[index];
    const struct simd_kernels *kernels = table(isa_index);
    const struct work work = problem->family->work(kernels, problem);
    *description = (struct bench_abi_problem){.dtype = "f32",
                                              .product = problem->family->product,
                                              .flops = work.flops,
                                              .divisions = work.divisions,
                                              .roots = work.roots,
                                              .read = work.read,
                                              .written = work.written,
                                              .in_place = work.in_place};
    problem_kernel(problem, description->kernel);
    problem_shape(problem, description->shape);
    size_t batch, weights;
    instance_sizes(kernels, problem, &batch, &weights, &description->layout);
    description->batch_bytes = batch;
    description->weight_bytes = weights;
}

static void *open_instance(size_t index, size_t isa_index, void *batch, void *weights)
{
    struct instance *instance = malloc(sizeof *instance);
    if (instance != NULL) {
        instance_bind(table(isa_index), &problem_list[index], batch, weights, instance);
    }
    return instance;
}

static void fill(void *instance, uint32_t seed)
{
    instance_fill(instance, seed);
}

static void run(void *instance, size_t calls)
{
    instance_run(instance, calls);
}

static bool check(void *instance, uint32_t seed, char *message, size_t size)
{
    return instance_check(instance, seed, message, size);
}

const struct bench_abi pinion_bench_abi_1 = {
    .version = BENCH_ABI_VERSION,
    .size = sizeof(struct bench_abi),
    .library_version = PINION_VERSION,
    .problems = problems,
    .isa = isa,
    .describe = describe,
    .open = open_instance,
    .close = free,
    .fill = fill,
    .run = run,
    .check = check,
};
