#include "tests/simd/frame.h"

typedef float chains(size_t iterations);

/* An even number of rounds after which chains have settled: tables make several steps a round. */
enum { ROUNDS = 200 };

static void chains_case(const struct simd_kernels *kernels, const char *name, chains *probe,
                        chains *reference)
{
    if (!frame_begin(kernels, name, "iterations=%d", ROUNDS)) {
        return;
    }
    const float expected = reference(ROUNDS);
    const float actual = probe(ROUNDS);
    frame_check("first chain", 1, &expected, &actual);
    frame_end();
}

static void read_case(const struct simd_kernels *kernels, size_t n)
{
    if (!frame_begin(kernels, "probe_read", "n=%zu", n)) {
        return;
    }
    const float *x = frame_input(n);
    const float expected = simd_reference.probe_read(n, x);
    const float actual = kernels->probe_read(n, x);
    frame_check("bits", 1, &expected, &actual);
    frame_end();
}

static void copy_case(const struct simd_kernels *kernels, size_t n)
{
    if (!frame_begin(kernels, "probe_copy", "n=%zu", n)) {
        return;
    }
    const float *x = frame_input(n);
    float *y = frame_output(n);
    kernels->probe_copy(n, x, y);
    frame_check("y", n, x, y);
    frame_end();
}

static void triad_case(const struct simd_kernels *kernels, size_t n)
{
    if (!frame_begin(kernels, "probe_triad", "n=%zu", n)) {
        return;
    }
    const float *x = frame_input(n);
    const float *y = frame_input(n);
    float *z = frame_output(n);
    float *expected = frame_copy(n, z);
    kernels->probe_triad(n, x, y, z);
    simd_reference.probe_triad(n, x, y, expected);
    frame_check("z", n, expected, z);
    frame_end();
}

void probe_cases(const struct simd_kernels *kernels)
{
    chains_case(kernels, "probe_fma", kernels->probe_fma, simd_reference.probe_fma);
    chains_case(kernels, "probe_divide", kernels->probe_divide, simd_reference.probe_divide);
    chains_case(kernels, "probe_sqrt", kernels->probe_sqrt, simd_reference.probe_sqrt);
    for (size_t n = 1; n <= 20 * kernels->lanes + 1; n++) {
        read_case(kernels, n);
        copy_case(kernels, n);
        triad_case(kernels, n);
    }
}
