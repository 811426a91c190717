#include "engine/format/hdf5_array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/format/hdf5_session.h"

enum {
    DEFLATE_MAX_RATIO = 1032, /* what DEFLATE can reach, RFC 1951: 258 bytes for two bits */
    DEFLATE_SLACK = 64 << 10,
    MAX_FILTERS = 8
};

void hdf5_path(char path[HDF5_MAX_PATH], const char *where, const char *name)
{
    snprintf(path, HDF5_MAX_PATH, "%s/%s", strcmp(where, "/") == 0 ? "" : where, name);
}

static pn_status damaged(const char *path, const char *what)
{
    char reason[256];
    return error_set(PN_ERROR_DATA, "%s %s (libhdf5: %s); take another copy", path, what,
                     hdf5_reason(reason, sizeof reason));
}

static const char *type_name(H5I_type_t type)
{
    return type == H5I_GROUP ? "a group" : type == H5I_DATASET ? "a data set" : "a named type";
}

/* Opens one step of a path. A soft, external or user-defined link may lead anywhere, also into
 * other files: none is followed. */
static pn_status open_step(hid_t group, const char *path, const char *step, hid_t *object)
{
    const htri_t exists = H5Lexists(group, step, H5P_DEFAULT);
    if (exists == 0) {
        return error_set(PN_ERROR_DATA,
                         "%s is missing (no %s); it is no whole Keras model, or damaged", path,
                         step);
    }
    H5L_info_t link;
    if (exists < 0 || H5Lget_info(group, step, &link, H5P_DEFAULT) < 0) {
        return damaged(path, "cannot be looked up");
    }
    if (link.type != H5L_TYPE_HARD) {
        return error_set(PN_ERROR_DATA,
                         "%s goes through a %s link, which is not followed; save the model again "
                         "as one plain file",
                         path,
                         link.type == H5L_TYPE_SOFT       ? "soft"
                         : link.type == H5L_TYPE_EXTERNAL ? "external"
                                                          : "user-defined");
    }
    *object = H5Oopen(group, step, H5P_DEFAULT);
    return *object >= 0 ? PN_OK : damaged(path, "cannot be opened");
}

pn_status hdf5_open(hid_t from, const char *where, const char *name, H5I_type_t type, hid_t *object)
{
    char path[HDF5_MAX_PATH];
    hdf5_path(path, where, name);
    char steps[FILE_MAX_NAME + 1];
    if (strlen(name) > FILE_MAX_NAME) {
        return error_set(PN_ERROR_DATA, "%.80s... is no sensible name", name);
    }
    strcpy(steps, name);
    hid_t at = from;
    pn_status status = PN_OK;
    char *rest = steps;
    for (size_t depth = 0; status == PN_OK && rest; depth++) {
        char *step = strsep(&rest, "/");
        hid_t next = H5I_INVALID_HID;
        if (depth == HDF5_MAX_DEPTH || *step == '\0' || strcmp(step, ".") == 0) {
            status = error_set(PN_ERROR_DATA, "%s is no sensible name", path);
        } else {
            status = open_step(at, path, step, &next);
        }
        const H5I_type_t wanted = rest ? H5I_GROUP : type;
        if (status == PN_OK && H5Iget_type(next) != wanted) {
            status = error_set(PN_ERROR_DATA, "%s is not %s but %s; take another copy", path,
                               type_name(wanted), type_name(H5Iget_type(next)));
            H5Oclose(next);
        }
        if (at != from) {
            H5Oclose(at);
        }
        at = status == PN_OK ? next : from;
    }
    *object = at;
    return status;
}

