/*
 * How far the elementwise kernels are from the functions they stand for, against the C library's
 * double precision, and whether all tables that run here give the same bits.
 *
 *   accuracy [--stride N] [--function NAME] [--isa NAME]
 *
 * Takes every Nth of the 2^32 bit patterns as input; --stride 1 is all of them. Prints the largest
 * error in units in the last place and as |error| / max(1, |exact|), and a hash of all results (NaN
 * counted as one value), to be compared between machines. Fails above the bounds below, which are
 * those that the comments in simd/kernels/ state.
 */
#include "simd/simd.h"
#include "tests/simd/exact.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096 };

static const double tiny = 0x1p-100;

enum form { EXP, LOG, VALUE, DERIVATIVE };

struct function {
    const char *name;
    enum form form;
    enum simd_activation kind;
    float low, high;      /* inputs that are held against double */
    double ulp, absolute; /* bounds */
};

/* alpha of elu and leaky_relu. */
static float alpha_of(enum simd_activation kind)
{
    return kind == SIMD_LEAKY_RELU ? 0.25f : 1.0f;
}

/* Ranges leave out -inf where the limit is 0 * inf. */
static const struct function functions[] = {
    {"exp", EXP, 0, -INFINITY, INFINITY, 0.9, 7.7e-8},
    {"log", LOG, 0, 0x1p-149f, INFINITY, 0.83, 8.2e-8},
    {"linear", VALUE, SIMD_LINEAR, -INFINITY, INFINITY, 0, 0},
    {"relu", VALUE, SIMD_RELU, -INFINITY, INFINITY, 0, 0},
    {"sigmoid", VALUE, SIMD_SIGMOID, -INFINITY, INFINITY, 2.41, 9e-8},
    {"tanh", VALUE, SIMD_TANH, -INFINITY, INFINITY, 2.63, 1.49e-7},
    {"gelu", VALUE, SIMD_GELU, -FLT_MAX, INFINITY, 6.3, 1.2e-7},
    {"gelu_tanh", VALUE, SIMD_GELU_TANH, -FLT_MAX, INFINITY, 154, 1.71e-7},
    {"silu", VALUE, SIMD_SILU, -FLT_MAX, INFINITY, 3.23, 1.55e-7},
    {"elu", VALUE, SIMD_ELU, -INFINITY, INFINITY, 1.25, 4.4e-8},
    {"selu", VALUE, SIMD_SELU, -INFINITY, INFINITY, 2.34, 1.38e-7},
    {"leaky_relu", VALUE, SIMD_LEAKY_RELU, -INFINITY, INFINITY, 0.5, 1e-7},
    {"softplus", VALUE, SIMD_SOFTPLUS, -INFINITY, INFINITY, 1.93, 1.16e-7},
    {"exponential", VALUE, SIMD_EXPONENTIAL, -INFINITY, INFINITY, 0.9, 7.7e-8},
    {"linear'", DERIVATIVE, SIMD_LINEAR, -INFINITY, INFINITY, 0, 0},
    {"relu'", DERIVATIVE, SIMD_RELU, 0, INFINITY, 0, 0},
    {"sigmoid'", DERIVATIVE, SIMD_SIGMOID, 0, 1, 1.5, 2.3e-8},
    {"tanh'", DERIVATIVE, SIMD_TANH, -1, 1, 0.5, 3e-8},
    {"gelu'", DERIVATIVE, SIMD_GELU, -FLT_MAX, FLT_MAX, INFINITY, 1.74e-7},
    {"gelu_tanh'", DERIVATIVE, SIMD_GELU_TANH, -FLT_MAX, FLT_MAX, INFINITY, 1.95e-7},
    {"silu'", DERIVATIVE, SIMD_SILU, -FLT_MAX, FLT_MAX, INFINITY, 1.78e-7},
    {"elu'", DERIVATIVE, SIMD_ELU, -1, INFINITY, 0.5, 3e-8},
    {"selu'", DERIVATIVE, SIMD_SELU, -1.75809f, INFINITY, INFINITY, 8.3e-8},
    {"leaky_relu'", DERIVATIVE, SIMD_LEAKY_RELU, -INFINITY, INFINITY, 0, 0},
    {"softplus'", DERIVATIVE, SIMD_SOFTPLUS, 0, INFINITY, 1.25, 4.4e-8},
    {"exponential'", DERIVATIVE, SIMD_EXPONENTIAL, 0, INFINITY, 0, 0},
};

enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static void run(const struct simd_kernels *kernels, const struct function *f, size_t n,
                const float *x, float *y)
{
    static float ones[BLOCK];
    for (size_t i = 0; i < BLOCK; i++) {
        ones[i] = 1.0f;
    }
    switch (f->form) {
    case EXP:
        kernels->exp(n, x, y);
        break;
    case LOG:
        kernels->log(n, x, y);
        break;
    case VALUE:
        kernels->activation(f->kind, alpha_of(f->kind), n, x, y);
        break;
    case DERIVATIVE:
        kernels->activation_gradient(f->kind, alpha_of(f->kind), n, x, x, ones, y);
        break;
    }
}

/* --- errors --------------------------------------------------------------------------------- */

static double exactly(const struct function *f, double x)
{
    switch (f->form) {
    case EXP:
        return x < -80 ? 0 : exp(x);
    case LOG:
        return log(x);
    case VALUE:
        return exact_activation(f->kind, alpha_of(f->kind), x);
    case DERIVATIVE:
        break;
    }
    return exact_derivative(f->kind, alpha_of(f->kind), x);
}

struct worst {
    double ulp, absolute;
    float ulp_at, absolute_at;
    size_t wrong; /* neither the right NaN, infinity nor zero */
    float wrong_at;
};

