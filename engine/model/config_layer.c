#include "engine/model/config_layer.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/initializer.h"
#include "engine/model/layer.h"
#include "engine/model/names.h"

/* Under way: the layer as far as it is read. */
struct reading {
    struct config_place place;
    const struct config_options *options;
    const json_t *config;
    pn_layer layer;
    struct activation activation;
    struct layer_extras extras;
    json_t *kept; /* an object */
};

/* --- what all layers have --------------------------------------------------------------------- */

static pn_status config_find_kind(const struct config_place *place, const json_t *entry,
                                  pn_layer_kind *kind)
{
    const char *const class_name = json_string_value(config_get(entry, "class_name"));
    if (!class_name) {
        return config_fail(place, "it has no class_name");
    }
    for (pn_layer_kind known = PN_INPUT; known <= PN_ACTIVATION; known++) {
        if (strcmp(class_name, layer_class_name(known)) == 0 && config_is_keras(entry)) {
            *kind = known;
            return PN_OK;
        }
    }
    return config_fail(place,
                       "layer class %.64s%s is not known; known are InputLayer, Flatten, "
                       "Rescaling, Dense, Dropout, Activation",
                       class_name,
                       strcmp(class_name, "Lambda") == 0 ? ", which holds code,"
                       : config_is_keras(entry)          ? ""
                                                         : " of another module than Keras");
}

/* Computation is in float32, which configs say as a string or as a DTypePolicy object. */
static pn_status config_check_dtype(const struct config_place *place, const json_t *config)
{
    const json_t *dtype = config_get(config, "dtype");
    if (json_is_object(dtype)) {
        dtype = config_get(json_object_get(dtype, "config"), "name");
    }
    if (dtype && !config_is_text(dtype, "float32")) {
        return config_fail(place, "dtype is %.64s; pinion computes in float32",
                           config_describe(dtype));
    }
    return PN_OK;
}

static pn_status config_check_off(const struct config_place *place, const json_t *config,
                                  const char *key)
{
    const json_t *const value = config_get(config, key);
    if (value && !json_is_false(value)) {
        return config_fail(place, "%s is set; pinion has no such thing", key);
    }
    return PN_OK;
}

/* --- kept values ------------------------------------------------------------------------------ */

/* Whether a key of an initializer's config is Keras 3's alone and says nothing. */
static bool config_is_null_axis(const char *key, const json_t *value)
{
    return json_is_null(value) &&
           (strcmp(key, "input_axes") == 0 || strcmp(key, "output_axes") == 0);
}

/* An object as Keras 2.9 writes it: class_name and config alone, without Keras 3's null axes.
 * NULL: out of memory. (json_copy would leave out what there is no memory for.) */
static json_t *config_plain_object(json_t *value)
{
    json_t *const class_name = json_object_get(value, "class_name");
    json_t *const inner = json_object_get(value, "config");
    if (!json_is_string(class_name) || (inner && !json_is_object(inner))) {
        return json_incref(value);
    }
    const char *key;
    json_t *item;
    json_t *const plain = json_object();
    json_t *const config = json_object();
    bool whole = plain && config;
    json_object_foreach(inner, key, item)
    {
        whole =
            whole && (config_is_null_axis(key, item) || json_object_set(config, key, item) == 0);
    }
    whole = whole && json_object_set(plain, "class_name", class_name) == 0 &&
            json_object_set(plain, "config", config) == 0;
    json_decref(config);
    if (!whole) {
        json_decref(plain);
        return NULL;
    }
    return plain;
}

static pn_status config_keep(struct reading *reading, const char *key, json_t *value)
{
    if (json_object_set_new(reading->kept, key, config_plain_object(value)) != 0) {
        return error_memory(64, "a layer's config");
    }
    return PN_OK;
}

