/* model/config_parse.c: a model out of Keras's JSON. */
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/config.h"
#include "engine/model/config_functional.h"
#include "engine/model/config_layer.h"
#include "engine/model/config_value.h"
#include "engine/model/json_text.h"
#include "engine/model/names.h"

static const struct config_place config_top = {"model config"};

/* What the text describes, whatever its form. */
struct config_parts {
    const json_t *config; /* {"name", "layers", ...}, or in old files the list of layers itself */
    const json_t *build;  /* build_config, or NULL */
    bool functional;
};

static pn_status config_open(const json_t *root, struct config_parts *parts)
{
    const json_t *const class_name = config_get(root, "class_name");
    *parts = (struct config_parts){.config = root};
    if (class_name) {
        parts->functional =
            config_is_text(class_name, "Functional") || config_is_text(class_name, "Model");
        if (!config_is_keras(root) ||
            (!parts->functional && !config_is_text(class_name, "Sequential"))) {
            return config_fail(
                &config_top,
                "model class %.64s is not known; known are Sequential and Functional "
                "of Keras",
                config_describe(class_name));
        }
        parts->config = config_get(root, "config");
        parts->build = config_get(root, "build_config");
    } else {
        parts->functional = config_get(root, "input_layers") != NULL;
    }
    const json_t *const layers =
        json_is_array(parts->config) ? parts->config : config_get(parts->config, "layers");
    if (!json_is_array(layers)) {
        return config_fail(&config_top, "it holds no list of layers; give the text of to_json() or "
                                        "get_config()");
    }
    if (json_array_size(layers) == 0 || json_array_size(layers) > MODEL_MAX_LAYERS) {
        return config_fail(&config_top, "%zu layers; a model has 1 to %d", json_array_size(layers),
                           MODEL_MAX_LAYERS);
    }
    return PN_OK;
}

static pn_status config_create_model(const struct config_parts *parts, uint32_t seed,
                                     pn_model **model)
{
    const char *name = NULL;
    pn_status status = config_string(&config_top, parts->config, "name", &name);
    if (status == PN_OK) {
        status = pn_model_create(name, seed, model);
    }
    return status == PN_ERROR_USAGE ? PN_ERROR_DATA : status;
}

/* The input of a model whose list does not start with one: its shape is a key of the first layer,
 * or stands beside the layers. */
static pn_status config_add_implied_input(const struct config_parts *parts, const json_t *first,
                                          struct pn_model *model)
{
    const json_t *const own = config_get(first, "config");
    const struct {
        const json_t *object;
        const char *key;
    } places[] = {{own, "batch_input_shape"},
                  {own, "batch_shape"},
                  {parts->config, "build_input_shape"},
                  {config_get(first, "build_config"), "input_shape"},
                  {parts->build, "input_shape"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const json_t *const shape = config_get(places[i].object, places[i].key);
        if (!shape) {
            continue;
        }
        pn_layer input = {.kind = PN_INPUT};
        const pn_status status = config_input_shape(&config_top, places[i].key, shape, &input);
        return status == PN_OK ? pn_model_add(model, input) : status;
    }
    return config_fail(&config_top, "layer 0: no input shape; give it an InputLayer or a "
                                    "batch_input_shape");
}

/* The input's shape may be written on the layer behind it too. */
static pn_status config_check_first(struct pn_model *model, const json_t *entry)
{
    const json_t *const shape = config_get(json_object_get(entry, "config"), "batch_input_shape");
    const struct layer *const input = &model->layers[0];
    pn_layer repeated = {.kind = PN_INPUT};
    model->input_implied = shape != NULL;
    if (!shape) {
        return PN_OK;
    }
    const pn_status status =
        config_input_shape(&config_top, "layer 1: batch_input_shape", shape, &repeated);
    if (status != PN_OK) {
        return status;
    }
    if (repeated.rank != input->rank ||
        memcmp(repeated.shape, input->shape, input->rank * sizeof *input->shape) != 0) {
        return config_fail(&config_top,
                           "layer 1: batch_input_shape is not the shape of the input \"%s\"",
                           input->name);
    }
    return PN_OK;
}

static pn_status config_add_layers(const struct config_parts *parts, const json_t *layers,
                                   const struct config_options *options, struct pn_model *model)
{
    struct config_context context = {.model = model, .options = options};
    const json_t *const first = json_array_get(layers, 0);
    const bool has_input =
        config_is_text(config_get(first, "class_name"), layer_class_name(PN_INPUT));
    bool trainable = true;
    pn_status status = config_bool(&config_top, parts->config, "trainable", &trainable);
    context.frozen = !trainable;
    if (status == PN_OK && !has_input) {
        status = config_add_implied_input(parts, first, model);
    }
    for (size_t i = 0; i < json_array_size(layers) && status == PN_OK; i++) {
        const json_t *const entry = json_array_get(layers, i);
        context.index = i;
        status = config_add_layer(&context, entry);
        if (status == PN_OK && has_input && i == 1) {
            status = config_check_first(model, entry);
        }
    }
    return status == PN_ERROR_USAGE ? PN_ERROR_DATA : status;
}

static pn_status config_build(const json_t *root, uint32_t seed,
                              const struct config_options *options, pn_model **model)
{
    struct config_parts parts;
    json_t *layers = NULL;
    pn_status status = config_open(root, &parts);
    if (status != PN_OK) {
        return status;
    }
    if (parts.functional) {
        status = functional_chain(parts.config, &layers);
    } else {
        layers = json_incref(json_is_array(parts.config) ? (json_t *)parts.config
                                                         : config_get(parts.config, "layers"));
    }
    pn_model *built = NULL;
    if (status == PN_OK) {
        status = config_create_model(&parts, seed, &built);
    }
    if (status == PN_OK) {
        status = config_add_layers(&parts, layers, options, built);
    }
    json_decref(layers);
    if (status != PN_OK) {
        pn_model_free(built);
        return status;
    }
    *model = built;
    return PN_OK;
}

pn_status config_model_parse(const char *json, size_t length, uint32_t seed,
                             const struct config_options *options, pn_model **model)
{
    static const struct config_options defaults = {0};
    json_t *root = NULL;
    *model = NULL;
    pn_status status = json_text_read(json, length, config_top.where, &root);
    if (status == PN_OK) {
        status = config_build(root, seed, options ? options : &defaults, model);
    }
    json_decref(root);
    return status;
}

pn_status pn_model_from_json(const char *json, uint32_t seed, pn_model **model)
{
    return config_model_parse(json, strlen(json), seed, NULL, model);
}
