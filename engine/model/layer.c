#include "engine/model/layer.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/model/initializer.h"
#include "engine/model/names.h"

bool float_is_plain(double value)
{
    const float rounded = (float)value;
    return value == 0 || (fabsf(rounded) >= FLT_MIN && fabsf(rounded) <= FLT_MAX);
}

void shape_text(size_t rank, const size_t *shape, bool batch, char text[SHAPE_TEXT_SIZE])
{
    size_t length = (size_t)snprintf(text, SHAPE_TEXT_SIZE, batch ? "(None" : "(");
    for (size_t i = 0; i < rank; i++) {
        length += (size_t)snprintf(text + length, SHAPE_TEXT_SIZE - length, "%s%zu",
                                   i > 0 || batch ? ", " : "", shape[i]);
    }
    const bool single = rank + batch == 1; /* Python's tuple of one */
    snprintf(text + length, SHAPE_TEXT_SIZE - length, single ? ",)" : ")");
}

struct layer_extras layer_extras_default(void)
{
    return (struct layer_extras){.kernel_initializer = initializer_glorot_uniform(),
                                 .bias_initializer = initializer_zeros(),
                                 .max_parameters = MODEL_MAX_PARAMETERS};
}

void layer_free(struct layer *layer)
{
    struct parameter *const parameters[] = {&layer->kernel, &layer->bias};
    for (size_t i = 0; i < 2; i++) {
        free(parameters[i]->values);
        for (size_t slot = 0; slot < MODEL_MAX_SLOTS; slot++) {
            free(parameters[i]->slot[slot]);
        }
    }
    json_decref(layer->kept);
    *layer = (struct layer){0};
}

/* --- shapes ----------------------------------------------------------------------------------- */

static pn_status layer_shape_input(const pn_layer *given, struct layer *layer)
{
    if (given->rank == 0 || given->rank > PN_MAX_RANK) {
        return error_set(PN_ERROR_USAGE, "%s: samples of rank %zu; a shape has 1 to %d sizes",
                         layer->name, given->rank, PN_MAX_RANK);
    }
    layer->rank = given->rank;
    layer->size = 1;
    for (size_t i = 0; i < given->rank; i++) {
        layer->shape[i] = given->shape[i];
        if (given->shape[i] == 0 || !size_multiply(layer->size, given->shape[i], &layer->size) ||
            layer->size > MODEL_MAX_PARAMETERS) {
            char text[SHAPE_TEXT_SIZE];
            shape_text(given->rank, given->shape, false, text);
            return error_set(PN_ERROR_USAGE,
                             "%s: shape %s is out of range; every size is at least 1, their "
                             "product at most %zu",
                             layer->name, text, MODEL_MAX_PARAMETERS);
        }
    }
    return PN_OK;
}

static void layer_shape_same(const struct layer *before, struct layer *layer)
{
    layer->rank = before->rank;
    memcpy(layer->shape, before->shape, sizeof layer->shape);
    layer->size = before->size;
}

static void layer_shape_flat(size_t size, struct layer *layer)
{
    layer->rank = 1;
    layer->shape[0] = size;
    layer->size = size;
}

static pn_status layer_need_flat(const struct layer *before, const struct layer *layer)
{
    if (before->rank == 1) {
        return PN_OK;
    }
    char text[SHAPE_TEXT_SIZE];
    shape_text(before->rank, before->shape, false, text);
    return error_set(PN_ERROR_USAGE,
                     "%s: samples come as %s, it needs them flat; add a Flatten "
                     "before it",
                     layer->name, text);
}

/* --- kinds ------------------------------------------------------------------------------------ */

static pn_status layer_build_rescaling(const pn_layer *given, struct layer *layer)
{
    if (!float_is_plain(given->scale) || !float_is_plain(given->offset)) {
        return error_set(PN_ERROR_USAGE,
                         "%s: scale %g and offset %g; both are finite 32-bit floats", layer->name,
                         given->scale, given->offset);
    }
    layer->scale = given->scale;
    layer->offset = given->offset;
    return PN_OK;
}

static pn_status layer_build_dropout(const pn_layer *given, struct layer *layer)
{
    if (!(given->rate >= 0 && given->rate < 1)) {
        return error_set(PN_ERROR_USAGE, "%s: rate %g; it is the share dropped, 0 <= rate < 1",
                         layer->name, given->rate);
    }
    layer->rate = given->rate;
    return PN_OK;
}

static pn_status layer_build_activation(const pn_layer *given, const struct layer_extras *extras,
                                        struct layer *layer)
{
    if (extras->activation) {
        layer->activation = *extras->activation;
        return PN_OK;
    }
    return activation_find(given->activation, &layer->activation);
}

