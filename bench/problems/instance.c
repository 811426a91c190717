#include "bench/problems/instance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Products of more multiplications than this are compared on blocks of rows. */
static const size_t CHECKED_PRODUCTS = 4000000;

/* --- layout ------------------------------------------------------------------------------------
 */

/* Room behind each buffer for a vector that reads past the end; not all at one offset of a page. */
static size_t placed_bytes(const struct simd_kernels *kernels, const struct buffer *buffer, int i)
{
    const size_t bytes = buffer_bytes(kernels, buffer);
    return bytes == 0 ? 0 : (bytes + 63) / 64 * 64 + 64 * (size_t)(5 + 2 * i);
}

static void list_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                         struct buffer list[PROBLEM_BUFFERS])
{
    memset(list, 0, PROBLEM_BUFFERS * sizeof *list);
    problem->family->buffers(kernels, problem, list);
}

static uint64_t mixed(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x100000001B3u;
}

void instance_sizes(const struct simd_kernels *kernels, const struct problem *problem,
                    size_t *batch_bytes, size_t *weight_bytes, uint64_t *layout)
{
    struct buffer list[PROBLEM_BUFFERS];
    list_buffers(kernels, problem, list);
    *batch_bytes = *weight_bytes = 0;
    *layout = 0xCBF29CE484222325u;
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        const struct buffer *buffer = &list[i];
        *(buffer->weight ? weight_bytes : batch_bytes) += placed_bytes(kernels, buffer, i);
        const uint64_t facts[] = {
            buffer->use,     buffer->rows,     buffer->columns, buffer->stride,
            buffer->element, buffer->positive, buffer->weight,  buffer_bytes(kernels, buffer)};
        for (size_t fact = 0; fact < sizeof facts / sizeof facts[0]; fact++) {
            *layout = mixed(*layout, facts[fact]);
        }
    }
}

void instance_bind(const struct simd_kernels *kernels, const struct problem *problem, void *batch,
                   void *weights, struct instance *instance)
{
    *instance = (struct instance){.kernels = kernels};
    list_buffers(kernels, problem, instance->list);
    instance->operands = (struct operands){.problem = problem, .rows = problem->m};
    char *next_batch = batch, *next_weight = weights;
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        char **next = instance->list[i].weight ? &next_weight : &next_batch;
        instance->operands.buffer[i] = *next;
        *next += placed_bytes(kernels, &instance->list[i], i);
    }
}

/* --- data --------------------------------------------------------------------------------------
 */

/* 32 random bits of an element. */
static uint32_t element_bits(uint32_t seed, int buffer, size_t element)
{
    uint32_t bits = (uint32_t)element * 0x9E3779B9u + (uint32_t)(element >> 32) +
                    (uint32_t)buffer * 0x85EBCA6Bu + seed * 0xC2B2AE35u;
    bits = (bits ^ bits >> 16) * 0x7FEB352Du;
    bits = (bits ^ bits >> 15) * 0x846CA68Bu;
    return bits ^ bits >> 16;
}

static float element_value(uint32_t bits, bool positive)
{
    const float value = (float)(bits >> 8) * 0x1p-23f - 1.0f;
    return positive ? value * value + 0x1p-10f : value;
}

static void fill_buffer(const struct simd_kernels *kernels, const struct buffer *buffer, int i,
                        uint32_t seed, void *data)
{
    memset(data, 0, buffer_bytes(kernels, buffer));
    for (size_t r = 0; r < buffer->rows && buffer->element <= sizeof(float); r++) {
        for (size_t c = 0; c < buffer->columns; c++) {
            const uint32_t bits = element_bits(seed, i, r * buffer->columns + c);
            const size_t at = buffer_index(kernels, buffer, r, c);
            if (buffer->element == 1) {
                ((uint8_t *)data)[at] = (uint8_t)bits;
            } else {
                ((float *)data)[at] = element_value(bits, buffer->positive);
            }
        }
    }
}