/* Keeps the value of each key that is set. */
static pn_status config_keep_set(struct reading *reading, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *const value = config_get(reading->config, keys[i]);
        const pn_status status = value ? config_keep(reading, keys[i], value) : PN_OK;
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

/* --- activations and initializers ------------------------------------------------------------- */

/* The alpha of an activation layer's object, which Keras 3 calls negative_slope; false where it is
 * no number of 0 or more. */
static bool config_alpha(const json_t *config, double *alpha)
{
    static const char *const keys[] = {"alpha", "negative_slope"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *const value = config_get(config, keys[i]);
        if (value && !json_is_number(value)) {
            return false;
        }
        *alpha = value ? json_number_value(value) : *alpha;
    }
    return *alpha >= 0 && float_is_plain(*alpha);
}

/* Whether each value that a ReLU or Softmax layer may carry is its default. */
static bool config_is_plain_activation(const json_t *config)
{
    static const struct {
        const char *key;
        double value;
    } defaults[] = {{"negative_slope", 0}, {"threshold", 0}, {"axis", -1}};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        const json_t *const value = config_get(config, defaults[i].key);
        if (value && !(json_is_number(value) && json_number_value(value) == defaults[i].value)) {
            return false;
        }
    }
    return !config_get(config, "max_value");
}

/* Kept with its module: Keras 3 finds the class only so, Keras 2 does not mind. */
static pn_status config_sloped_activation(struct reading *reading, const char *class_name,
                                          enum simd_activation kind, double alpha)
{
    const json_t *const object = config_get(reading->config, "activation");
    if (!config_alpha(config_get(object, "config"), &alpha)) {
        return config_fail(&reading->place, "activation %s: alpha must be a number of at least 0",
                           class_name);
    }
    reading->activation = (struct activation){.kind = kind, .alpha = (float)alpha};
    json_t *const kept =
        json_pack("{s:s, s:s, s:{s:f}, s:n}", "module", "keras.layers", "class_name", class_name,
                  "config", "alpha", alpha, "registered_name");
    return json_object_set_new(reading->kept, "activation", kept) == 0
               ? PN_OK
               : error_memory(64, "a layer's config");
}

/* An activation layer given as an activation: {"class_name": "LeakyReLU", "config": {"alpha":
 * 0.1}}.
 */
static pn_status config_activation_object(struct reading *reading, const json_t *object)
{
    const json_t *const class_name = config_get(object, "class_name");
    const bool known = config_is_keras(object);
    const bool plain = config_is_plain_activation(config_get(object, "config"));
    if (known && config_is_text(class_name, "LeakyReLU")) {
        return config_sloped_activation(reading, "LeakyReLU", SIMD_LEAKY_RELU, 0.3);
    }
    if (known && config_is_text(class_name, "ELU")) {
        return config_sloped_activation(reading, "ELU", SIMD_ELU, 1.0);
    }
    if (known && plain && config_is_text(class_name, "ReLU")) {
        reading->activation = (struct activation){.kind = SIMD_RELU};
        return PN_OK;
    }
    if (known && plain && config_is_text(class_name, "Softmax")) {
        reading->activation = (struct activation){.softmax = true};
        return PN_OK;
    }
    return config_fail(&reading->place,
                       "activation object %.64s is not known with this config; known are "
                       "LeakyReLU, ELU, and plain ReLU and Softmax",
                       config_describe(object));
}

static pn_status config_activation(struct reading *reading)
{
    const json_t *value = config_get(reading->config, "activation");
    reading->extras.activation = &reading->activation;
    if (json_is_object(value) && config_is_text(config_get(value, "class_name"), "function") &&
        config_is_keras(value)) {
        value = config_get(value, "config"); /* {"class_name": "function", "config": "relu"} */
    } else if (json_is_object(value)) {
        return config_activation_object(reading, value);
    }
    if (value && !json_is_string(value)) {
        return config_fail(&reading->place, "activation must be a string, not %.64s",
                           config_describe(value));
    }
    if (activation_find(json_string_value(value), &reading->activation) != PN_OK) {
        char known[512];
        snprintf(known, sizeof known, "%s", pn_error_message());
        return config_fail(&reading->place, "%s", known);
    }
    return PN_OK;
}

