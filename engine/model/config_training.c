/* model/config_training.c: optimizer, loss and metrics out of Keras's JSON. */
#include <string.h>
#include <strings.h>

#include "engine/base/error.h"
#include "engine/model/config.h"
#include "engine/model/config_value.h"
#include "engine/model/json_text.h"

static const struct config_place training_top = {"training config"};
static const struct config_place training_optimizer = {"training config: optimizer"};

/* --- optimizer -------------------------------------------------------------------------------- */

/* Options that pinion's optimizers do not have must be off: missing, null, false or 0. */
static pn_status training_check_off(const json_t *config)
{
    static const char *const keys[] = {"amsgrad",
                                       "decay",
                                       "weight_decay",
                                       "clipnorm",
                                       "clipvalue",
                                       "global_clipnorm",
                                       "use_ema",
                                       "loss_scale_factor",
                                       "gradient_accumulation_steps"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *const value = config_get(config, keys[i]);
        const bool zero = json_is_number(value) && json_number_value(value) == 0;
        if (value && !json_is_false(value) && !zero) {
            return config_fail(&training_optimizer,
                               "%s is set; pinion's optimizers have no such "
                               "thing",
                               keys[i]);
        }
    }
    return PN_OK;
}

static pn_status training_numbers(const json_t *config, pn_optimizer *optimizer)
{
    const struct config_place *const place = &training_optimizer;
    const struct {
        const char *key;
        double *value;
    } numbers[] = {{"lr", &optimizer->learning_rate}, /* of old files */
                   {"learning_rate", &optimizer->learning_rate},
                   {"momentum", &optimizer->momentum},
                   {"beta_1", &optimizer->beta_1},
                   {"beta_2", &optimizer->beta_2},
                   {"epsilon", &optimizer->epsilon}};
    if (json_is_object(config_get(config, "learning_rate"))) {
        return config_fail(place, "learning_rate is the schedule %.64s; pinion takes a number",
                           config_describe(config_get(config, "learning_rate")));
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const pn_status status = config_number(place, config, numbers[i].key, numbers[i].value);
        if (status != PN_OK) {
            return status;
        }
    }
    return config_bool(place, config, "nesterov", &optimizer->nesterov);
}

/* "adam", or {"class_name": "Adam", "config": {...}}. */
static pn_status training_read_optimizer(const json_t *value, pn_optimizer *optimizer)
{
    const json_t *const name = json_is_object(value) ? config_get(value, "class_name") : value;
    if (!json_is_string(name)) {
        return config_fail(&training_optimizer,
                           "it must be a name or an object with a class_name, "
                           "not %.64s",
                           config_describe(value));
    }
    /* tf-keras writes its own optimizers as if they were a user's. */
    static const char custom[] = "Custom>";
    const char *kind = json_string_value(name);
    kind += strncmp(kind, custom, sizeof custom - 1) == 0 ? sizeof custom - 1 : 0;
    if (strcasecmp(kind, "adam") == 0 && config_is_keras(value)) {
        *optimizer = pn_adam(0.001);
    } else if (strcasecmp(kind, "sgd") == 0 && config_is_keras(value)) {
        *optimizer = pn_sgd(0.01, 0.0, false);
    } else {
        return config_fail(&training_optimizer, "%.64s is not known; known are Adam and SGD",
                           json_string_value(name));
    }
    const json_t *const config = config_get(value, "config");
    const pn_status status = training_check_off(config);
    return status == PN_OK ? training_numbers(config, optimizer) : status;
}

/* --- loss ------------------------------------------------------------------------------------- */

/* The value behind a list of one or a dict of one output. */
static const json_t *training_only_item(const json_t *value)
{
    if (json_is_array(value) && json_array_size(value) == 1) {
        return json_array_get(value, 0);
    }
    if (json_object_size(value) == 1) {
        return json_object_iter_value(json_object_iter((json_t *)value));
    }
    return value;
}

static pn_status training_read_loss_object(const pn_model *model, const json_t *object)
{
    static const struct config_place place = {"training config: loss"};
    const json_t *const config = config_get(object, "config");
    const char *reduction = "auto";
    bool from_logits = false;
    pn_status status = config_string(&place, config, "reduction", &reduction);
    if (status == PN_OK) {
        status = config_bool(&place, config, "from_logits", &from_logits);
    }
    if (status != PN_OK) {
        return status;
    }
    if (from_logits) {
        const size_t count = model->layer_count;
        const bool softmax = count > 0 && model->layers[count - 1].activation.softmax;
        return config_fail(&place, "from_logits is true, %s",
                           softmax
                               ? "but the model ends in a softmax"
                               : "so the model ends without a softmax; pinion trains models that "
                                 "end in one");
    }
    if (config_get(config, "ignore_class")) {
        return config_fail(&place, "ignore_class is set; pinion counts every class");
    }
    if (strcmp(reduction, "auto") != 0 && strcmp(reduction, "sum_over_batch_size") != 0 &&
        strcmp(reduction, "mean") != 0) {
        return config_fail(&place, "reduction is %.64s; pinion takes the mean over the batch",
                           reduction);
    }
    return PN_OK;
}

