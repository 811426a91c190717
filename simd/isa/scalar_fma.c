/* The scalar table again, compiled with -mfma. */
#include "simd/isa/scalar.c"
