/* The problems that are measured: right on every instruction set, by the table that libpinion
 * exports, and found wrong where a kernel is. */
#include <criterion/criterion.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "bench/problems/abi.h"
#include "bench/problems/instance.h"

static const struct bench_abi *exported_table(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(library, "%s", dlerror());
    const struct bench_abi *abi = dlsym(library, BENCH_ABI_SYMBOL);
    cr_assert_not_null(abi, "%s", dlerror());
    cr_assert_eq(abi->version, BENCH_ABI_VERSION);
    cr_assert_geq(abi->size, sizeof *abi);
    return abi;
}

/* Instrumented kernels are more than a hundred times slower. */
static const double SANITIZED_FLOPS = 3e6;

static void *memory_of(uint64_t bytes)
{
    void *memory = aligned_alloc(64, (size_t)(bytes + 127) / 64 * 64);
    cr_assert_not_null(memory);
    return memory;
}

Test(problems, are_right_on_every_instruction_set)
{
    const struct bench_abi *abi = exported_table();
    const bool sanitized = getenv("PINION_SANITIZED") != NULL;
    cr_assert_eq(abi->problems(), problem_count);
    for (size_t isa = 0; abi->isa(isa) != NULL; isa++) {
        for (size_t i = 0; i < abi->problems(); i++) {
            struct bench_abi_problem about;
            abi->describe(i, isa, &about);
            if (sanitized && about.flops > SANITIZED_FLOPS) {
                continue;
            }
            void *batch = memory_of(about.batch_bytes), *weights = memory_of(about.weight_bytes);
            void *instance = abi->open(i, isa, batch, weights);
            char message[200] = "";
            cr_expect(abi->check(instance, 7, message, sizeof message), "%s %s on %s: %s",
                      about.kernel, about.shape, abi->isa(isa), message);
            abi->close(instance);
            free(batch);
            free(weights);
        }
    }
}

Test(problems, have_names_of_their_own_and_counted_work)
{
    const struct bench_abi *abi = exported_table();
    for (size_t i = 0; i < abi->problems(); i++) {
        struct bench_abi_problem about, other;
        abi->describe(i, 0, &about);
        cr_expect_gt(about.read + about.written, 0.0, "%s", about.kernel);
        cr_expect_geq(about.written, about.in_place, "%s", about.kernel);
        cr_expect_gt(about.batch_bytes + about.weight_bytes, 0u);
        cr_expect_str_eq(about.dtype, "f32");
        for (size_t j = 0; j < i; j++) {
            abi->describe(j, 0, &other);
            cr_expect(strcmp(about.kernel, other.kernel) != 0 ||
                          strcmp(about.shape, other.shape) != 0,
                      "%s %s is listed twice", about.kernel, about.shape);
        }
    }
}

/* Whether the check passes on a table of kernels. */
static bool passes(const struct simd_kernels *kernels, const struct problem *problem, char *message,
                   size_t size)
{
    size_t batch_bytes, weight_bytes;
    uint64_t layout;
    instance_sizes(kernels, problem, &batch_bytes, &weight_bytes, &layout);
    void *batch = memory_of(batch_bytes), *weights = memory_of(weight_bytes);
    struct instance instance;
    instance_bind(kernels, problem, batch, weights, &instance);
    const bool equal = instance_check(&instance, 3, message, size);
    free(batch);
    free(weights);
    return equal;
}

static void exp_wrong_at_the_end(size_t n, const float *x, float *y)
{
    simd_best()->exp(n, x, y);
    y[n - 1] *= 1 + 0x1p-23f;
}

/* Leaves the last row out. */
static void gemm_short(const struct simd_gemm *gemm)
{
    struct simd_gemm less = *gemm;
    less.m--;
    if (less.m > 0) {
        simd_best()->gemm_nn(&less);
    }
}

Test(problems, are_found_wrong_by_one_bit_and_by_one_row)
{
    struct simd_kernels wrong = *simd_best();
    wrong.exp = exp_wrong_at_the_end;
    wrong.gemm_nn = gemm_short;
    char message[200] = "";
    const struct problem exponentials = {.family = &family_exp, .n = 1000};
    cr_expect(passes(simd_best(), &exponentials, message, sizeof message), "%s", message);
    cr_expect(!passes(&wrong, &exponentials, message, sizeof message));
    cr_expect_not_null(strstr(message, "column 999 of buffer 1"), "%s", message);

    /* Small, and large enough that only the first and last rows are compared. */
    const struct problem products[] = {{.family = &family_gemm_nn, .m = 7, .n = 20, .k = 9},
                                       {.family = &family_gemm_nn, .m = 300, .n = 256, .k = 300}};
    for (size_t i = 0; i < 2; i++) {
        cr_expect(passes(simd_best(), &products[i], message, sizeof message), "%s", message);
        cr_expect(!passes(&wrong, &products[i], message, sizeof message));
    }
}

Test(problems, hold_the_same_values_in_any_layout)
{
    const struct problem problem = {.family = &family_gemm_nn, .m = 3, .n = 37, .k = 5};
    const struct simd_kernels *tables[] = {simd_best(), simd_find("scalar"), &simd_reference};
    float first[5][37];
    for (size_t table = 0; table < 3; table++) {
        size_t batch_bytes, weight_bytes;
        uint64_t layout;
        instance_sizes(tables[table], &problem, &batch_bytes, &weight_bytes, &layout);
        void *batch = memory_of(batch_bytes), *weights = memory_of(weight_bytes);
        struct instance instance;
        instance_bind(tables[table], &problem, batch, weights, &instance);
        instance_fill(&instance, 5);
        const float *b = instance.operands.buffer[1];
        for (size_t p = 0; p < 5; p++) {
            for (size_t j = 0; j < 37; j++) {
                const float value = b[buffer_index(tables[table], &instance.list[1], p, j)];
                cr_expect_leq(value, 1.0f);
                cr_expect_geq(value, -1.0f);
                if (table == 0) {
                    first[p][j] = value;
                }
                cr_expect_eq(value, first[p][j]);
            }
        }
        free(batch);
        free(weights);
    }
    cr_expect_neq(first[0][0], first[0][1]);
}
