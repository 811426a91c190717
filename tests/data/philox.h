/* Philox4x32-10 as its authors define it, apart from the engine's. */
#ifndef PINION_TESTS_DATA_PHILOX_H
#define PINION_TESTS_DATA_PHILOX_H

#include <stdint.h>

void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4]);

#endif
