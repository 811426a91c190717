/* vec/inline.h: what keeps a tile in registers. */
#ifndef PINION_VEC_INLINE_H
#define PINION_VEC_INLINE_H

/* For functions whose arguments select code: they must fold into their caller. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Before a loop of a constant number of turns (at most 32) that must vanish. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#endif
