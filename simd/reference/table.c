#include "simd/reference/functions.h"
#include "simd/reference/reference.h"

const struct simd_kernels simd_reference = {
    .name = "reference",
    .needs = 0,
    .lanes = 1,
    .mr = 1,
    .nr = 4,

    .gemm_nn = reference_gemm_nn,
    .gemm_tn = reference_gemm_tn,
    .weight_update = reference_weight_update,
    .bias_update = reference_bias_update,
    .optimizer_update = reference_optimizer_update,

    .pack_panels = reference_pack_panels,
    .pack_panels_transposed = reference_pack_panels_transposed,
    .unpack_panels = reference_unpack_panels,
    .transpose_panel = reference_transpose_panel,
    .gather_u8 = reference_gather_u8,
    .gather_f32 = reference_gather_f32,

    .activation = reference_activation,
    .activation_gradient = reference_activation_gradient,
    .exp = reference_exp,
    .log = reference_log,
    .softmax = reference_softmax,
    .softmax_crossentropy = reference_softmax_crossentropy,
    .sum = reference_sum,
    .max = reference_max,
    .count_subnormal = reference_count_subnormal,
    .dropout = reference_dropout,
    .random_words = reference_random_words,
    .random_uniform = reference_random_uniform,

    .probe_fma = reference_probe_fma,
    .probe_divide = reference_probe_divide,
    .probe_sqrt = reference_probe_sqrt,
    .probe_read = reference_probe_read,
    .probe_copy = reference_probe_copy,
    .probe_triad = reference_probe_triad,
};
