#include "engine/model/config_functional.h"

#include <string.h>

#include "engine/base/error.h"
#include "engine/model/config_value.h"
#include "engine/model/names.h"

/* The name of a layer entry: its own key, or that of its config. NULL without one. */
static const char *entry_name(const json_t *entry)
{
    const json_t *name = config_get(entry, "name");
    if (!name) {
        name = config_get(json_object_get(entry, "config"), "name");
    }
    return json_string_value(name);
}

/* Keras 3 records call arguments that change nothing: training false, mask null. */
static bool arguments_change_nothing(const json_t *arguments)
{
    const char *key;
    json_t *value;
    if (arguments && !json_is_object(arguments)) {
        return false;
    }
    json_object_foreach((json_t *)arguments, key, value)
    {
        const bool off =
            json_is_null(value) || (strcmp(key, "training") == 0 && json_is_false(value));
        if (!off) {
            return false;
        }
    }
    return true;
}

/* The layer named by [name, 0, 0] or [name, 0, 0, {}]; NULL for anything else: a second output, a
 * second call, a call with arguments. */
static const char *reference_name(const json_t *reference)
{
    const size_t size = json_array_size(reference);
    if (!json_is_array(reference) || size < 3 || size > 4) {
        return NULL;
    }
    for (size_t i = 1; i < 3; i++) {
        const json_t *const number = json_array_get(reference, i);
        if (!json_is_integer(number) || json_integer_value(number) != 0) {
            return NULL;
        }
    }
    if (size == 4 && !arguments_change_nothing(json_array_get(reference, 3))) {
        return NULL;
    }
    return json_string_value(json_array_get(reference, 0));
}

/* input_layers and output_layers: one reference, maybe inside a list. */
static const char *only_reference(const json_t *references)
{
    if (json_array_size(references) == 1) {
        references = json_array_get(references, 0);
    }
    return reference_name(references);
}

/* The one layer that feeds this entry; NULL if it is not called exactly once on one tensor. */
static const char *inbound_name(const json_t *entry)
{
    const json_t *const nodes = json_object_get(entry, "inbound_nodes");
    const json_t *const node = json_array_get(nodes, 0);
    if (json_array_size(nodes) != 1) {
        return NULL;
    }
    if (json_is_array(node)) { /* Keras 2: [["before", 0, 0, {}]] */
        return json_array_size(node) == 1 ? reference_name(json_array_get(node, 0)) : NULL;
    }
    /* Keras 3: {"args": [tensor], "kwargs": {}} */
    const json_t *const tensors = json_object_get(node, "args");
    if (json_array_size(tensors) != 1 ||
        !arguments_change_nothing(json_object_get(node, "kwargs"))) {
        return NULL;
    }
    const json_t *const tensor = json_object_get(json_array_get(tensors, 0), "config");
    return reference_name(json_object_get(tensor, "keras_history"));
}

/* Fills `after`: name -> the entry that the layer of that name feeds. */
static pn_status functional_link(const struct config_place *place, const json_t *entries,
                                 const char *input, const json_t **first, json_t *after)
{
    for (size_t i = 0; i < json_array_size(entries); i++) {
        json_t *const entry = json_array_get(entries, i);
        const char *const name = entry_name(entry);
        if (!name) {
            return config_fail(place, "layer %zu has no name", i);
        }
        if (strcmp(name, input) == 0) {
            *first = entry;
            continue;
        }
        if (config_is_text(config_get(entry, "class_name"), layer_class_name(PN_INPUT))) {
            return config_fail(place,
                               "\"%.64s\" is an input, but input_layers names \"%.64s\"; pinion "
                               "takes models with one input",
                               name, input);
        }
        const char *const before = inbound_name(entry);
        if (!before) {
            return config_fail(place,
                               "layer \"%.64s\" is not fed by exactly one layer, once and without "
                               "arguments; pinion takes chains only",
                               name);
        }
        if (json_object_get(after, before)) {
            return config_fail(place, "layer \"%.64s\" feeds several; pinion takes chains only",
                               before);
        }
        if (json_object_set(after, before, entry) != 0) {
            return error_memory(json_array_size(entries), "a Functional model's layers");
        }
    }
    return *first ? PN_OK
                  : config_fail(place, "input_layers names \"%.64s\", which is no layer", input);
}

static pn_status functional_walk(const struct config_place *place, const json_t *entries,
                                 const char *output, const json_t *first, const json_t *after,
                                 json_t *layers)
{
    const json_t *entry = first;
    const char *last = NULL;
    const size_t count = json_array_size(entries);
    while (entry && json_array_size(layers) < count) {
        if (json_array_append(layers, (json_t *)entry) != 0) {
            return error_memory(count, "a Functional model's layers");
        }
        last = entry_name(entry);
        entry = json_object_get(after, last);
    }
    if (entry || json_array_size(layers) != count) {
        return config_fail(place, "its layers are not one chain from the input");
    }
    if (strcmp(last, output) != 0) {
        return config_fail(place, "its output is \"%.64s\", not the end of the chain, \"%.64s\"",
                           output, last);
    }
    return PN_OK;
}

pn_status functional_chain(const json_t *config, json_t **layers)
{
    const struct config_place place = {"model config: Functional model"};
    const json_t *const entries = json_object_get(config, "layers");
    const char *const input = only_reference(json_object_get(config, "input_layers"));
    const char *const output = only_reference(json_object_get(config, "output_layers"));
    *layers = NULL;
    if (!json_is_array(entries) || json_array_size(entries) > MODEL_MAX_LAYERS) {
        return config_fail(&place, "layers must be a list of at most %d", MODEL_MAX_LAYERS);
    }
    if (!input || !output) {
        return config_fail(&place, "%s does not name exactly one layer; pinion takes chains only",
                           input ? "output_layers" : "input_layers");
    }
    json_t *const after = json_object();
    json_t *const chain = json_array();
    const json_t *first = NULL;
    pn_status status = after && chain ? PN_OK : error_memory(64, "a Functional model's layers");
    if (status == PN_OK) {
        status = functional_link(&place, entries, input, &first, after);
    }
    if (status == PN_OK) {
        status = functional_walk(&place, entries, output, first, after, chain);
    }
    json_decref(after);
    if (status != PN_OK) {
        json_decref(chain);
        return status;
    }
    *layers = chain;
    return PN_OK;
}
