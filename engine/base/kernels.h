/* base/kernels.h: which table of kernels a run uses. */
#ifndef PINION_BASE_KERNELS_H
#define PINION_BASE_KERNELS_H

#include "engine/pinion.h"
#include "simd/simd.h"

/* The table called `isa`; NULL or "auto": the one that PINION_ISA of the environment names, else
 * the best that runs here. PN_ERROR_USAGE, with the known names, if there is no such table or this
 * processor cannot run it. */
pn_status kernels_select(const char *isa, const struct simd_kernels **kernels);

#endif
