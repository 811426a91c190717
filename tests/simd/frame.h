/*
 * frame.h: what the conformance cases share. A case calls a kernel on buffers that end (first pass)
 * or begin (second pass) at a page nobody may touch, with poison on the other side, and compares
 * the bits of what it wrote with the reference.
 *
 * A case is: frame_begin, buffers, the two calls, frame_check..., frame_end. Its random numbers
 * depend on the seed and on its description alone, so --seed with --kernel replays it.
 */
#ifndef PINION_TESTS_SIMD_FRAME_H
#define PINION_TESTS_SIMD_FRAME_H

#include "simd/simd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs the cases of one family on one table. */
typedef void frame_family(const struct simd_kernels *kernels);

/* The cases: conformance.c lists them. */
frame_family gemm_cases, weight_update_cases, optimizer_cases, pack_cases, gather_cases,
    function_cases, row_cases, random_cases, probe_cases;

/* Parses --seed N, --isa NAME, --kernel NAME,; runs all families on all tables that run on
 * this processor and on the reference itself. Returns the exit status. */
int frame_main(int argc, char **argv, frame_family *const *families, size_t count);

/* Starts a case of a kernel; false: it was not asked for, skip it. The description names its shape,
 * printf-like. */
bool frame_begin(const struct simd_kernels *kernels, const char *kernel, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends it: poison and inputs must be as they were. */
void frame_end(void);

/* Random numbers: 64 bits; below n; a float in [-1, 1). */
uint64_t frame_random(void);
size_t frame_below(size_t n);
float frame_unit(void);

/* Fills with floats in [-1, 1), or in one case of four with zeros of both signs, magnitudes around
 * 2^-100 and 2^-45, large ones and a few NaN and infinities among them. */
void frame_fill(size_t n, float *values);

/* Guarded memory of exactly n elements, random for inputs, which the kernel must leave alone.
 * Outputs hold random values too: what a kernel must not write is compared. */
const float *frame_input(size_t n);
float *frame_output(size_t n);
void *frame_bytes(size_t size);

/* Unguarded memory until frame_end, for the reference's side; frame_copy holds the same values. */
float *frame_scratch(size_t n);
float *frame_copy(size_t n, const float *values);

/* Makes what is in guarded memory now an input: frame_end compares it. */
void frame_protect(const void *data);

/* Compares bits, NaN equal to NaN; the first difference is reported with its index. */
void frame_check(const char *name, size_t n, const float *expected, const float *actual);
void frame_check_words(const char *name, size_t n, const uint32_t *expected,
                       const uint32_t *actual);
void frame_check_bytes(const char *name, size_t n, const uint8_t *expected, const uint8_t *actual);
void frame_check_size(const char *name, size_t expected, size_t actual);

/* Where element (p, j) of a [k, n] matrix lies in its panels, as simd.h says. */
size_t frame_panel_index(const struct simd_kernels *kernels, size_t k, size_t n, size_t p,
                         size_t j);

#endif
