#include "engine/data/dataset.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/data/storage.h"

struct dataset_storage {
    atomic_size_t references; /* data sets that share it; they may live in different threads */
    struct arena arena;
};

static size_t element_size(pn_dtype dtype)
{
    return dtype == PN_U8 ? sizeof(uint8_t) : sizeof(float);
}

static void storage_release(struct dataset_storage *storage)
{
    if (atomic_fetch_sub(&storage->references, 1) == 1) {
        arena_free(&storage->arena);
        free(storage);
    }
}

/* Fills all fields of `dataset` but the pointers; *bytes receives the size of the samples. */
static pn_status measure(const struct dataset_content *content, pn_dataset *dataset, size_t *bytes)
{
    if (content->dtype != PN_U8 && content->dtype != PN_F32) {
        return error_set(PN_ERROR_USAGE, "element type %d of a data set is unknown; give u8 or f32",
                         (int)content->dtype);
    }
    if (content->count == 0 || content->count > UINT32_MAX) {
        return error_set(PN_ERROR_USAGE, "a data set of %zu samples; give 1 to 4294967295",
                         content->count);
    }
    if (content->rank == 0 || content->rank > PN_MAX_RANK) {
        return error_set(PN_ERROR_USAGE, "samples of rank %zu; give 1 to %d", content->rank,
                         PN_MAX_RANK);
    }
    *dataset = (pn_dataset){
        .dtype = content->dtype, .count = content->count, .rank = content->rank, .sample_size = 1};
    for (size_t i = 0; i < content->rank; i++) {
        dataset->shape[i] = content->shape[i];
        if (content->shape[i] == 0) {
            return error_set(PN_ERROR_USAGE, "size %zu of the samples' shape is 0; give 1 or more",
                             i);
        }
        if (!size_multiply(dataset->sample_size, content->shape[i], &dataset->sample_size)) {
            return error_set(PN_ERROR_USAGE, "the samples' shape has more elements than memory can "
                                             "address; give a smaller one");
        }
    }
    if (!size_multiply(content->count, dataset->sample_size, bytes) ||
        !size_multiply(*bytes, element_size(content->dtype), bytes)) {
        return error_set(PN_ERROR_USAGE,
                         "%zu samples of %zu elements are more than memory can address; give fewer",
                         content->count, dataset->sample_size);
    }
    return PN_OK;
}

static pn_status storage_create(size_t sample_bytes, size_t labels, size_t path_bytes,
                                struct dataset_storage **storage)
{
    struct arena arena = {0};
    if (!arena_reserve(&arena, DATASET_MARGIN, 1) || !arena_reserve(&arena, sample_bytes, 1) ||
        !arena_reserve(&arena, labels, sizeof(int32_t)) || !arena_reserve(&arena, path_bytes, 1)) {
        return error_memory(sample_bytes, "a data set");
    }
    struct dataset_storage *const created = malloc(sizeof *created);
    if (!created) {
        return error_memory(sizeof *created, "a data set");
    }
    const pn_status status = arena_map(&arena, "a data set");
    if (status != PN_OK) {
        free(created);
        return status;
    }
    created->arena = arena;
    atomic_init(&created->references, 1);
    *storage = created;
    return PN_OK;
}

pn_status dataset_create(struct dataset_content *content, pn_dataset **dataset)
{
    *dataset = NULL;
    pn_dataset measured;
    size_t bytes = 0;
    pn_status status = measure(content, &measured, &bytes);
    if (status != PN_OK) {
        return status;
    }
    pn_dataset *const created = malloc(sizeof *created);
    if (!created) {
        return error_memory(sizeof *created, "a data set");
    }
    const size_t labels = content->labelled ? content->count : 0;
    const size_t path_bytes = content->label_file ? strlen(content->label_file) + 1 : 0;
    status = storage_create(bytes, labels, path_bytes, &measured.storage);
    if (status != PN_OK) {
        free(created);
        return status;
    }
    struct arena *const arena = &measured.storage->arena;
    arena_take(arena, DATASET_MARGIN, 1);
    content->samples = arena_take(arena, bytes, 1);
    content->labels = labels > 0 ? arena_take(arena, labels, sizeof(int32_t)) : NULL;
    measured.samples = content->samples;
    measured.labels = content->labels;
    if (path_bytes > 0) {
        char *const path = arena_take(arena, path_bytes, 1);
        measured.label_file = memcpy(path, content->label_file, path_bytes);
    }
    *created = measured;
    *dataset = created;
    return PN_OK;
}