static pn_status training_read_loss(const pn_model *model, const json_t *value, const char **loss)
{
    value = training_only_item(value);
    const json_t *const class_name = config_get(value, "class_name");
    if (config_is_text(class_name, "SparseCategoricalCrossentropy") && config_is_keras(value)) {
        *loss = "sparse_categorical_crossentropy";
        return training_read_loss_object(model, value);
    }
    if (config_is_text(class_name, "function")) {
        value = config_get(value, "config");
    }
    if (!json_is_string(value)) {
        return config_fail(&training_top,
                           "loss %.64s is not known; known is "
                           "sparse_categorical_crossentropy",
                           config_describe(value));
    }
    *loss = json_string_value(value);
    return PN_OK;
}

static pn_status training_check_loss_weights(const json_t *value)
{
    value = training_only_item(value);
    if (value && !(json_is_number(value) && json_number_value(value) == 1)) {
        return config_fail(&training_top, "loss_weights is set; pinion weighs the one loss with 1");
    }
    return PN_OK;
}

/* --- metrics ---------------------------------------------------------------------------------- */

static bool training_is_accuracy(const json_t *value)
{
    static const char *const names[] = {"accuracy", "acc", "sparse_categorical_accuracy",
                                        "SparseCategoricalAccuracy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (config_is_text(value, names[i])) {
            return true;
        }
    }
    return false;
}

/* Looks for accuracy in lists, in lists for each output, in metric objects. Other metrics change
 * nothing that is learnt: they are left out with a word to the log. */
static bool training_find_accuracy(const json_t *value)
{
    const json_t *const class_name = config_get(value, "class_name");
    bool found = false;
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            found |= training_find_accuracy(json_array_get(value, i));
        }
        return found;
    }
    if (class_name) {
        const json_t *const config = config_get(value, "config");
        found = training_is_accuracy(class_name) || training_is_accuracy(config) ||
                training_is_accuracy(config_get(config, "fn")) ||
                /* Keras 2 has made categorical accuracy of it, if it has not trained yet. */
                config_is_text(config_get(config, "name"), "accuracy");
    } else if (json_is_object(value)) {
        const char *key;
        json_t *item;
        json_object_foreach((json_t *)value, key, item)
        {
            found |= training_find_accuracy(item);
        }
        return found;
    } else {
        found = training_is_accuracy(value);
    }
    if (!found && value && !json_is_null(value)) {
        log_say(PN_LOG_WARNING, "training config: metric %.64s is not known and left out",
                config_describe(value));
    }
    return found;
}

/* --- all -------------------------------------------------------------------------------------- */

static pn_status training_compile(pn_model *model, const json_t *config)
{
    const json_t *optimizer = config_get(config, "optimizer_config");
    if (!optimizer) {
        optimizer = config_get(config, "optimizer");
    }
    pn_optimizer settings;
    const char *loss = NULL;
    pn_status status = training_read_optimizer(optimizer, &settings);
    if (status == PN_OK) {
        status = training_read_loss(model, config_get(config, "loss"), &loss);
    }
    if (status == PN_OK) {
        status = training_check_loss_weights(config_get(config, "loss_weights"));
    }
    if (status != PN_OK) {
        return status;
    }
    const bool accuracy = training_find_accuracy(config_get(config, "metrics"));
    status = pn_model_compile(model, settings, loss, accuracy ? "accuracy" : NULL);
    return status == PN_ERROR_USAGE ? PN_ERROR_DATA : status;
}

pn_status config_training_parse(pn_model *model, const char *json, size_t length)
{
    json_t *root = NULL;
    pn_status status = json_text_read(json, length, training_top.where, &root);
    if (status != PN_OK) {
        return status;
    }
    /* A whole config.json has the compile_config inside; it may be null or empty. */
    const bool whole = json_object_get(root, "compile_config") || config_get(root, "class_name");
    const json_t *const config = whole ? config_get(root, "compile_config") : root;
    if (config && !(whole && json_object_size(config) == 0)) {
        status = training_compile(model, config);
    }
    json_decref(root);
    return status;
}
