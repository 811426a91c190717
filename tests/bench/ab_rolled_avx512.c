#include "ab_rolled.h"

#include "simd/isa/avx512.c"