/* 2^(e - 23) for |exact| in [2^e, 2^(e + 1)), e >= -126. */
static double unit_in_the_last_place(double exact)
{
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    int64_t exponent = (int64_t)(bits >> 52 & 0x7ff) - 1023;
    exponent = exponent < -126 ? -126 : exponent;
    bits = (uint64_t)(exponent - 23 + 1023) << 52;
    double unit;
    memcpy(&unit, &bits, sizeof unit);
    return unit;
}

static void note_wrong(struct worst *worst, float x)
{
    worst->wrong++;
    worst->wrong_at = x;
}

static void measure(const struct function *f, size_t n, const float *x, const float *y,
                    struct worst *worst)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i])) {
            const bool ignored = f->form == DERIVATIVE && isfinite(y[i]);
            if (!isnan(y[i]) && !ignored) {
                note_wrong(worst, x[i]);
            }
            continue;
        }
        if (x[i] < f->low || x[i] > f->high) {
            continue;
        }
        const double exact = exactly(f, x[i]);
        if (f->form != LOG && f->form != EXP && fabs(exact) < tiny * (1 + 1e-6)) {
            /* Flushed; at the bound itself either way. */
            if (y[i] != 0.0f && fabs(exact) < tiny * (1 - 1e-6)) {
                note_wrong(worst, x[i]);
            }
            continue;
        }
        if (exact == 0 || isinf((float)exact)) {
            if (y[i] != (float)exact) {
                note_wrong(worst, x[i]);
            }
            continue;
        }
        if (!isfinite(y[i])) {
            note_wrong(worst, x[i]);
            continue;
        }
        const double error = fabs(y[i] - exact);
        const double in_ulp = error / unit_in_the_last_place(exact);
        const double scaled = error / (fabs(exact) > 1 ? fabs(exact) : 1);
        if (in_ulp > worst->ulp) {
            worst->ulp = in_ulp;
            worst->ulp_at = x[i];
        }
        if (scaled > worst->absolute) {
            worst->absolute = scaled;
            worst->absolute_at = x[i];
        }
    }
}

/* --- equal bits ----------------------------------------------------------------------------- */

/* One pattern for all NaN. */
static void to_bits(size_t n, const float *y, uint32_t *bits)
{
    memcpy(bits, y, n * sizeof *bits);
    for (size_t i = 0; i < n; i++) {
        bits[i] = (bits[i] & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits[i];
    }
}

static uint64_t hash(uint64_t h, size_t n, const uint32_t *bits)
{
    for (size_t i = 0; i < n; i++) {
        h = (h ^ bits[i]) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 32;
    }
    return h;
}

/* Holds one function against double and all tables against the first; true: as it should be. */
static bool check(const struct function *f, uint64_t stride, const char *isa)
{
    size_t tables;
    const struct simd_kernels *const *list = simd_list(&tables);
    struct worst worst = {0};
    uint64_t digest = 0;
    size_t different = 0;
    static float x[BLOCK], y[BLOCK];
    static uint32_t expected[BLOCK], actual[BLOCK];

    for (uint64_t pattern = 0; pattern < UINT64_C(1) << 32;) {
        size_t n = 0;
        for (; n < BLOCK && pattern < UINT64_C(1) << 32; n++, pattern += stride) {
            const uint32_t bits = (uint32_t)pattern;
            memcpy(&x[n], &bits, sizeof bits);
        }
        bool first = true;
        for (size_t t = 0; t < tables; t++) {
            if (!simd_runs(list[t]) || (isa && strcmp(isa, list[t]->name) != 0)) {
                continue;
            }
            run(list[t], f, n, x, y);
            if (first) {
                measure(f, n, x, y, &worst);
                to_bits(n, y, expected);
                digest = hash(digest, n, expected);
                first = false;
                continue;
            }
            to_bits(n, y, actual);
            if (memcmp(expected, actual, n * sizeof *actual) != 0) {
                different++;
            }
        }
    }

    const bool fine =
        worst.ulp <= f->ulp && worst.absolute <= f->absolute && worst.wrong == 0 && different == 0;
    printf("%-13s %9.4f ulp at %-15a %.3g absolute at %-15a hash %016llx%s\n", f->name, worst.ulp,
           (double)worst.ulp_at, worst.absolute, (double)worst.absolute_at,
           (unsigned long long)digest, fine ? "" : "  FAIL");
    if (worst.wrong > 0) {
        printf("  %zu wrong special values, the last at %a\n", worst.wrong, (double)worst.wrong_at);
    }
    if (different > 0) {
        printf("  %zu blocks of %d inputs differ between tables\n", different, BLOCK);
    }
    fflush(stdout);
    return fine;
}

static int usage(void)
{
    fprintf(stderr, "usage: accuracy [--stride N] [--function NAME] [--isa NAME]\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t stride = 4093;
    const char *function = NULL;
    const char *isa = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            return usage();
        }
        if (strcmp(argv[i], "--stride") == 0) {
            stride = strtoull(argv[i + 1], NULL, 0);
        } else if (strcmp(argv[i], "--function") == 0) {
            function = argv[i + 1];
        } else if (strcmp(argv[i], "--isa") == 0) {
            isa = argv[i + 1];
        } else {
            return usage();
        }
    }
    const struct simd_kernels *chosen = isa ? simd_find(isa) : simd_best();
    if (stride == 0 || !chosen || !simd_runs(chosen)) {
        return usage();
    }
    size_t checked = 0;
    size_t failed = 0;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (!function || strcmp(function, functions[i].name) == 0) {
            checked++;
            failed += !check(&functions[i], stride, isa);
        }
    }
    if (checked == 0) {
        return usage();
    }
    return failed > 0;
}
