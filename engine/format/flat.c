#include "engine/format/flat.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"

enum {
    FLAT_MAGIC = 0x706e6631, /* "pnf1" */
    FLAT_PADDING = 8
};

enum flat_kind {
    FLAT_MODEL_CONFIG = 1,
    FLAT_TRAINING_CONFIG,
    FLAT_LAYER,
    FLAT_WEIGHT,
    FLAT_OPTIMIZER,
    FLAT_STATE,
    FLAT_SLOT,
    FLAT_END,
    FLAT_FAILURE
};

struct flat_record {
    uint32_t magic, kind;
    uint32_t dtype, rank; /* of an array; FAILURE: dtype is the status */
    uint64_t shape[PN_MAX_RANK];
    uint64_t name_size, payload_size;
};

_Static_assert(sizeof(struct flat_record) % FLAT_PADDING == 0, "records keep payloads aligned");

static bool write_padded(int descriptor, const void *bytes, size_t size)
{
    static const char zeros[FLAT_PADDING];
    const size_t padding = (FLAT_PADDING - size % FLAT_PADDING) % FLAT_PADDING;
    return file_write_all(descriptor, bytes, size) && file_write_all(descriptor, zeros, padding);
}

static bool write_record(int descriptor, struct flat_record record, const char *name,
                         const void *payload)
{
    record.magic = FLAT_MAGIC;
    record.name_size = name ? strlen(name) : 0;
    return file_write_all(descriptor, &record, sizeof record) &&
           write_padded(descriptor, name, record.name_size) &&
           write_padded(descriptor, payload, record.payload_size);
}

static bool write_text(int descriptor, enum flat_kind kind, const char *text)
{
    const struct flat_record record = {.kind = kind, .payload_size = text ? strlen(text) : 0};
    return !text || write_record(descriptor, record, NULL, text);
}

static bool write_arrays(int descriptor, enum flat_kind kind, const struct file_arrays *arrays)
{
    for (size_t i = 0; i < arrays->count; i++) {
        const struct file_array *array = &arrays->items[i];
        struct flat_record record = {.kind = kind,
                                     .dtype = array->dtype,
                                     .rank = (uint32_t)array->rank,
                                     .payload_size = array->count * file_dtype_size(array->dtype)};
        for (size_t d = 0; d < array->rank; d++) {
            record.shape[d] = array->shape[d];
        }
        if (!write_record(descriptor, record, array->name, array->values)) {
            return false;
        }
    }
    return true;
}

static bool write_file(int descriptor, const struct model_file *file)
{
    if (!write_text(descriptor, FLAT_MODEL_CONFIG, file->model_config) ||
        !write_text(descriptor, FLAT_TRAINING_CONFIG, file->training_config)) {
        return false;
    }
    for (size_t i = 0; i < file->layer_count; i++) {
        const struct flat_record record = {.kind = FLAT_LAYER};
        if (!write_record(descriptor, record, file->layers[i].name, NULL) ||
            !write_arrays(descriptor, FLAT_WEIGHT, &file->layers[i].weights)) {
            return false;
        }
    }
    const struct flat_record state = {.kind = FLAT_STATE, .payload_size = sizeof file->state};
    return write_arrays(descriptor, FLAT_OPTIMIZER, &file->optimizer) &&
           (!file->state.present || write_record(descriptor, state, NULL, &file->state)) &&
           write_arrays(descriptor, FLAT_SLOT, &file->slots) &&
           write_record(descriptor, (struct flat_record){.kind = FLAT_END}, NULL, NULL);
}

pn_status flat_write(int descriptor, const struct model_file *file)
{
    if (!write_file(descriptor, file)) {
        return error_set(PN_ERROR_FAILED, "out of memory for what was read; free memory");
    }
    return PN_OK;
}

pn_status flat_write_failure(int descriptor, pn_status status, const char *message)
{
    const struct flat_record record = {
        .kind = FLAT_FAILURE, .dtype = (uint32_t)status, .payload_size = strlen(message)};
    if (ftruncate(descriptor, 0) != 0 || lseek(descriptor, 0, SEEK_SET) != 0 ||
        !write_record(descriptor, record, NULL, message)) {
        return error_set(PN_ERROR_FAILED, "cannot hand over why reading failed");
    }
    return PN_OK;
}

/* What is left to take apart. */
struct cursor {
    const char *at;
    size_t left;
};

/* The next `size` bytes, past their padding; NULL if they are not there. */
static const char *cursor_take(struct cursor *cursor, uint64_t size)
{
    const uint64_t padded = size + (FLAT_PADDING - size % FLAT_PADDING) % FLAT_PADDING;
    if (padded < size || padded > cursor->left) {
        return NULL;
    }
    const char *bytes = cursor->at;
    cursor->at += padded;
    cursor->left -= padded;
    return bytes;
}

