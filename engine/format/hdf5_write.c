#include "engine/format/hdf5_codec.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/format/hdf5_session.h"

enum {
    IMAGE_INCREMENT = 1 << 20,
    /* An object header message of the default format holds less than 64 KiB; Keras splits its lists
     * of names at this size. */
    NAMES_MAX_BYTES = 64512
};

static const char written_keras_version[] = "2.9.0";
static const char written_backend[] = "tensorflow";

static bool write_attribute(hid_t object, const char *name, hid_t type, hid_t space,
                            hid_t memory_type, const void *value)
{
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool written =
        attribute >= 0 && (value == NULL || H5Awrite(attribute, memory_type, value) >= 0);
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    return written;
}

static bool write_scalar(hid_t object, const char *name, hid_t type, hid_t memory_type,
                         const void *value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const bool written =
        space >= 0 && write_attribute(object, name, type, space, memory_type, value);
    H5Sclose(space);
    return written;
}

/* As h5py writes a str (UTF-8) or bytes (ASCII): of variable length, so that a config may be
 * larger than an attribute. */
static bool write_text(hid_t object, const char *name, const char *text, H5T_cset_t encoding)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const bool written = type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 &&
                         H5Tset_cset(type, encoding) >= 0 &&
                         write_scalar(object, name, type, type, &text);
    H5Tclose(type);
    return written;
}

/* A list of names in one attribute: null-padded strings as long as the longest. */
static bool write_names_part(hid_t object, const char *attribute, const char *const *names,
                             size_t count, size_t longest)
{
    char *bytes = calloc(count, longest);
    if (!bytes) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + i * longest, names[i], strlen(names[i]));
    }
    const hsize_t dims[1] = {count};
    const hid_t space = H5Screate_simple(1, dims, NULL);
    const hid_t type = H5Tcopy(H5T_C_S1);
    const bool written = space >= 0 && type >= 0 && H5Tset_size(type, longest) >= 0 &&
                         H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
                         write_attribute(object, attribute, type, space, type, bytes);
    H5Tclose(type);
    H5Sclose(space);
    free(bytes);
    return written;
}

/* Keras's way with lists of names: none is an empty list of doubles (what NumPy makes of []), too
 * many go to NAME0, NAME1, ... in parts of equal length. */
static bool write_names(hid_t object, const char *attribute, const char *const *names, size_t count)
{
    if (count == 0) {
        const hsize_t none[1] = {0};
        const hid_t space = H5Screate_simple(1, none, NULL);
        const bool written =
            write_attribute(object, attribute, H5T_IEEE_F64LE, space, H5T_NATIVE_DOUBLE, NULL);
        H5Sclose(space);
        return written;
    }
    size_t longest = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(names[i]);
        longest = length > longest ? length : longest;
    }
    if (longest > NAMES_MAX_BYTES) {
        return false;
    }
    if (count * longest <= NAMES_MAX_BYTES) {
        return write_names_part(object, attribute, names, count, longest);
    }
    size_t parts = 2;
    while ((count + parts - 1) / parts * longest > NAMES_MAX_BYTES) {
        parts++;
    }
    for (size_t part = 0, first = 0; part < parts; part++) {
        const size_t n = count / parts + (part < count % parts ? 1 : 0);
        char name[64];
        snprintf(name, sizeof name, "%s%zu", attribute, part);
        if (!write_names_part(object, name, names + first, n, longest)) {
            return false;
        }
        first += n;
    }
    return true;
}

static bool write_array_names(hid_t object, const char *attribute, const struct file_arrays *arrays)
{
    const char **names = calloc(arrays->count + 1, sizeof *names);
    if (!names) {
        return false;
    }
    for (size_t i = 0; i < arrays->count; i++) {
        names[i] = arrays->items[i].name;
    }
    const bool written = write_names(object, attribute, names, arrays->count);
    free(names);
    return written;
}

/* A link creation list that makes the groups of a path: a weight's name holds slashes. */
static hid_t path_links(void)
{
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    if (links >= 0) {
        H5Pset_create_intermediate_group(links, 1);
    }
    return links;
}

static hid_t create_group(hid_t parent, const char *name)
{
    const hid_t links = path_links();
    const hid_t group = H5Gcreate2(parent, name, links, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(links);
    return group;
}

/* Contiguous, little-endian. Without times: equal models are equal files. */
static bool write_array(hid_t group, const struct file_array *array)
{
    hsize_t dims[PN_MAX_RANK];
    for (size_t d = 0; d < array->rank; d++) {
        dims[d] = array->shape[d];
    }
    const bool integer = array->dtype == FILE_I64;
    const hid_t links = path_links();
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, false);
    const hid_t space =
        array->rank ? H5Screate_simple((int)array->rank, dims, NULL) : H5Screate(H5S_SCALAR);
    const hid_t dataset = H5Dcreate2(group, array->name, integer ? H5T_STD_I64LE : H5T_IEEE_F32LE,
                                     space, links, creation, H5P_DEFAULT);
    const bool written =
        dataset >= 0 && H5Dwrite(dataset, integer ? H5T_NATIVE_INT64 : H5T_NATIVE_FLOAT, H5S_ALL,
                                 H5S_ALL, H5P_DEFAULT, array->values) >= 0;
    if (dataset >= 0) {
        H5Dclose(dataset);
    }
    H5Sclose(space);
    H5Pclose(creation);
    H5Pclose(links);
    return written;
}

