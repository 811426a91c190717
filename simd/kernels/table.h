/*
 * kernels/table.h: the one place that joins the kernels of this folder into a table. A file of isa/
 * includes it after its vec/ header and after the constants that differ:
 *
 *   ISA_NAME, ISA_TABLE, ISA_NEEDS   the table's name, its symbol, the features it needs
 *   GEMM_MR, GEMM_NV                 rows and vectors of the widest tile
 *   GEMM_MR_NARROW                   rows of the tile that is one vector wide
 *
 * Kernels are static functions in headers: each file of isa/ has its own copy, compiled with its
 * own flags, and none can reach another file.
 */
#include "simd/isa/tables.h"

const struct simd_kernels ISA_TABLE = {
    .name = ISA_NAME,
    .needs = ISA_NEEDS,
    .lanes = VF_LANES,
    .mr = GEMM_MR,
    .nr = GEMM_NV * VF_LANES,
};
