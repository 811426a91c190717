/* base/kernels.h: which table of kernels a run uses. */
#ifndef PINION_BASE_KERNELS_H
#define PINION_BASE_KERNELS_H

#include "engine/pinion.h"
#include "simd/simd.h"

/* The kernels of that name; NULL: PINION_ISA of the environment, else the best. PN_ERROR_USAGE with
 * the list of known names, or saying that the processor lacks it. */
pn_status kernels_select(const char *isa, const struct simd_kernels **kernels);

#endif
