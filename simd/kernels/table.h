/*
 * kernels/table.h: the one place that joins the kernels of this folder into a table. A file of isa/
 * includes it after its vec/ header and after the constants that differ:
 *
 *   ISA_NAME, ISA_TABLE, ISA_NEEDS   the table's name, its symbol, the features it needs
 *   GEMM_MR, GEMM_NV                 rows and vectors of the widest tile
 *   GEMM_MR_NARROW                   rows of the tile that is one vector wide
 *   PROBE_CHAINS                     chains of the probes, a divisor of SIMD_PROBE_OPERATIONS
 *
 * Kernels are static functions in headers: each file of isa/ has its own copy, compiled with its
 * own flags, and none can reach another file.
 */
#include "simd/isa/tables.h"
#include "simd/kernels/activation.h"
#include "simd/kernels/gemm.h"
#include "simd/kernels/loss.h"
#include "simd/kernels/math.h"
#include "simd/kernels/optimizer.h"
#include "simd/kernels/pack.h"
#include "simd/kernels/probe.h"
#include "simd/kernels/random.h"
#include "simd/kernels/reduce.h"
#include "simd/kernels/weight_update.h"

const struct simd_kernels ISA_TABLE = {
    .name = ISA_NAME,
    .needs = ISA_NEEDS,
    .lanes = VF_LANES,
    .mr = GEMM_MR,
    .nr = GEMM_NV * VF_LANES,

    .gemm_nn = kernel_gemm_nn,
    .gemm_tn = kernel_gemm_tn,
    .weight_update = kernel_weight_update,
    .bias_update = kernel_bias_update,
    .optimizer_update = kernel_optimizer_update,

    .pack_panels = kernel_pack_panels,
    .pack_panels_transposed = kernel_pack_panels_transposed,
    .unpack_panels = kernel_unpack_panels,
    .transpose_panel = kernel_transpose_panel,
    .gather_u8 = kernel_gather_u8,
    .gather_f32 = kernel_gather_f32,

    .probe_fma = kernel_probe_fma,
    .probe_divide = kernel_probe_divide,
    .probe_sqrt = kernel_probe_sqrt,
    .probe_read = kernel_probe_read,
    .probe_copy = kernel_probe_copy,
    .probe_triad = kernel_probe_triad,

    .activation = kernel_activation,
    .activation_gradient = kernel_activation_gradient,
    .exp = kernel_exp,
    .log = kernel_log,
    .softmax = kernel_softmax,
    .softmax_crossentropy = kernel_softmax_crossentropy,
    .sum = kernel_sum,
    .max = kernel_max,
    .count_subnormal = kernel_count_subnormal,
    .dropout = kernel_dropout,
    .random_words = kernel_random_words,
    .random_uniform = kernel_random_uniform,
};
