#include "engine/format/model_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/error.h"
#include "engine/model/config.h"

static pn_status add_array(struct file_arrays *arrays, const char *name,
                           const struct parameter *parameter, const float *values)
{
    struct file_array *array =
        file_arrays_add(arrays, name, FILE_F32, parameter->rank, parameter->shape);
    if (!array) {
        return error_set(PN_ERROR_FAILED, "array %s does not fit into a model file", name);
    }
    array->values = values;
    return PN_OK;
}

static const char *slot_name(const pn_optimizer *optimizer, size_t slot)
{
    if (optimizer->kind == PN_SGD) {
        return "momentum";
    }
    return slot == 0 ? "m" : "v";
}

static pn_status add_parameter(const pn_model *model, struct model_file *file,
                               struct file_layer *stored, const struct parameter *parameter,
                               const char *role)
{
    if (!parameter->values) {
        return PN_OK;
    }
    char name[FILE_MAX_NAME + 1];
    snprintf(name, sizeof name, "%s/%s:0", stored->name, role);
    pn_status status = add_array(&stored->weights, name, parameter, parameter->values);
    const size_t slots = model->compiled ? optimizer_slots(&model->optimizer) : 0;
    for (size_t i = 0; status == PN_OK && i < slots; i++) {
        snprintf(name, sizeof name, "%s/%s/%s", stored->name, role,
                 slot_name(&model->optimizer, i));
        status = add_array(&file->slots, name, parameter, parameter->slot[i]);
    }
    return status;
}

static pn_status add_layer(const pn_model *model, struct model_file *file,
                           const struct layer *layer)
{
    struct file_layer *stored = model_file_add_layer(file, layer->name);
    if (!stored) {
        return error_set(PN_ERROR_FAILED, "layer %s does not fit into a model file", layer->name);
    }
    pn_status status = add_parameter(model, file, stored, &layer->kernel, "kernel");
    if (status == PN_OK) {
        status = add_parameter(model, file, stored, &layer->bias, "bias");
    }
    return status;
}

static pn_status fill(const pn_model *model, struct model_file *file)
{
    pn_status status = config_model_json(model, &file->model_config);
    if (status == PN_OK) {
        status = config_training_json(model, &file->training_config);
    }
    for (size_t i = 1; status == PN_OK && i < model->layer_count; i++) {
        status = add_layer(model, file, &model->layers[i]);
    }
    if (status != PN_OK) {
        return status;
    }
    struct file_state *state = &file->state;
    *state = (struct file_state){.present = true,
                                 .recipe = (uint64_t)pn_recipe(),
                                 .seed = model->seed,
                                 .steps = model->steps,
                                 .epochs = model->epochs,
                                 .beta_1_power = model->beta_1_power,
                                 .beta_2_power = model->beta_2_power,
                                 .batches = model->progress.batches,
                                 .batch_size = model->progress.batch_size,
                                 .samples = model->progress.samples,
                                 .shuffled = model->progress.shuffled,
                                 .hits = model->progress.hits,
                                 .loss_sum = model->progress.loss_sum};
    snprintf(state->version, sizeof state->version, "%s", pn_version());
    return model_file_checksum(file, state->checksum);
}

pn_status model_file_from_model(const pn_model *model, struct model_file *file)
{
    *file = (struct model_file){0};
    const pn_status status = fill(model, file);
    if (status != PN_OK) {
        model_file_free(file);
    }
    return status;
}