/* Checks the sizes of a dense layer's weights and sets the shapes of its parameters. */
static pn_status layer_size_dense(const struct pn_model *model, const struct layer_extras *extras,
                                  size_t inputs, size_t units, struct layer *layer)
{
    size_t total = 0;
    if (units == 0) {
        return error_set(PN_ERROR_USAGE, "%s: 0 units; a dense layer has at least 1", layer->name);
    }
    layer->kernel.rank = 2;
    layer->kernel.shape[0] = inputs;
    layer->kernel.shape[1] = units;
    if (layer->use_bias) {
        layer->bias.rank = 1;
        layer->bias.shape[0] = units;
        layer->bias.count = units;
    }
    if (!size_multiply(inputs, units, &layer->kernel.count) ||
        !size_add(layer->kernel.count, layer->bias.count, &total) ||
        !size_add(total, model->parameters, &total) || total > extras->max_parameters) {
        return error_set(PN_ERROR_USAGE, "%s: %zu x %zu weights; the model may have %zu in all",
                         layer->name, inputs, units, extras->max_parameters);
    }
    const long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_size > 0 && total / (size_t)page_size > (size_t)pages / sizeof(float)) {
        return error_set(PN_ERROR_FAILED,
                         "%s: %zu x %zu weights do not fit into this machine's memory; use fewer "
                         "units",
                         layer->name, inputs, units);
    }
    return PN_OK;
}

static pn_status layer_draw(const struct initializer *initializer,
                            const struct layer_extras *extras, uint32_t seed, uint32_t index,
                            const struct layer *layer, uint32_t first, struct parameter *parameter)
{
    if (parameter->count == 0) {
        return PN_OK;
    }
    parameter->values = calloc(parameter->count, sizeof(float));
    if (!parameter->values) {
        return error_memory(parameter->count * sizeof(float), layer->name);
    }
    if (extras->weights_follow) {
        return PN_OK;
    }
    /* Keras's fans of a vector are its length. */
    const size_t fan_in = parameter->shape[0];
    const size_t fan_out = parameter->shape[parameter->rank - 1];
    initializer_fill(initializer, seed, index, fan_in, fan_out, first, parameter->count,
                     parameter->values);
    return PN_OK;
}

static pn_status layer_build_dense(const struct pn_model *model, const pn_layer *given,
                                   const struct layer_extras *extras, size_t inputs,
                                   struct layer *layer)
{
    layer->use_bias = given->use_bias;
    pn_status status = layer_build_activation(given, extras, layer);
    if (status == PN_OK) {
        status = layer_size_dense(model, extras, inputs, given->units, layer);
    }
    if (status != PN_OK) {
        return status;
    }
    layer_shape_flat(given->units, layer);
    const uint32_t index = (uint32_t)model->layer_count - 1; /* the input does not count */
    status = layer_draw(&extras->kernel_initializer, extras, model->seed, index, layer, 0,
                        &layer->kernel);
    if (status != PN_OK) {
        return status;
    }
    /* The bias goes on in the same stream, at the next multiple of 4. */
    const uint32_t first = ((uint32_t)layer->kernel.count + 3) / 4 * 4;
    return layer_draw(&extras->bias_initializer, extras, model->seed, index, layer, first,
                      &layer->bias);
}

static pn_status layer_build(const struct pn_model *model, const pn_layer *given,
                             const struct layer_extras *extras, struct layer *layer)
{
    if (given->kind == PN_INPUT) {
        return layer_shape_input(given, layer);
    }
    const struct layer *const before = &model->layers[model->layer_count - 1];
    layer_shape_same(before, layer);
    pn_status status = PN_OK;
    switch (given->kind) {
    case PN_INPUT:
        break;
    case PN_FLATTEN:
        layer_shape_flat(before->size, layer);
        break;
    case PN_RESCALING:
        status = layer_build_rescaling(given, layer);
        break;
    case PN_DENSE:
        status = layer_need_flat(before, layer);
        if (status == PN_OK) {
            status = layer_build_dense(model, given, extras, before->size, layer);
        }
        break;
    case PN_DROPOUT:
        status = layer_build_dropout(given, layer);
        break;
    case PN_ACTIVATION:
        status = layer_build_activation(given, extras, layer);
        if (status == PN_OK && layer->activation.softmax) {
            status = layer_need_flat(before, layer);
        }
        break;
    }
    return status;
}

/* --- adding ----------------------------------------------------------------------------------- */

static pn_status model_check_place(const struct pn_model *model, const pn_layer *layer)
{
    if ((unsigned)layer->kind > PN_ACTIVATION) {
        return error_set(PN_ERROR_USAGE,
                         "layer kind %d does not exist; use a constructor such as "
                         "pn_dense()",
                         (int)layer->kind);
    }
    if ((layer->kind == PN_INPUT) != (model->layer_count == 0)) {
        return error_set(PN_ERROR_USAGE,
                         "%s: %s cannot be layer %zu; the first layer, and only the first, is an "
                         "input",
                         model->name, layer_class_name(layer->kind), model->layer_count);
    }
    if (model->compiled) {
        return error_set(PN_ERROR_USAGE, "%s: it is compiled; add layers before that", model->name);
    }
    if (model->layer_count >= MODEL_MAX_LAYERS) {
        return error_set(PN_ERROR_USAGE, "%s: more than %d layers", model->name, MODEL_MAX_LAYERS);
    }
    if (model->layer_count > 0 && model->layers[model->layer_count - 1].activation.softmax) {
        return error_set(PN_ERROR_USAGE,
                         "%s: %s behind the softmax of \"%s\"; pinion takes softmax as the last "
                         "step only",
                         model->name, layer_class_name(layer->kind),
                         model->layers[model->layer_count - 1].name);
    }
    return PN_OK;
}