/* IEEE binary16, which this libhdf5 has no name for. */
static bool is_half(hid_t type)
{
    bool equal = false;
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    if (half >= 0 && H5Tset_fields(half, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(half, 2) >= 0 &&
        H5Tset_ebias(half, 15) >= 0) {
        equal = H5Tequal(type, half) > 0;
    }
    H5Tclose(half);
    return equal;
}

/* The types that arrays of Keras have, exactly: libhdf5 would convert any made-up float. */
static bool type_known(hid_t type, enum file_dtype *dtype)
{
    const hid_t floats[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_IEEE_F64BE};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        if (H5Tequal(type, floats[i]) > 0) {
            *dtype = FILE_F32;
            return true;
        }
    }
    const hid_t integers[] = {H5T_STD_I64LE, H5T_STD_I32LE, H5T_STD_I64BE, H5T_STD_I32BE,
                              H5T_STD_U64LE, H5T_STD_U32LE, H5T_STD_U8LE,  H5T_STD_I8LE};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        if (H5Tequal(type, integers[i]) > 0) {
            *dtype = FILE_I64;
            return true;
        }
    }
    *dtype = FILE_F32;
    return is_half(type);
}

/* Shape and type, before anything is allocated. */
static pn_status describe(hid_t dataset, const char *path, struct file_array *array,
                          size_t *stored_element)
{
    const hid_t type = H5Dget_type(dataset);
    const bool known = type >= 0 && type_known(type, &array->dtype);
    *stored_element = known ? H5Tget_size(type) : 0;
    H5Tclose(type);
    if (!known) {
        return error_set(PN_ERROR_DATA,
                         "%s holds neither f16, f32, f64 nor integers; save the model with float32 "
                         "weights",
                         path);
    }
    const hid_t space = H5Dget_space(dataset);
    const H5S_class_t kind = space >= 0 ? H5Sget_simple_extent_type(space) : H5S_NO_CLASS;
    const int rank = kind == H5S_SIMPLE || kind == H5S_SCALAR ? H5Sget_simple_extent_ndims(space)
                                                              : PN_MAX_RANK + 1;
    hsize_t dims[PN_MAX_RANK] = {0};
    const bool sensible =
        rank >= 0 && rank <= PN_MAX_RANK && H5Sget_simple_extent_dims(space, dims, NULL) == rank;
    H5Sclose(space);
    if (!sensible) {
        return error_set(PN_ERROR_DATA,
                         "%s has no shape, or more than %d dimensions; take another "
                         "copy",
                         path, PN_MAX_RANK);
    }
    array->rank = (size_t)rank;
    array->count = 1;
    for (int d = 0; d < rank; d++) {
        array->shape[d] = dims[d];
        if (dims[d] == 0 || !size_multiply(array->count, dims[d], &array->count)) {
            return error_set(PN_ERROR_DATA,
                             "%s: dimension %d is %llu, which cannot be; take "
                             "another copy",
                             path, d, (unsigned long long)dims[d]);
        }
    }
    return PN_OK;
}

static pn_status check_filters(hid_t creation, const char *path, bool *deflate)
{
    const int count = H5Pget_nfilters(creation);
    if (count < 0 || count > MAX_FILTERS) {
        return damaged(path, "has no sensible list of filters");
    }
    *deflate = false;
    for (int i = 0; i < count; i++) {
        size_t values = 0;
        unsigned flags;
        const H5Z_filter_t filter =
            H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32) {
            return error_set(PN_ERROR_DATA,
                             "%s is stored with filter %d; only deflate (gzip), shuffle and "
                             "fletcher32 are read: save it again",
                             path, (int)filter);
        }
        *deflate = *deflate || filter == H5Z_FILTER_DEFLATE;
    }
    return PN_OK;
}

/* Most bytes that so many stored ones can hold. */
static size_t capacity(size_t stored, bool deflate)
{
    size_t most;
    if (!deflate) {
        return stored;
    }
    return size_multiply(stored, DEFLATE_MAX_RATIO, &most) && size_add(most, DEFLATE_SLACK, &most)
               ? most
               : SIZE_MAX;
}