/* `usual` is the default, which is not kept. */
static pn_status config_initializer(struct reading *reading, const char *key, const char *usual,
                                    struct initializer *initializer)
{
    json_t *const value = config_get(reading->config, key);
    if (!value) {
        return PN_OK;
    }
    const json_t *const class_name =
        json_is_object(value) ? config_get(value, "class_name") : value;
    const json_t *const config = config_get(value, "config");
    if (!json_is_string(class_name) || (config && !json_is_object(config))) {
        return config_fail(&reading->place, "%s must be a name or an object with a class_name",
                           key);
    }
    const char *const name = json_string_value(class_name);
    const char *const problem =
        initializer_from_config(config_is_keras(value) ? name : "", config, initializer);
    if (problem && !reading->options->weights_follow) {
        return config_fail(&reading->place, "%s %.64s: %s", key, name, problem);
    }
    if (initializer->kind == INITIALIZER_UNKNOWN && !reading->options->weights_follow) {
        return config_fail(&reading->place,
                           "%s %.64s is not known, so no weights can be drawn; known are %s", key,
                           name, initializer_known());
    }
    struct initializer plain;
    initializer_from_config(usual, NULL, &plain);
    const bool same = initializer->kind == plain.kind && initializer->fan == plain.fan &&
                      initializer->scale == plain.scale && initializer->low == plain.low &&
                      strcmp(name, "VarianceScaling") != 0 && strcmp(name, "Constant") != 0;
    return same && !config_get(config, "seed") ? PN_OK : config_keep(reading, key, value);
}

/* --- kinds ------------------------------------------------------------------------------------ */

pn_status config_input_shape(const struct config_place *place, const char *key, const json_t *value,
                             pn_layer *input)
{
    const json_t *const list = config_list(value);
    const size_t count = json_array_size(list);
    size_t batch = 0;
    if (!list || count < 2 || count > PN_MAX_RANK + 1) {
        return config_fail(place, "%s must be a list of the batch size (null) and 1 to %d sizes",
                           key, PN_MAX_RANK);
    }
    if (!json_is_null(json_array_get(list, 0)) &&
        !config_to_size(json_array_get(list, 0), &batch)) {
        return config_fail(place, "%s[0], the batch size, must be null or a whole number", key);
    }
    input->rank = count - 1;
    for (size_t i = 0; i < input->rank; i++) {
        if (!config_to_size(json_array_get(list, i + 1), &input->shape[i])) {
            return config_fail(place, "%s[%zu] must be a whole number, not %.64s; sizes are fixed",
                               key, i + 1, config_describe(json_array_get(list, i + 1)));
        }
    }
    return PN_OK;
}

static pn_status config_read_input(struct reading *reading)
{
    const char *key = "batch_input_shape";
    if (!config_get(reading->config, key)) {
        key = "batch_shape";
    }
    pn_status status = config_check_off(&reading->place, reading->config, "sparse");
    if (status == PN_OK) {
        status = config_check_off(&reading->place, reading->config, "ragged");
    }
    if (status == PN_OK) {
        status = config_input_shape(&reading->place, key, config_get(reading->config, key),
                                    &reading->layer);
    }
    return status;
}

static pn_status config_read_flatten(const struct reading *reading)
{
    const json_t *const format = config_get(reading->config, "data_format");
    if (format && !config_is_text(format, "channels_last")) {
        return config_fail(&reading->place, "data_format is %.64s; pinion has channels_last",
                           config_describe(format));
    }
    return PN_OK;
}

static pn_status config_read_rescaling(struct reading *reading)
{
    if (!config_get(reading->config, "scale")) {
        return config_fail(&reading->place, "it has no scale");
    }
    const pn_status status =
        config_number(&reading->place, reading->config, "scale", &reading->layer.scale);
    return status == PN_OK
               ? config_number(&reading->place, reading->config, "offset", &reading->layer.offset)
               : status;
}