static pn_status layer_set_name(struct pn_model *model, const pn_layer *given, struct layer *layer)
{
    if (!given->name) {
        name_automatic(model, given->kind, layer->name);
        return PN_OK;
    }
    const char *const problem = name_problem(given->name);
    if (problem) {
        return error_set(PN_ERROR_USAGE, "layer %zu: its name \"%.64s\" %s", model->layer_count,
                         given->name, problem);
    }
    /* An implied input is about to be renamed. */
    const struct layer *const taken = name_find(model, given->name);
    if (taken && !(taken == model->layers && model->layer_count == 1 && model->input_implied)) {
        return error_set(PN_ERROR_USAGE,
                         "layer %zu: the name \"%s\" is taken; names are unique in a model",
                         model->layer_count, given->name);
    }
    strcpy(layer->name, given->name);
    return PN_OK;
}

/* As Keras does for Flatten(input_shape=...): an input without a name of its own is called after
 * the layer that follows. */
static pn_status model_name_input(struct pn_model *model, const struct layer *first)
{
    char name[MODEL_NAME_SIZE + 8];
    snprintf(name, sizeof name, "%s_input", first->name);
    struct layer *const input = &model->layers[0];
    if (!model->input_implied) {
        model->input_implied = strcmp(input->name, name) == 0;
        return PN_OK;
    }
    if (name_problem(name)) {
        return error_set(PN_ERROR_USAGE,
                         "layer 1: its name is too long to name the input after it; use at most "
                         "%d bytes",
                         MODEL_NAME_SIZE - 7);
    }
    strcpy(input->name, name);
    return PN_OK;
}

static pn_status model_add_named(struct pn_model *model, const pn_layer *given,
                                 const struct layer_extras *extras, struct layer *layer)
{
    pn_status status = layer_set_name(model, given, layer);
    if (status == PN_OK) {
        status = layer_build(model, given, extras, layer);
    }
    if (status != PN_OK) {
        return status;
    }
    const size_t bytes = (model->layer_count + 1) * sizeof *model->layers;
    if ((model->layer_count & (model->layer_count - 1)) == 0) { /* a power of two, or none: full */
        struct layer *const layers = realloc(model->layers, model->layer_count ? 2 * bytes : bytes);
        if (!layers) {
            return error_memory(bytes, model->name);
        }
        model->layers = layers;
    }
    if (model->layer_count == 1) {
        status = model_name_input(model, layer);
        if (status != PN_OK) {
            return status;
        }
    }
    if (given->kind == PN_INPUT) {
        model->input_implied = !given->name;
    }
    model->layers[model->layer_count++] = *layer;
    model->parameters += layer->kernel.count + layer->bias.count;
    return PN_OK;
}

pn_status model_add_layer(struct pn_model *model, const pn_layer *given,
                          const struct layer_extras *extras)
{
    pn_status status = model_check_place(model, given);
    if (status != PN_OK) {
        return status;
    }
    struct layer layer = {
        .kind = given->kind, .frozen = extras->frozen, .kept = json_incref(extras->kept)};
    const size_t automatic = model->automatic_names[given->kind];
    status = model_add_named(model, given, extras, &layer);
    if (status != PN_OK) {
        model->automatic_names[given->kind] = automatic;
        layer_free(&layer);
    }
    return status;
}

/* --- constructors ----------------------------------------------------------------------------- */

pn_layer pn_input(size_t rank, const size_t *shape)
{
    pn_layer layer = {.kind = PN_INPUT, .rank = rank};
    if (shape && rank <= PN_MAX_RANK) {
        memcpy(layer.shape, shape, rank * sizeof *shape);
    }
    return layer;
}

pn_layer pn_flatten(void)
{
    return (pn_layer){.kind = PN_FLATTEN};
}

pn_layer pn_rescaling(double scale, double offset)
{
    return (pn_layer){.kind = PN_RESCALING, .scale = scale, .offset = offset};
}

pn_layer pn_dense(size_t units, const char *activation)
{
    return (pn_layer){.kind = PN_DENSE, .units = units, .use_bias = true, .activation = activation};
}

pn_layer pn_dropout(double rate)
{
    return (pn_layer){.kind = PN_DROPOUT, .rate = rate};
}

pn_layer pn_activation(const char *activation)
{
    return (pn_layer){.kind = PN_ACTIVATION, .activation = activation};
}
