/* Leaves the loops of tiles as loops: a regression as it happens, when a compiler drops what it was
 * told to unroll. Results are the same, products take longer. */
#include "simd/vec/inline.h"

#undef UNROLL
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 1")
#endif
