#include "engine/format/model_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xxhash.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"

#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct file_state, name), false                                            \
    }
#define REAL(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct file_state, name), true                                             \
    }

const struct file_state_field file_state_fields[FILE_STATE_FIELDS] = {
    NUMBER(recipe),     NUMBER(seed),       NUMBER(steps),   NUMBER(epochs),
    REAL(beta_1_power), REAL(beta_2_power), NUMBER(batches), NUMBER(batch_size),
    NUMBER(samples),    NUMBER(shuffled),   NUMBER(hits),    REAL(loss_sum)};

static void file_arrays_free(struct file_arrays *arrays)
{
    for (size_t i = 0; i < arrays->count; i++) {
        free(arrays->items[i].name);
        free(arrays->items[i].storage);
    }
    free(arrays->items);
    *arrays = (struct file_arrays){0};
}

void model_file_free(struct model_file *file)
{
    free(file->model_config);
    free(file->training_config);
    for (size_t i = 0; i < file->layer_count; i++) {
        free(file->layers[i].name);
        file_arrays_free(&file->layers[i].weights);
    }
    free(file->layers);
    file_arrays_free(&file->optimizer);
    file_arrays_free(&file->slots);
    if (file->mapping) {
        munmap(file->mapping, file->mapping_size);
    }
    *file = (struct model_file){0};
}

/* Room for one more element of `size` bytes; the new one is zeroed. NULL: out of memory. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    const size_t larger = *capacity ? *capacity * 2 : 8;
    void *moved = reallocarray(items, larger, size);
    if (!moved) {
        return NULL;
    }
    memset((char *)moved + count * size, 0, (larger - count) * size);
    *capacity = larger;
    return moved;
}

struct file_layer *model_file_add_layer(struct model_file *file, const char *name)
{
    if (file->layer_count >= FILE_MAX_LAYERS || strlen(name) > FILE_MAX_NAME) {
        return NULL;
    }
    struct file_layer *layers =
        grow(file->layers, file->layer_count, &file->layer_capacity, sizeof *layers);
    if (!layers) {
        return NULL;
    }
    file->layers = layers;
    struct file_layer *layer = &layers[file->layer_count];
    *layer = (struct file_layer){.name = strdup(name)};
    if (!layer->name) {
        return NULL;
    }
    file->layer_count++;
    return layer;
}

size_t file_dtype_size(enum file_dtype dtype)
{
    return dtype == FILE_I64 ? sizeof(int64_t) : sizeof(float);
}

bool file_array_fits(const struct file_array *array, const struct parameter *parameter)
{
    return array->dtype == FILE_F32 && array->rank == parameter->rank &&
           memcmp(array->shape, parameter->shape, array->rank * sizeof *array->shape) == 0;
}

struct file_array *file_arrays_add(struct file_arrays *arrays, const char *name,
                                   enum file_dtype dtype, size_t rank, const size_t *shape)
{
    if (arrays->count >= FILE_MAX_ARRAYS || strlen(name) > FILE_MAX_NAME || rank > PN_MAX_RANK) {
        return NULL;
    }
    struct file_array array = {.dtype = dtype, .rank = rank, .count = 1};
    for (size_t i = 0; i < rank; i++) {
        array.shape[i] = shape[i];
        if (!size_multiply(array.count, shape[i], &array.count)) {
            return NULL;
        }
    }
    struct file_array *items = grow(arrays->items, arrays->count, &arrays->capacity, sizeof *items);
    if (!items) {
        return NULL;
    }
    arrays->items = items;
    array.name = strdup(name);
    if (!array.name) {
        return NULL;
    }
    items[arrays->count] = array;
    return &items[arrays->count++];
}

static void checksum_number(XXH3_state_t *state, uint64_t number)
{
    const unsigned char bytes[8] = {(unsigned char)number,         (unsigned char)(number >> 8),
                                    (unsigned char)(number >> 16), (unsigned char)(number >> 24),
                                    (unsigned char)(number >> 32), (unsigned char)(number >> 40),
                                    (unsigned char)(number >> 48), (unsigned char)(number >> 56)};
    XXH3_128bits_update(state, bytes, sizeof bytes);
}

/* Texts and names with their lengths, so that nothing can move from one to the next. */
static void checksum_text(XXH3_state_t *state, const char *text)
{
    const size_t length = text ? strlen(text) : 0;
    checksum_number(state, length);
    if (length) {
        XXH3_128bits_update(state, text, length);
    }
}

/* Values go in as they lie in memory: little-endian on every processor that pinion has kernels
 * for. */
static void checksum_arrays(XXH3_state_t *state, const struct file_arrays *arrays)
{
    checksum_number(state, arrays->count);
    for (size_t i = 0; i < arrays->count; i++) {
        const struct file_array *array = &arrays->items[i];
        checksum_text(state, array->name);
        checksum_number(state, array->dtype);
        checksum_number(state, array->rank);
        for (size_t d = 0; d < array->rank; d++) {
            checksum_number(state, array->shape[d]);
        }
        if (array->count) {
            XXH3_128bits_update(state, array->values, array->count * file_dtype_size(array->dtype));
        }
    }
}

pn_status model_file_checksum(const struct model_file *file, char digits[33])
{
    XXH3_state_t *state = XXH3_createState();
    if (!state) {
        return error_memory(sizeof(XXH3_state_t *), "a checksum");
    }
    XXH3_128bits_reset(state);
    checksum_text(state, file->model_config);
    checksum_text(state, file->training_config);
    checksum_number(state, file->layer_count);
    for (size_t i = 0; i < file->layer_count; i++) {
        checksum_text(state, file->layers[i].name);
        checksum_arrays(state, &file->layers[i].weights);
    }
    for (size_t i = 0; i < FILE_STATE_FIELDS; i++) {
        uint64_t bits; /* of a double, too */
        memcpy(&bits, (const char *)&file->state + file_state_fields[i].offset, sizeof bits);
        checksum_number(state, bits);
    }
    checksum_arrays(state, &file->slots);
    const XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(digits, 33, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    return PN_OK;
}