static bool write_arrays(hid_t group, const struct file_arrays *arrays)
{
    for (size_t i = 0; i < arrays->count; i++) {
        if (!write_array(group, &arrays->items[i])) {
            return false;
        }
    }
    return true;
}

static bool write_layer(hid_t weights, const char *name, const struct file_arrays *arrays)
{
    const hid_t group = create_group(weights, name);
    if (group < 0) {
        return false;
    }
    const bool written =
        write_array_names(group, "weight_names", arrays) && write_arrays(group, arrays);
    H5Gclose(group);
    return written;
}

static bool write_layer_names(hid_t weights, const struct model_file *file)
{
    const char **names = calloc(file->layer_count + 1, sizeof *names);
    if (!names) {
        return false;
    }
    for (size_t i = 0; i < file->layer_count; i++) {
        names[i] = file->layers[i].name;
    }
    const bool written = write_names(weights, "layer_names", names, file->layer_count);
    free(names);
    return written;
}

static bool write_weights(hid_t root, const struct model_file *file)
{
    const hid_t weights = create_group(root, "model_weights");
    if (weights < 0) {
        return false;
    }
    bool written = write_layer_names(weights, file) &&
                   write_text(weights, "backend", written_backend, H5T_CSET_ASCII) &&
                   write_text(weights, "keras_version", written_keras_version, H5T_CSET_ASCII);
    for (size_t i = 0; written && i < file->layer_count; i++) {
        written = write_layer(weights, file->layers[i].name, &file->layers[i].weights);
    }
    written = written && write_layer(weights, "top_level_model_weights", &(struct file_arrays){0});
    H5Gclose(weights);
    return written;
}

static bool write_state_field(hid_t group, const struct file_state_field *field,
                              const struct file_state *state)
{
    const void *value = (const char *)state + field->offset;
    return write_scalar(group, field->name, field->real ? H5T_IEEE_F64LE : H5T_STD_U64LE,
                        field->real ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT64, value);
}

static bool write_state(hid_t root, const struct model_file *file)
{
    const struct file_state *state = &file->state;
    const hid_t group = create_group(root, "pinion");
    if (group < 0) {
        return false;
    }
    bool written = write_text(group, "version", state->version, H5T_CSET_ASCII) &&
                   write_text(group, "checksum", state->checksum, H5T_CSET_ASCII);
    for (size_t i = 0; written && i < FILE_STATE_FIELDS; i++) {
        written = write_state_field(group, &file_state_fields[i], state);
    }
    written = written && write_array_names(group, "slot_names", &file->slots) &&
              write_arrays(group, &file->slots);
    H5Gclose(group);
    return written;
}

static bool write_root(hid_t root, const struct model_file *file)
{
    return write_text(root, "keras_version", written_keras_version, H5T_CSET_UTF8) &&
           write_text(root, "backend", written_backend, H5T_CSET_UTF8) &&
           write_text(root, "model_config", file->model_config, H5T_CSET_ASCII) &&
           (!file->training_config ||
            write_text(root, "training_config", file->training_config, H5T_CSET_ASCII)) &&
           write_weights(root, file) && (!file->state.present || write_state(root, file));
}

static bool take_image(hid_t root, void **image, size_t *size)
{
    if (H5Fflush(root, H5F_SCOPE_GLOBAL) < 0) {
        return false;
    }
    const ssize_t bytes = H5Fget_file_image(root, NULL, 0);
    if (bytes <= 0) {
        return false;
    }
    *image = malloc((size_t)bytes);
    *size = (size_t)bytes;
    if (*image && H5Fget_file_image(root, *image, *size) == bytes) {
        return true;
    }
    free(*image);
    *image = NULL;
    return false;
}

pn_status hdf5_encode(const struct model_file *file, void **image, size_t *size)
{
    *image = NULL;
    struct hdf5_session session;
    hdf5_session_begin(&session);
    /* The core driver without a backing store keeps the file in memory: libhdf5 never meets a full
     * disk, and the name is only a name. */
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    const bool ready = access >= 0 && H5Pset_fapl_core(access, IMAGE_INCREMENT, false) >= 0;
    const hid_t root =
        ready ? H5Fcreate("pinion-model", H5F_ACC_TRUNC, H5P_DEFAULT, access) : H5I_INVALID_HID;
    const bool written = root >= 0 && write_root(root, file) && take_image(root, image, size);
    pn_status status = PN_OK;
    if (!written) {
        char reason[256];
        status = error_set(PN_ERROR_FAILED,
                           "cannot build the HDF5 image of the model (libhdf5: %s); free memory or "
                           "change layer names that hold a slash",
                           hdf5_reason(reason, sizeof reason));
    }
    if (root >= 0) {
        H5Fclose(root);
    }
    H5Pclose(access);
    hdf5_session_end(&session);
    return status;
}
