#include "ab_rolled.h"

#include "simd/isa/avx2.c"
