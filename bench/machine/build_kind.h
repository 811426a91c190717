/* machine/build_kind.h: how this program was compiled. */
#ifndef PINION_BENCH_BUILD_KIND_H
#define PINION_BENCH_BUILD_KIND_H

#include <stdbool.h>

struct build_kind {
    const char *compiler; /* "gcc 12.2.0" */
    const char *type;     /* CMake's word, "Release" */
    bool optimized;
    bool asserts; /* assert() is compiled in */
    bool sanitized;
};

struct build_kind build_kind(void);

#endif
