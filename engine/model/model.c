/* model/model.c: a model's life, its weights, what it takes and gives. */
#include "engine/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/model/layer.h"
#include "engine/model/names.h"

pn_status pn_model_create(const char *name, uint32_t seed, pn_model **model)
{
    *model = NULL;
    if (!name) {
        name = "sequential";
    }
    const char *const problem = name_problem(name);
    if (problem) {
        return error_set(PN_ERROR_USAGE, "model name \"%.64s\" %s", name, problem);
    }
    struct pn_model *const created = calloc(1, sizeof *created);
    if (!created) {
        return error_memory(sizeof *created, name);
    }
    strcpy(created->name, name);
    created->seed = seed;
    created->beta_1_power = 1.0;
    created->beta_2_power = 1.0;
    *model = created;
    return PN_OK;
}

void model_sync(const struct pn_model *model)
{
    if (model->running != NULL) {
        model->sync(model->running);
    }
}

pn_status model_check_idle(const struct pn_model *model)
{
    if (model->running == NULL) {
        return PN_OK;
    }
    return error_set(PN_ERROR_USAGE,
                     "%s: it is being fitted; a callback may read it, change its learning rate, "
                     "evaluate and save it, but nothing else",
                     model->name);
}

pn_status pn_model_add(pn_model *model, pn_layer layer)
{
    const pn_status status = model_check_idle(model);
    if (status != PN_OK) {
        return status;
    }
    const struct layer_extras extras = layer_extras_default();
    return model_add_layer(model, &layer, &extras);
}

void pn_model_free(pn_model *model)
{
    if (!model) {
        return;
    }
    for (size_t i = 0; i < model->layer_count; i++) {
        layer_free(&model->layers[i]);
    }
    free(model->layers);
    free(model);
}

size_t pn_model_parameters(const pn_model *model)
{
    return model->parameters;
}

uint32_t pn_model_seed(const pn_model *model)
{
    return model->seed;
}

size_t pn_model_epochs(const pn_model *model)
{
    return model->epochs;
}

uint64_t pn_model_steps(const pn_model *model)
{
    return model->steps;
}

size_t pn_model_outputs(const pn_model *model)
{
    return model->layer_count > 0 ? model->layers[model->layer_count - 1].size : 0;
}

/* --- weights ---------------------------------------------------------------------------------- */

bool model_each_parameter(struct pn_model *model,
                          bool (*visit)(void *context, struct layer *layer,
                                        struct parameter *parameter, const char *role),
                          void *context)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        struct layer *const layer = &model->layers[i];
        if (layer->kernel.values && !visit(context, layer, &layer->kernel, "kernel")) {
            return false;
        }
        if (layer->bias.values && !visit(context, layer, &layer->bias, "bias")) {
            return false;
        }
    }
    return true;
}

/* The parameter at `index` in Keras's order, NULL past the last. */
static struct parameter *model_parameter(const struct pn_model *model, size_t index)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        struct layer *const layer = &model->layers[i];
        struct parameter *const parameters[] = {&layer->kernel, &layer->bias};
        for (size_t j = 0; j < 2; j++) {
            if (parameters[j]->values && index-- == 0) {
                return parameters[j];
            }
        }
    }
    return NULL;
}

static pn_status model_no_parameter(const struct pn_model *model, size_t index)
{
    return error_set(PN_ERROR_USAGE, "%s: no weights with index %zu; past the last", model->name,
                     index);
}

pn_status pn_model_weights(const pn_model *model, size_t index, const float **values, size_t *rank,
                           size_t shape[PN_MAX_RANK])
{
    const struct parameter *const parameter = model_parameter(model, index);
    if (!parameter) {
        return model_no_parameter(model, index);
    }
    model_sync(model);
    *values = parameter->values;
    *rank = parameter->rank;
    memcpy(shape, parameter->shape, parameter->rank * sizeof *shape);
    return PN_OK;
}

pn_status pn_model_set_weights(pn_model *model, size_t index, const float *values, size_t count)
{
    const pn_status status = model_check_idle(model);
    if (status != PN_OK) {
        return status;
    }
    struct parameter *const parameter = model_parameter(model, index);
    if (!parameter) {
        return model_no_parameter(model, index);
    }
    if (count != parameter->count) {
        char text[SHAPE_TEXT_SIZE];
        shape_text(parameter->rank, parameter->shape, false, text);
        return error_set(PN_ERROR_USAGE,
                         "%s: %zu values for weights %zu of shape %s, which take %zu", model->name,
                         count, index, text, parameter->count);
    }
    memcpy(parameter->values, values, count * sizeof *values);
    return PN_OK;
}

void pn_model_digest(const pn_model *model, char digits[33])
{
    digits[0] = '\0';
    model_sync(model);
    struct digest *const digest = digest_create();
    if (!digest) {
        return;
    }
    for (size_t i = 0; i < model->layer_count; i++) {
        const struct layer *const layer = &model->layers[i];
        digest_add(digest, layer->kernel.values, layer->kernel.count);
        digest_add(digest, layer->bias.values, layer->bias.count);
    }
    digest_finish(digest, digits);
}

/* --- data ------------------------------------------------------------------------------------- */

pn_status model_check_input(const struct pn_model *model, const pn_dataset *dataset)
{
    if (model->layer_count == 0) {
        return error_set(PN_ERROR_USAGE, "%s: it has no layers; add an input first", model->name);
    }
    const struct layer *const input = &model->layers[0];
    size_t shape[PN_MAX_RANK];
    const size_t rank = pn_dataset_shape(dataset, shape);
    if (rank == input->rank && memcmp(shape, input->shape, rank * sizeof *shape) == 0) {
        return PN_OK;
    }
    char have[SHAPE_TEXT_SIZE], want[SHAPE_TEXT_SIZE];
    shape_text(rank, shape, false, have);
    shape_text(input->rank, input->shape, false, want);
    return error_set(PN_ERROR_DATA,
                     "%s: samples of shape %s, but the model takes %s (its input \"%s\"); use data "
                     "of that shape or another model",
                     model->name, have, want, input->name);
}