static pn_status config_read_dense(struct reading *reading)
{
    static const char *const keys[] = {"kernel_regularizer", "bias_regularizer",
                                       "kernel_constraint", "bias_constraint"};
    const struct config_place *const place = &reading->place;
    const json_t *const config = reading->config;
    reading->layer.use_bias = true;
    pn_status status = config_check_off(place, config, "lora_rank");
    if (status == PN_OK) {
        status = config_check_off(place, config, "quantization_config");
    }
    if (status == PN_OK && !config_get(config, "units")) {
        status = config_fail(place, "it has no units");
    }
    if (status == PN_OK) {
        status = config_size(place, config, "units", &reading->layer.units);
    }
    if (status == PN_OK) {
        status = config_bool(place, config, "use_bias", &reading->layer.use_bias);
    }
    if (status == PN_OK) {
        status = config_activation(reading);
    }
    if (status == PN_OK) {
        status = config_initializer(reading, "kernel_initializer", "GlorotUniform",
                                    &reading->extras.kernel_initializer);
    }
    if (status == PN_OK) {
        status = config_initializer(reading, "bias_initializer", "Zeros",
                                    &reading->extras.bias_initializer);
    }
    return status == PN_OK ? config_keep_set(reading, keys, sizeof keys / sizeof *keys) : status;
}

static pn_status config_read_dropout(struct reading *reading)
{
    static const char *const keys[] = {"noise_shape", "seed"};
    if (!config_get(reading->config, "rate")) {
        return config_fail(&reading->place, "it has no rate");
    }
    const pn_status status =
        config_number(&reading->place, reading->config, "rate", &reading->layer.rate);
    return status == PN_OK ? config_keep_set(reading, keys, 2) : status;
}

static pn_status config_read_own_keys(struct reading *reading)
{
    switch (reading->layer.kind) {
    case PN_INPUT:
        return config_read_input(reading);
    case PN_FLATTEN:
        return config_read_flatten(reading);
    case PN_RESCALING:
        return config_read_rescaling(reading);
    case PN_DENSE:
        return config_read_dense(reading);
    case PN_DROPOUT:
        return config_read_dropout(reading);
    case PN_ACTIVATION:
        return config_activation(reading);
    }
    return PN_OK;
}

/* --- a layer ---------------------------------------------------------------------------------- */

static pn_status config_read_layer(struct reading *reading, const json_t *entry, bool frozen)
{
    static const char *const penalty = "activity_regularizer";
    const struct config_place *const place = &reading->place;
    bool trainable = true;
    pn_status status = config_find_kind(place, entry, &reading->layer.kind);
    if (status == PN_OK && !json_is_object(reading->config)) {
        status = config_fail(place, "its config must be an object");
    }
    if (status == PN_OK) {
        status = config_string(place, entry, "name", &reading->layer.name);
    }
    if (status == PN_OK) {
        status = config_string(place, reading->config, "name", &reading->layer.name);
    }
    if (status == PN_OK) {
        status = config_check_dtype(place, reading->config);
    }
    if (status == PN_OK) {
        status = config_bool(place, reading->config, "trainable", &trainable);
    }
    reading->extras.frozen = frozen || !trainable;
    if (status == PN_OK) {
        status = config_read_own_keys(reading);
    }
    return status == PN_OK ? config_keep_set(reading, &penalty, 1) : status;
}

static void config_place_layer(struct config_place *place, size_t index, const json_t *entry)
{
    const json_t *name = config_get(json_object_get(entry, "config"), "name");
    const json_t *const class_name = config_get(entry, "class_name");
    snprintf(place->where, sizeof place->where, "model config: layer %zu \"%.64s\" (%.64s)", index,
             json_is_string(name) ? json_string_value(name) : "",
             json_is_string(class_name) ? json_string_value(class_name) : "no class");
}

pn_status config_add_layer(const struct config_context *context, const json_t *entry)
{
    struct reading reading = {.options = context->options,
                              .config = json_object_get(entry, "config"),
                              .extras = layer_extras_default()};
    config_place_layer(&reading.place, context->index, entry);
    reading.kept = json_object();
    if (!reading.kept) {
        return error_memory(64, "a layer's config");
    }
    if (context->options->max_parameters > 0 &&
        context->options->max_parameters < reading.extras.max_parameters) {
        reading.extras.max_parameters = context->options->max_parameters;
    }
    reading.extras.weights_follow = context->options->weights_follow;
    pn_status status = config_read_layer(&reading, entry, context->frozen);
    if (status == PN_OK) {
        reading.extras.kept = json_object_size(reading.kept) > 0 ? reading.kept : NULL;
        status = model_add_layer(context->model, &reading.layer, &reading.extras);
    }
    json_decref(reading.kept);
    return status == PN_ERROR_USAGE ? PN_ERROR_DATA : status;
}
