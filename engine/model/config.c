/* model/config.c: a model as the JSON of Keras 2.9, keys in Keras's order. */
#include "engine/model/config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/json_text.h"
#include "engine/model/names.h"

/* An object under construction. Running out of memory anywhere is remembered; a failed value is
 * NULL and everything takes it. */
struct builder {
    bool failed;
};

static void put(struct builder *builder, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) {
        builder->failed = true;
    }
}

static void append(struct builder *builder, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) {
        builder->failed = true;
    }
}

/* {"class_name": class_name, "config": config} */
static json_t *config_object(struct builder *builder, const char *class_name, json_t *config)
{
    json_t *const object = json_object();
    put(builder, object, "class_name", json_string(class_name));
    put(builder, object, "config", config);
    return object;
}

/* What the layer's own config said of a key, else `value`, which is taken over. */
static json_t *kept_or(const struct layer *layer, const char *key, json_t *value)
{
    json_t *const kept = json_object_get(layer->kept, key);
    if (!kept) {
        return value;
    }
    json_decref(value);
    return json_incref(kept);
}

static json_t *config_shape(struct builder *builder, const struct layer *input)
{
    json_t *const shape = json_array();
    append(builder, shape, json_null());
    for (size_t i = 0; i < input->rank; i++) {
        append(builder, shape, json_integer((json_int_t)input->shape[i]));
    }
    return shape;
}

static void config_input(struct builder *builder, const struct layer *layer, json_t *config)
{
    put(builder, config, "batch_input_shape", config_shape(builder, layer));
    put(builder, config, "dtype", json_string("float32"));
    put(builder, config, "sparse", json_false());
    put(builder, config, "ragged", json_false());
    put(builder, config, "name", json_string(layer->name));
}

static void config_dense(struct builder *builder, const struct layer *layer, json_t *config)
{
    static const char *const nulls[] = {"kernel_regularizer", "bias_regularizer",
                                        "activity_regularizer", "kernel_constraint",
                                        "bias_constraint"};
    json_t *const glorot = json_object();
    put(builder, glorot, "seed", json_null());
    put(builder, config, "units", json_integer((json_int_t)layer->size));
    put(builder, config, "activation",
        kept_or(layer, "activation", json_string(activation_name(&layer->activation))));
    put(builder, config, "use_bias", json_boolean(layer->use_bias));
    put(builder, config, "kernel_initializer",
        kept_or(layer, "kernel_initializer", config_object(builder, "GlorotUniform", glorot)));
    put(builder, config, "bias_initializer",
        kept_or(layer, "bias_initializer", config_object(builder, "Zeros", json_object())));
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
        put(builder, config, nulls[i], kept_or(layer, nulls[i], json_null()));
    }
}

/* The keys of a kind's own, behind those that every layer has. */
static void config_own_keys(struct builder *builder, const struct layer *layer, json_t *config)
{
    switch (layer->kind) {
    case PN_INPUT:
        break;
    case PN_FLATTEN:
        put(builder, config, "data_format", json_string("channels_last"));
        break;
    case PN_RESCALING:
        put(builder, config, "scale", json_real(layer->scale));
        put(builder, config, "offset", json_real(layer->offset));
        break;
    case PN_DENSE:
        config_dense(builder, layer, config);
        break;
    case PN_DROPOUT:
        put(builder, config, "rate", json_real(layer->rate));
        put(builder, config, "noise_shape", kept_or(layer, "noise_shape", json_null()));
        put(builder, config, "seed", kept_or(layer, "seed", json_null()));
        break;
    case PN_ACTIVATION:
        put(builder, config, "activation",
            kept_or(layer, "activation", json_string(activation_name(&layer->activation))));
        break;
    }
}

static json_t *config_layer(struct builder *builder, const struct pn_model *model, size_t index)
{
    const struct layer *const layer = &model->layers[index];
    json_t *const config = json_object();
    if (layer->kind == PN_INPUT) {
        config_input(builder, layer, config);
    } else {
        put(builder, config, "name", json_string(layer->name));
        put(builder, config, "trainable", json_boolean(!layer->frozen));
        if (index == 1 && model->input_implied) {
            put(builder, config, "batch_input_shape", config_shape(builder, &model->layers[0]));
        }
        put(builder, config, "dtype", json_string("float32"));
        config_own_keys(builder, layer, config);
        json_t *const penalty = json_object_get(layer->kept, "activity_regularizer");
        if (penalty && layer->kind != PN_DENSE) {
            put(builder, config, "activity_regularizer", json_incref(penalty));
        }
    }
    return config_object(builder, layer_class_name(layer->kind), config);
}