static pn_status nonsense(const char *what)
{
    return error_set(PN_ERROR_DATA,
                     "the model file is damaged (the reader handed over a wrong %s); take another "
                     "copy",
                     what);
}

static pn_status take_text(char **text, const char *payload, size_t size)
{
    if (*text || memchr(payload, '\0', size)) {
        return nonsense("config");
    }
    *text = strndup(payload, size);
    return *text ? PN_OK : error_memory(size, "a config");
}

static pn_status take_array(struct file_arrays *arrays, const struct flat_record *record,
                            const char *name, const char *payload)
{
    if ((record->dtype != FILE_F32 && record->dtype != FILE_I64) || record->rank > PN_MAX_RANK) {
        return nonsense("array");
    }
    size_t shape[PN_MAX_RANK];
    for (size_t d = 0; d < PN_MAX_RANK; d++) {
        shape[d] = record->shape[d];
    }
    struct file_array *array =
        file_arrays_add(arrays, name, (enum file_dtype)record->dtype, record->rank, shape);
    size_t bytes;
    if (!array || !size_multiply(array->count, file_dtype_size(array->dtype), &bytes) ||
        bytes != record->payload_size) {
        return nonsense("array");
    }
    array->values = payload;
    return PN_OK;
}

static pn_status take_state(struct file_state *state, const char *payload, size_t size)
{
    if (state->present || size != sizeof *state) {
        return nonsense("state");
    }
    /* Not as a struct: a bool that is neither 0 nor 1 is undefined. */
    if (payload[offsetof(struct file_state, present)] != 1) {
        return nonsense("state");
    }
    memcpy(state, payload, sizeof *state);
    state->version[sizeof state->version - 1] = '\0';
    state->checksum[sizeof state->checksum - 1] = '\0';
    return PN_OK;
}

static pn_status take_record(struct model_file *file, const struct flat_record *record,
                             const char *name, const char *payload)
{
    switch (record->kind) {
    case FLAT_MODEL_CONFIG:
        return take_text(&file->model_config, payload, record->payload_size);
    case FLAT_TRAINING_CONFIG:
        return take_text(&file->training_config, payload, record->payload_size);
    case FLAT_LAYER:
        return model_file_add_layer(file, name) ? PN_OK : nonsense("layer");
    case FLAT_WEIGHT:
        if (file->layer_count == 0) {
            return nonsense("array");
        }
        return take_array(&file->layers[file->layer_count - 1].weights, record, name, payload);
    case FLAT_OPTIMIZER:
        return take_array(&file->optimizer, record, name, payload);
    case FLAT_SLOT:
        return take_array(&file->slots, record, name, payload);
    case FLAT_STATE:
        return take_state(&file->state, payload, record->payload_size);
    default:
        return nonsense("record");
    }
}

static pn_status take_failure(const struct flat_record *record, const char *payload)
{
    char line[1024];
    const size_t size = record->payload_size < sizeof line ? record->payload_size : sizeof line - 1;
    memcpy(line, payload, size);
    line[size] = '\0';
    const pn_status status = record->dtype == PN_ERROR_FAILED ? PN_ERROR_FAILED : PN_ERROR_DATA;
    return error_set(status, "%s", line);
}

static pn_status take_all(struct model_file *file, struct cursor cursor)
{
    for (;;) {
        struct flat_record record;
        const char *bytes = cursor_take(&cursor, sizeof record);
        if (!bytes) {
            return nonsense("end");
        }
        memcpy(&record, bytes, sizeof record);
        const char *name_bytes =
            record.name_size <= FILE_MAX_NAME ? cursor_take(&cursor, record.name_size) : NULL;
        const char *payload = name_bytes ? cursor_take(&cursor, record.payload_size) : NULL;
        if (!payload || record.magic != FLAT_MAGIC) {
            return nonsense("record");
        }
        char name[FILE_MAX_NAME + 1];
        memcpy(name, name_bytes, record.name_size);
        name[record.name_size] = '\0';
        if (record.kind == FLAT_FAILURE) {
            return take_failure(&record, payload);
        }
        if (record.kind == FLAT_END) {
            return cursor.left == 0 ? PN_OK : nonsense("end");
        }
        const pn_status status = take_record(file, &record, name, payload);
        if (status != PN_OK) {
            return status;
        }
    }
}

pn_status flat_read(int descriptor, struct model_file *file)
{
    *file = (struct model_file){0};
    struct stat facts;
    if (fstat(descriptor, &facts) != 0 || facts.st_size <= 0) {
        return nonsense("length");
    }
    const size_t size = (size_t)facts.st_size;
    void *mapping = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapping == MAP_FAILED) {
        return error_memory(size, "what was read");
    }
    file->mapping = mapping;
    file->mapping_size = size;
    const pn_status status = take_all(file, (struct cursor){mapping, size});
    if (status != PN_OK) {
        model_file_free(file);
    }
    return status;
}