void instance_fill(const struct instance *instance, uint32_t seed)
{
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        if (instance->list[i].use != BUFFER_UNUSED) {
            fill_buffer(instance->kernels, &instance->list[i], i, seed,
                        instance->operands.buffer[i]);
        }
    }
    const struct family *family = instance->operands.problem->family;
    if (family->prepare != NULL) {
        family->prepare(&instance->operands);
    }
}

/* --- comparison with the reference -------------------------------------------------------------
 */

struct block {
    size_t first_row, rows;
};

static bool row_equals(const struct instance *actual, const struct instance *expected, int i,
                       size_t row, char *message, size_t size)
{
    const struct buffer *buffer = &actual->list[i], *other = &expected->list[i];
    for (size_t c = 0; c < buffer->columns; c++) {
        const char *a = (const char *)actual->operands.buffer[i] +
                        buffer->element * buffer_index(actual->kernels, buffer, row, c);
        const char *b = (const char *)expected->operands.buffer[i] +
                        buffer->element * buffer_index(expected->kernels, other, row, c);
        if (memcmp(a, b, buffer->element) == 0) {
            continue;
        }
        if (buffer->element == sizeof(float)) {
            float values[2];
            memcpy(&values[0], a, sizeof(float));
            memcpy(&values[1], b, sizeof(float));
            snprintf(message, size, "row %zu, column %zu of buffer %d is %.9g, not %.9g", row, c, i,
                     (double)values[0], (double)values[1]);
        } else {
            snprintf(message, size, "row %zu, column %zu of buffer %d is 0x%02x, not 0x%02x", row,
                     c, i, (unsigned char)*a, (unsigned char)*b);
        }
        return false;
    }
    return true;
}

static bool block_equals(const struct instance *actual, const struct instance *expected,
                         const struct block *block, char *message, size_t size)
{
    const bool product = actual->operands.problem->family->product;
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        const struct buffer *buffer = &actual->list[i];
        if (buffer->use != BUFFER_OUTPUT && buffer->use != BUFFER_UPDATED) {
            continue;
        }
        const size_t first = product ? block->first_row : 0;
        const size_t end = product ? first + block->rows : buffer->rows;
        for (size_t r = first; r < end; r++) {
            if (!row_equals(actual, expected, i, r, message, size)) {
                return false;
            }
        }
    }
    return true;
}

/* Which rows to compare; returns how many blocks. */
static size_t choose_blocks(const struct problem *problem, struct block blocks[2])
{
    blocks[0] = (struct block){0, problem->m};
    const size_t row = problem->n * problem->k;
    if (!problem->family->product || problem->m * row <= CHECKED_PRODUCTS) {
        return 1;
    }
    const size_t rows = CHECKED_PRODUCTS / 2 / row + 1;
    blocks[0].rows = rows;
    blocks[1] = (struct block){problem->m - rows, rows};
    return 2;
}

bool instance_check(struct instance *instance, uint32_t seed, char *message, size_t size)
{
    const struct problem *problem = instance->operands.problem;
    size_t batch_bytes, weight_bytes;
    uint64_t layout;
    instance_sizes(&simd_reference, problem, &batch_bytes, &weight_bytes, &layout);
    char *memory = aligned_alloc(64, batch_bytes + weight_bytes + 64);
    if (memory == NULL) {
        snprintf(message, size, "no memory for the reference: %zu bytes",
                 batch_bytes + weight_bytes);
        return false;
    }
    struct instance expected;
    instance_bind(&simd_reference, problem, memory, memory + batch_bytes, &expected);
    instance_fill(&expected, seed);
    instance_fill(instance, seed);
    instance_run(instance, 1);
    struct block blocks[2];
    const size_t count = choose_blocks(problem, blocks);
    bool equal = true;
    for (size_t i = 0; i < count && equal; i++) {
        expected.operands.first_row = blocks[i].first_row;
        expected.operands.rows = blocks[i].rows;
        instance_run(&expected, 1);
        equal = block_equals(instance, &expected, &blocks[i], message, size);
    }
    free(memory);
    return equal;
}