static json_t *config_model(struct builder *builder, const struct pn_model *model)
{
    json_t *const config = json_object();
    json_t *const layers = json_array();
    put(builder, config, "name", json_string(model->name));
    for (size_t i = 0; i < model->layer_count; i++) {
        append(builder, layers, config_layer(builder, model, i));
    }
    put(builder, config, "layers", layers);
    return config;
}

/* Writes and releases `value`. */
static pn_status config_write(const struct builder *builder, json_t *value, int indent,
                              const struct pn_model *model, char **json)
{
    *json = builder->failed ? NULL : json_text_write(value, indent);
    json_decref(value);
    return *json ? PN_OK : error_memory(model->layer_count * 1024, "the model's config");
}

pn_status pn_model_config(const pn_model *model, int indent, char **json)
{
    struct builder builder = {false};
    json_t *const config = config_model(&builder, model);
    return config_write(&builder, config, indent, model, json);
}

pn_status config_model_json(const pn_model *model, char **json)
{
    struct builder builder = {false};
    json_t *const object = config_object(&builder, "Sequential", config_model(&builder, model));
    return config_write(&builder, object, 0, model, json);
}

/* --- training_config -------------------------------------------------------------------------- */

static json_t *config_optimizer(struct builder *builder, const pn_optimizer *optimizer)
{
    const bool adam = optimizer->kind == PN_ADAM;
    const char *const name = adam ? "Adam" : "SGD";
    json_t *const config = json_object();
    put(builder, config, "name", json_string(name));
    put(builder, config, "learning_rate", json_real(optimizer->learning_rate));
    if (adam) {
        put(builder, config, "beta_1", json_real(optimizer->beta_1));
        put(builder, config, "beta_2", json_real(optimizer->beta_2));
        put(builder, config, "epsilon", json_real(optimizer->epsilon));
        put(builder, config, "amsgrad", json_false());
    } else {
        put(builder, config, "momentum", json_real(optimizer->momentum));
        put(builder, config, "nesterov", json_boolean(optimizer->nesterov));
    }
    return config_object(builder, name, config);
}

/* Not the plain name "accuracy": Keras 2 (2.12 and tf-keras 2.21) then loads it as categorical
 * accuracy and evaluates to nonsense. Nor what Keras 2 writes itself, which Keras 3 cannot call.
 * This object is right in both, and shows as "accuracy". */
static json_t *config_accuracy(struct builder *builder)
{
    json_t *const config = json_object();
    put(builder, config, "name", json_string("accuracy"));
    put(builder, config, "dtype", json_string("float32"));
    return config_object(builder, "SparseCategoricalAccuracy", config);
}

pn_status config_training_json(const pn_model *model, char **json)
{
    *json = NULL;
    if (!model->compiled) {
        return PN_OK;
    }
    struct builder builder = {false};
    json_t *const config = json_object();
    json_t *const metrics = json_array();
    if (model->accuracy) {
        append(&builder, metrics, config_accuracy(&builder));
    }
    put(&builder, config, "loss", json_string("sparse_categorical_crossentropy"));
    put(&builder, config, "metrics", metrics);
    put(&builder, config, "weighted_metrics", json_null());
    put(&builder, config, "loss_weights", json_null());
    put(&builder, config, "optimizer_config", config_optimizer(&builder, &model->optimizer));
    return config_write(&builder, config, 0, model, json);
}

const char *config_untrained_key(const struct layer *layer)
{
    static const char *const keys[] = {"kernel_regularizer",   "bias_regularizer",
                                       "activity_regularizer", "kernel_constraint",
                                       "bias_constraint",      "noise_shape"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (json_object_get(layer->kept, keys[i])) {
            return keys[i];
        }
    }
    return NULL;
}
