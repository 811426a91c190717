#include "tests/simd/frame.h"

#include <string.h>

enum start { FROM_ZERO, FROM_BIAS, FROM_C, STARTS };
enum layout { PANELS, ROW_MAJOR, LAYOUTS };

struct shape {
    size_t m, n, k;
    bool transposed;
    enum simd_epilogue epilogue;
    enum start start;
    enum layout layout;
    bool scratch;
};

/* Sets B of a call: the [k, n] matrix `b` laid out for a table. */
static void lay_out(const struct simd_kernels *kernels, const struct shape *s, const float *b,
                    float *memory, struct simd_gemm *call)
{
    const size_t nr = simd_panel_width(kernels, s->n);
    const size_t padded = simd_padded_columns(kernels, s->n);
    memset(memory, 0, s->k * padded * sizeof *memory);
    call->b = memory;
    call->b_stride = s->layout == PANELS ? nr : padded;
    call->b_panel_stride = s->layout == PANELS ? s->k * nr : nr;
    for (size_t p = 0; p < s->k; p++) {
        for (size_t j = 0; j < s->n; j++) {
            memory[j / nr * call->b_panel_stride + p * call->b_stride + j % nr] = b[p * s->n + j];
        }
    }
}

static void gemm_case(const struct simd_kernels *kernels, const struct shape *s)
{
    static const char *const epilogues[] = {"store", "relu", "relu gradient"};
    static const char *const starts[] = {"zero", "bias", "c"};
    static const char *const layouts[] = {"panels", "row-major"};
    const char *kernel = s->transposed ? "gemm_tn" : "gemm_nn";
    if (!frame_begin(kernels, kernel, "m=%zu n=%zu k=%zu, %s from %s, b in %s%s", s->m, s->n, s->k,
                     epilogues[s->epilogue], starts[s->start], layouts[s->layout],
                     s->scratch ? ", scratch" : "")) {
        return;
    }
    const size_t a_rows = s->transposed ? s->k : s->m;
    const size_t a_columns = s->transposed ? s->m : s->k;
    struct simd_gemm call = {
        .m = s->m,
        .n = s->n,
        .k = s->k,
        .a_stride = a_columns + frame_below(3),
        .c_stride = s->n + frame_below(3),
        .y_stride = s->n + frame_below(3),
        .accumulate = s->start == FROM_C,
        .epilogue = s->epilogue,
        .scale = 1.25f,
    };
    call.a = frame_input((a_rows - 1) * call.a_stride + a_columns);
    if (s->epilogue == SIMD_RELU_GRADIENT) {
        call.y = frame_input((s->m - 1) * call.y_stride + s->n);
    }
    float *b = frame_scratch(s->k * s->n);
    frame_fill(s->k * s->n, b);
    if (s->scratch) {
        call.scratch = frame_output(SIMD_SCRATCH);
    }
    struct simd_gemm expected = call;
    float *bias = NULL;
    if (s->start == FROM_BIAS) {
        const size_t padded = simd_padded_columns(kernels, s->n);
        bias = frame_bytes(padded * sizeof *bias);
        memset(bias, 0, padded * sizeof *bias);
        frame_fill(s->n, bias);
        frame_protect(bias);
        call.bias = bias;
        expected.bias = bias;
    }
    float *memory = frame_bytes(simd_panels_size(kernels, s->k, s->n) * sizeof *memory);
    lay_out(kernels, s, b, memory, &call);
    frame_protect(memory);
    lay_out(&simd_reference, s, b, frame_scratch(simd_panels_size(&simd_reference, s->k, s->n)),
            &expected);

    const size_t c_size = (s->m - 1) * call.c_stride + s->n;
    call.c = frame_output(c_size);
    expected.c = frame_copy(c_size, call.c);
    if (s->transposed) {
        kernels->gemm_tn(&call);
        simd_reference.gemm_tn(&expected);
    } else {
        kernels->gemm_nn(&call);
        simd_reference.gemm_nn(&expected);
    }
    frame_check("c", c_size, expected.c, call.c);
    frame_end();
}

/* The variants of a shape, one by one as shapes go by, or all. */
static void gemm_variants(const struct simd_kernels *kernels, size_t m, size_t n, size_t k,
                          bool all, bool scratch)
{
    enum { VARIANTS = 2 * SIMD_EPILOGUE_COUNT * STARTS * LAYOUTS };
    const size_t first = (m * 131 + n * 31 + k * 7) % VARIANTS;
    for (size_t v = first; v < first + (all ? VARIANTS : 5); v++) {
        const size_t variant = v % VARIANTS;
        const struct shape shape = {
            .m = m,
            .n = n,
            .k = k,
            .transposed = variant % 2 == 1,
            .epilogue = (enum simd_epilogue)(variant / 2 % SIMD_EPILOGUE_COUNT),
            .start = (enum start)(variant / 2 / SIMD_EPILOGUE_COUNT % STARTS),
            .layout = (enum layout)(variant / 2 / SIMD_EPILOGUE_COUNT / STARTS),
            .scratch = scratch,
        };
        gemm_case(kernels, &shape);
    }
}

void gemm_cases(const struct simd_kernels *kernels)
{
    /* Every number of rows and columns up to two tiles, and one more. */
    const size_t rows = 2 * kernels->mr + 1;
    const size_t columns = 2 * kernels->nr + 1;
    for (size_t m = 1; m <= rows; m++) {
        for (size_t n = 1; n <= columns; n++) {
            gemm_variants(kernels, m, n, 1 + (m + n) % 5, false, false);
        }
    }
    /* All variants on tiles of every height, whole and not, wide and narrow. */
    for (size_t m = 1; m <= kernels->mr * 2; m++) {
        gemm_variants(kernels, m, kernels->nr, 3, true, false);
        gemm_variants(kernels, m, kernels->nr + 1, 2, true, false);
        gemm_variants(kernels, m, kernels->lanes, 3, true, false);
    }
    for (size_t k = 1; k <= 33; k++) {
        gemm_variants(kernels, kernels->mr, kernels->nr, k, false, false);
        gemm_variants(kernels, 1, 1, k, false, false);
    }
    /* Past the blocks of k and of rows. */
    const size_t depths[] = {511, 512, 513, 784, 1025};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        gemm_variants(kernels, kernels->mr + 1, kernels->nr + 3, depths[i], false, false);
    }
    gemm_variants(kernels, 301, kernels->nr * 2 + 5, 17, false, false);
    gemm_variants(kernels, 130, 3, 530, false, false);
    /* So wide that scratch memory is used. */
    gemm_variants(kernels, kernels->mr + 1, 1027, 530, true, true);
    gemm_variants(kernels, 131, 1024, 3, true, true);
    for (size_t i = 0; i < 20; i++) {
        gemm_variants(kernels, 1 + (i * 37) % 97, 1 + (i * 53) % 113, 1 + (i * 71) % 211, false,
                      false);
    }
}
