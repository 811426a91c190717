#include "engine/format/hdf5_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/format/hdf5_array.h"
#include "engine/format/hdf5_attributes.h"
#include "engine/format/hdf5_session.h"

/* What all that is decoded may weigh: so many times the file, and a little. f16 doubles, slots of
 * zeros deflate to nothing; 64 is far from both. */
enum { BUDGET_RATIO = 64, BUDGET_SLACK = 16 << 20 };

/* Reads the arrays that a list of names in `group` promises, in its order. */
static pn_status read_named_arrays(hid_t group, const char *where, const char *list,
                                   struct hdf5_budget *budget, struct file_arrays *arrays)
{
    struct hdf5_names names;
    pn_status status = hdf5_read_names(group, where, list, budget->file_size, &names);
    for (size_t i = 0; status == PN_OK && i < names.count; i++) {
        status = hdf5_read_array(group, where, names.items[i], budget, arrays);
    }
    hdf5_names_free(&names);
    return status;
}

static pn_status read_layer(hid_t weights, const char *name, struct hdf5_budget *budget,
                            struct model_file *file)
{
    struct file_layer *layer = model_file_add_layer(file, name);
    if (!layer) {
        return error_set(PN_ERROR_DATA, "/model_weights has more than %d layers", FILE_MAX_LAYERS);
    }
    hid_t group;
    pn_status status = hdf5_open(weights, "/model_weights", name, H5I_GROUP, &group);
    if (status == PN_OK) {
        char where[HDF5_MAX_PATH];
        hdf5_path(where, "/model_weights", name);
        status = read_named_arrays(group, where, "weight_names", budget, &layer->weights);
        H5Gclose(group);
    }
    return status;
}

static pn_status read_layers(hid_t weights, struct hdf5_budget *budget, struct model_file *file)
{
    struct hdf5_names names;
    pn_status status =
        hdf5_read_names(weights, "/model_weights", "layer_names", budget->file_size, &names);
    if (status != PN_OK) {
        return status;
    }
    for (size_t i = 0; status == PN_OK && i < names.count; i++) {
        status = read_layer(weights, names.items[i], budget, file);
    }
    hdf5_names_free(&names);
    return status;
}

static pn_status group_exists(hid_t root, const char *name, bool *exists)
{
    const htri_t found = H5Lexists(root, name, H5P_DEFAULT);
    *exists = found > 0;
    return found >= 0
               ? PN_OK
               : error_set(PN_ERROR_DATA, "/%s cannot be looked up; take another copy", name);
}

/* A short text that must be there. */
static pn_status read_word(hid_t group, const char *where, const char *attribute, char *word,
                           size_t size)
{
    char *text;
    pn_status status = hdf5_read_text(group, where, attribute, size - 1, &text);
    if (status == PN_OK && !text) {
        status = error_set(PN_ERROR_DATA, "attribute %s of %s is missing; take another copy",
                           attribute, where);
    }
    if (status == PN_OK) {
        snprintf(word, size, "%s", text);
        free(text);
    }
    return status;
}

static pn_status read_state_values(hid_t group, struct file_state *state)
{
    static const char where[] = "/pinion";
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < FILE_STATE_FIELDS; i++) {
        const struct file_state_field *field = &file_state_fields[i];
        char *value = (char *)state + field->offset;
        status = field->real
                     ? hdf5_read_real(group, where, field->name, (double *)(void *)value)
                     : hdf5_read_number(group, where, field->name, (uint64_t *)(void *)value);
    }
    if (status == PN_OK) {
        status = read_word(group, where, "version", state->version, sizeof state->version);
    }
    if (status == PN_OK) {
        status = read_word(group, where, "checksum", state->checksum, sizeof state->checksum);
    }
    return status;
}

static pn_status read_state(hid_t root, struct hdf5_budget *budget, struct model_file *file)
{
    hid_t group;
    pn_status status = hdf5_open(root, "/", "pinion", H5I_GROUP, &group);
    if (status != PN_OK) {
        return status;
    }
    status = read_state_values(group, &file->state);
    if (status == PN_OK) {
        status = read_named_arrays(group, "/pinion", "slot_names", budget, &file->slots);
    }
    file->state.present = status == PN_OK;
    H5Gclose(group);
    return status;
}

static pn_status read_configs(hid_t root, size_t limit, struct model_file *file)
{
    pn_status status = hdf5_read_text(root, "/", "model_config", limit, &file->model_config);
    if (status == PN_OK && !file->model_config) {
        return error_set(PN_ERROR_DATA,
                         "there is no attribute model_config: this file holds weights only, or is "
                         "no Keras model; save the whole model with model.save(\"x.h5\")");
    }
    if (status == PN_OK) {
        status = hdf5_read_text(root, "/", "training_config", limit, &file->training_config);
    }
    return status;
}

static pn_status read_root(hid_t root, struct hdf5_budget *budget, struct model_file *file)
{
    pn_status status = read_configs(root, budget->file_size, file);
    hid_t weights = H5I_INVALID_HID;
    if (status == PN_OK) {
        status = hdf5_open(root, "/", "model_weights", H5I_GROUP, &weights);
    }
    if (status == PN_OK) {
        status = read_layers(weights, budget, file);
        H5Gclose(weights);
    }
    bool ours = false, keras = false;
    if (status == PN_OK) {
        status = group_exists(root, "pinion", &ours);
    }
    if (status == PN_OK && ours) {
        return read_state(root, budget, file);
    }
    if (status == PN_OK) {
        status = group_exists(root, "optimizer_weights", &keras);
    }
    if (status == PN_OK && keras) {
        hid_t group;
        status = hdf5_open(root, "/", "optimizer_weights", H5I_GROUP, &group);
        if (status == PN_OK) {
            status = read_named_arrays(group, "/optimizer_weights", "weight_names", budget,
                                       &file->optimizer);
            H5Gclose(group);
        }
    }
    return status;
}

static hid_t open_image(void *image, size_t size)
{
    hid_t root = H5I_INVALID_HID;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fapl_core(access, 1 << 20, false) >= 0 &&
        H5Pset_file_image(access, image, size) >= 0) {
        /* libhdf5 looks for a file of this name all the same, so there cannot be one. */
        root = H5Fopen("/dev/null/pinion-model", H5F_ACC_RDONLY, access);
    }
    H5Pclose(access);
    return root;
}

pn_status hdf5_decode(void *image, size_t size, struct model_file *file)
{
    *file = (struct model_file){0};
    struct hdf5_session session;
    hdf5_session_begin(&session);
    struct hdf5_budget budget = {.file_size = size};
    if (!size_multiply(size, BUDGET_RATIO, &budget.left) ||
        !size_add(budget.left, BUDGET_SLACK, &budget.left)) {
        budget.left = SIZE_MAX;
    }
    pn_status status;
    const hid_t root = open_image(image, size);
    if (root < 0) {
        char reason[256];
        status = error_set(PN_ERROR_DATA,
                           "the HDF5 file cannot be opened (libhdf5: %s); it is "
                           "damaged or cut short: take another copy",
                           hdf5_reason(reason, sizeof reason));
    } else {
        status = read_root(root, &budget, file);
        H5Fclose(root);
    }
    hdf5_session_end(&session);
    if (status != PN_OK) {
        model_file_free(file);
    }
    return status;
}

void hdf5_prepare(void)
{
    H5open();
    /* Types and the core driver register themselves at first use. */
    struct hdf5_session session;
    hdf5_session_begin(&session);
    H5Pclose(H5Pcreate(H5P_FILE_ACCESS));
    hdf5_session_end(&session);
}