void dataset_count_classes(pn_dataset *dataset)
{
    int32_t largest = -1;
    for (size_t i = 0; dataset->labels && i < dataset->count; i++) {
        largest = dataset->labels[i] > largest ? dataset->labels[i] : largest;
    }
    dataset->classes = (size_t)((int64_t)largest + 1);
}

pn_status pn_dataset_from_arrays(const void *samples, pn_dtype dtype, size_t count, size_t rank,
                                 const size_t *shape, const int32_t *labels, pn_dataset **dataset)
{
    *dataset = NULL;
    for (size_t i = 0; labels && i < count; i++) {
        if (labels[i] < 0) {
            return error_set(PN_ERROR_DATA,
                             "label %d of sample %zu is negative; labels are class "
                             "numbers from 0",
                             (int)labels[i], i);
        }
    }
    struct dataset_content content = {
        .dtype = dtype, .count = count, .rank = rank, .shape = shape, .labelled = labels != NULL};
    const pn_status status = dataset_create(&content, dataset);
    if (status != PN_OK) {
        return status;
    }
    memcpy(content.samples, samples, count * (*dataset)->sample_size * element_size(dtype));
    if (labels) {
        memcpy(content.labels, labels, count * sizeof *labels);
    }
    dataset_count_classes(*dataset);
    return PN_OK;
}

pn_status pn_dataset_slice(const pn_dataset *dataset, size_t first, size_t count,
                           pn_dataset **slice)
{
    *slice = NULL;
    if (count == 0 || first >= dataset->count || count > dataset->count - first) {
        return error_set(PN_ERROR_USAGE,
                         "%zu samples from sample %zu on are not a part of the %zu of the data "
                         "set; give a part of it that is not empty",
                         count, first, dataset->count);
    }
    pn_dataset *const created = malloc(sizeof *created);
    if (!created) {
        return error_memory(sizeof *created, "a slice of a data set");
    }
    *created = *dataset;
    created->samples = (const char *)dataset->samples +
                       first * dataset->sample_size * element_size(dataset->dtype);
    created->labels = dataset->labels ? dataset->labels + first : NULL;
    created->first += first;
    created->count = count;
    dataset_count_classes(created);
    atomic_fetch_add(&created->storage->references, 1);
    *slice = created;
    return PN_OK;
}

pn_status dataset_split(size_t count, double validation_split, size_t *train_count)
{
    if (!(validation_split >= 0.0)) { /* NaN too */
        return error_set(PN_ERROR_USAGE,
                         "validation split %g is not a share of the samples; give a number from 0 "
                         "to below 1",
                         validation_split);
    }
    if (validation_split >= 1.0) {
        return error_set(PN_ERROR_USAGE,
                         "validation split %g leaves no training samples; give a number from 0 to "
                         "below 1",
                         validation_split);
    }
    const size_t train = (size_t)((double)count * (1.0 - validation_split));
    if (train == 0) {
        return error_set(PN_ERROR_USAGE,
                         "validation split %g of %zu samples leaves no training samples; give a "
                         "smaller split or more samples",
                         validation_split, count);
    }
    if (train == count && validation_split > 0.0) {
        return error_set(PN_ERROR_USAGE,
                         "validation split %g of %zu samples leaves no validation samples; give a "
                         "larger split, more samples, or 0 for no validation",
                         validation_split, count);
    }
    *train_count = train;
    return PN_OK;
}

void pn_dataset_free(pn_dataset *dataset)
{
    if (dataset) {
        storage_release(dataset->storage);
        free(dataset);
    }
}

size_t pn_dataset_count(const pn_dataset *dataset)
{
    return dataset->count;
}

pn_dtype pn_dataset_dtype(const pn_dataset *dataset)
{
    return dataset->dtype;
}

size_t pn_dataset_shape(const pn_dataset *dataset, size_t shape[PN_MAX_RANK])
{
    memcpy(shape, dataset->shape, dataset->rank * sizeof *shape);
    return dataset->rank;
}

size_t pn_dataset_classes(const pn_dataset *dataset)
{
    return dataset->classes;
}

const int32_t *pn_dataset_labels(const pn_dataset *dataset)
{
    return dataset->labels;
}