/* Where the bytes are: in this file, and as many as the shape says. */
static pn_status check_storage(hid_t dataset, const char *path, const struct file_array *array,
                               size_t stored_element, const struct hdf5_budget *budget)
{
    const hid_t creation = H5Dget_create_plist(dataset);
    if (creation < 0) {
        return damaged(path, "cannot be described");
    }
    pn_status status = PN_OK;
    bool deflate = false;
    const H5D_layout_t layout = H5Pget_layout(creation);
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
        status = error_set(PN_ERROR_DATA,
                           "%s is a virtual data set, made of others; save the model again as one "
                           "plain file",
                           path);
    } else if (H5Pget_external_count(creation) != 0) {
        status = error_set(PN_ERROR_DATA,
                           "%s keeps its values in another file, which is not opened; save the "
                           "model again as one plain file",
                           path);
    } else if (layout == H5D_CHUNKED) {
        status = check_filters(creation, path, &deflate);
    }
    size_t bytes = 0;
    const bool fits = size_multiply(array->count, stored_element, &bytes);
    const hsize_t stored = status == PN_OK ? H5Dget_storage_size(dataset) : 0;
    if (status == PN_OK &&
        (!fits || stored > budget->file_size || bytes > capacity(stored, deflate))) {
        status = error_set(PN_ERROR_DATA,
                           "%s declares %zu values but %llu bytes are stored in a file of %zu "
                           "bytes; take another copy",
                           path, array->count, (unsigned long long)stored, budget->file_size);
    }
    if (status == PN_OK && layout == H5D_CHUNKED) {
        hsize_t chunk[PN_MAX_RANK] = {0};
        size_t chunk_bytes = stored_element;
        bool sensible = H5Pget_chunk(creation, PN_MAX_RANK, chunk) == (int)array->rank;
        for (size_t d = 0; sensible && d < array->rank; d++) {
            sensible = size_multiply(chunk_bytes, chunk[d], &chunk_bytes);
        }
        if (!sensible || chunk_bytes > capacity(stored, deflate)) {
            status = error_set(PN_ERROR_DATA,
                               "%s declares chunks of %zu bytes but %llu bytes are stored; take "
                               "another copy",
                               path, chunk_bytes, (unsigned long long)stored);
        }
    }
    H5Pclose(creation);
    return status;
}

static pn_status read_values(hid_t dataset, const char *path, struct hdf5_budget *budget,
                             struct file_array *array)
{
    size_t bytes;
    if (!size_multiply(array->count, file_dtype_size(array->dtype), &bytes) ||
        bytes > budget->left) {
        return error_set(PN_ERROR_DATA,
                         "%s declares %zu values, more than a file of %zu bytes should hold; take "
                         "another copy",
                         path, array->count, budget->file_size);
    }
    budget->left -= bytes;
    array->storage = malloc(bytes);
    if (!array->storage) {
        return error_memory(bytes, path);
    }
    array->values = array->storage;
    const hid_t memory = array->dtype == FILE_I64 ? H5T_NATIVE_INT64 : H5T_NATIVE_FLOAT;
    return H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->storage) >= 0
               ? PN_OK
               : damaged(path, "cannot be read");
}

pn_status hdf5_read_array(hid_t group, const char *where, const char *name,
                          struct hdf5_budget *budget, struct file_arrays *arrays)
{
    char path[HDF5_MAX_PATH];
    hdf5_path(path, where, name);
    hid_t dataset;
    pn_status status = hdf5_open(group, where, name, H5I_DATASET, &dataset);
    if (status != PN_OK) {
        return status;
    }
    struct file_array found = {0};
    size_t stored_element;
    status = describe(dataset, path, &found, &stored_element);
    if (status == PN_OK) {
        status = check_storage(dataset, path, &found, stored_element, budget);
    }
    struct file_array *array = NULL;
    if (status == PN_OK) {
        array = file_arrays_add(arrays, name, found.dtype, found.rank, found.shape);
        status = array ? read_values(dataset, path, budget, array)
                       : error_set(PN_ERROR_DATA, "%s is one array too many", path);
    }
    H5Oclose(dataset);
    return status;
}
