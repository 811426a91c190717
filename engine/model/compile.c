/* model/compile.c: optimizer, loss and metrics of a model. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/config.h"
#include "engine/model/layer.h"
#include "engine/model/model.h"

pn_optimizer pn_adam(double learning_rate)
{
    return (pn_optimizer){.kind = PN_ADAM,
                          .learning_rate = learning_rate,
                          .beta_1 = 0.9,
                          .beta_2 = 0.999,
                          .epsilon = 1e-7};
}

pn_optimizer pn_sgd(double learning_rate, double momentum, bool nesterov)
{
    return (pn_optimizer){.kind = PN_SGD,
                          .learning_rate = learning_rate,
                          .momentum = momentum,
                          .nesterov = nesterov,
                          .beta_1 = 0.9,
                          .beta_2 = 0.999,
                          .epsilon = 1e-7};
}

/* --- checks ----------------------------------------------------------------------------------- */

static pn_status optimizer_check_rate(double learning_rate)
{
    if (learning_rate >= 0 && float_is_plain(learning_rate)) {
        return PN_OK;
    }
    return error_set(PN_ERROR_USAGE,
                     "learning_rate %g; it is 0 or a positive 32-bit float, such as 0.001",
                     learning_rate);
}

/* Betas are rounded to f32 before use, so they must stay below 1 then. */
static pn_status optimizer_check_beta(const char *name, double beta)
{
    if (beta >= 0 && float_is_plain(beta) && (float)beta < 1.0F) {
        return PN_OK;
    }
    return error_set(PN_ERROR_USAGE, "%s %g; as a 32-bit float it is 0 <= %s < 1", name, beta,
                     name);
}

static pn_status optimizer_check(const pn_optimizer *optimizer)
{
    pn_status status = optimizer_check_rate(optimizer->learning_rate);
    if (status != PN_OK) {
        return status;
    }
    switch (optimizer->kind) {
    case PN_SGD:
        if (!(optimizer->momentum >= 0 && optimizer->momentum <= 1 &&
              float_is_plain(optimizer->momentum))) {
            return error_set(PN_ERROR_USAGE, "momentum %g; it is 0 <= momentum <= 1",
                             optimizer->momentum);
        }
        return PN_OK;
    case PN_ADAM:
        status = optimizer_check_beta("beta_1", optimizer->beta_1);
        if (status == PN_OK) {
            status = optimizer_check_beta("beta_2", optimizer->beta_2);
        }
        if (status != PN_OK) {
            return status;
        }
        if (!(optimizer->epsilon > 0 && float_is_plain(optimizer->epsilon))) {
            return error_set(PN_ERROR_USAGE,
                             "epsilon %g; it is a positive 32-bit float, such as "
                             "1e-07",
                             optimizer->epsilon);
        }
        return PN_OK;
    }
    return error_set(PN_ERROR_USAGE, "optimizer kind %d does not exist; use pn_adam() or pn_sgd()",
                     (int)optimizer->kind);
}

static pn_status model_check_loss(const struct pn_model *model, const char *loss)
{
    static const char known[] = "sparse_categorical_crossentropy";
    if (!loss || strcmp(loss, known) != 0) {
        return error_set(PN_ERROR_USAGE, "%s: loss \"%.64s\" is not known; known is %s",
                         model->name, loss ? loss : "", known);
    }
    const struct layer *const last =
        model->layer_count > 0 ? &model->layers[model->layer_count - 1] : NULL;
    if (!last || !last->activation.softmax) {
        return error_set(PN_ERROR_USAGE,
                         "%s: %s takes probabilities, but the model ends in \"%s\"; end it in a "
                         "softmax, such as Dense(10, softmax)",
                         model->name, known, last ? last->name : "nothing");
    }
    return PN_OK;
}

/* Refuses what would train differently here than in Keras. */
static pn_status model_check_trainable(const struct pn_model *model)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        const struct layer *const layer = &model->layers[i];
        const bool frozen = layer->frozen && layer->kernel.count > 0;
        const char *const key = frozen ? "trainable: false" : config_untrained_key(layer);
        if (key) {
            return error_set(PN_ERROR_USAGE,
                             "%s: layer \"%s\": its %s is something that pinion does not train "
                             "with; predict works, and evaluate, whose loss leaves out penalties "
                             "of regularizers; training needs a config without it",
                             model->name, layer->name, key);
        }
    }
    return PN_OK;
}

/* --- slots ------------------------------------------------------------------------------------ */

size_t optimizer_slots(const pn_optimizer *optimizer)
{
    if (optimizer->kind == PN_ADAM) {
        return 2;
    }
    return optimizer->momentum > 0 ? 1 : 0;
}

/* Slots for all parameters, taken together so that a failure changes nothing. */
struct slots {
    size_t used, count;
    float **values;
};

static void slots_free(struct slots *slots)
{
    for (size_t i = 0; i < slots->count; i++) {
        free(slots->values[i]);
    }
    free(slots->values);
}

static pn_status slots_allocate(struct pn_model *model, size_t used, struct slots *slots)
{
    *slots = (struct slots){.used = used};
    slots->values = calloc(2 * model->layer_count * MODEL_MAX_SLOTS + 1, sizeof *slots->values);
    if (!slots->values) {
        return error_memory(model->layer_count * sizeof *slots->values, model->name);
    }
    for (size_t i = 0; i < model->layer_count; i++) {
        const struct parameter *const parameters[] = {&model->layers[i].kernel,
                                                      &model->layers[i].bias};
        for (size_t j = 0; j < 2 * used; j++) {
            const size_t count = parameters[j / used]->count;
            if (count == 0) {
                continue;
            }
            float *const values = calloc(count, sizeof *values);
            if (!values) {
                slots_free(slots);
                return error_memory(count * sizeof *values, model->name);
            }
            slots->values[slots->count++] = values;
        }
    }
    return PN_OK;
}

/* Hands slots to one parameter after the other. */
static bool slots_give(void *context, struct layer *layer, struct parameter *parameter,
                       const char *role)
{
    struct slots *const slots = context;
    (void)layer, (void)role;
    for (size_t i = 0; i < MODEL_MAX_SLOTS; i++) {
        free(parameter->slot[i]);
        parameter->slot[i] = i < slots->used ? slots->values[slots->count++] : NULL;
    }
    return true;
}

static pn_status model_replace_slots(struct pn_model *model, const pn_optimizer *optimizer)
{
    struct slots slots;
    const pn_status status = slots_allocate(model, optimizer_slots(optimizer), &slots);
    if (status != PN_OK) {
        return status;
    }
    slots.count = 0;
    model_each_parameter(model, slots_give, &slots);
    free(slots.values);
    return PN_OK;
}

/* --- compile ---------------------------------------------------------------------------------- */

pn_status pn_model_compile(pn_model *model, pn_optimizer optimizer, const char *loss,
                           const char *metrics)
{
    pn_status status = model_check_idle(model);
    if (status == PN_OK) {
        status = optimizer_check(&optimizer);
    }
    if (status == PN_OK) {
        status = model_check_loss(model, loss);
    }
    if (status == PN_OK && metrics && strcmp(metrics, "accuracy") != 0) {
        status = error_set(PN_ERROR_USAGE, "%s: metric \"%.64s\" is not known; known is accuracy",
                           model->name, metrics);
    }
    if (status == PN_OK) {
        status = model_check_trainable(model);
    }
    if (status == PN_OK) {
        status = model_replace_slots(model, &optimizer);
    }
    if (status != PN_OK) {
        return status;
    }
    model->compiled = true;
    model->optimizer = optimizer;
    model->accuracy = metrics != NULL;
    model->progress = (struct epoch_progress){0};
    model_set_steps(model, 0);
    return PN_OK;
}

bool pn_model_optimizer(const pn_model *model, pn_optimizer *optimizer)
{
    if (model->compiled) {
        *optimizer = model->optimizer;
    }
    return model->compiled;
}

pn_status pn_model_set_learning_rate(pn_model *model, double learning_rate)
{
    if (!model->compiled) {
        return error_set(PN_ERROR_USAGE,
                         "%s: it is not compiled, so it has no learning rate; "
                         "compile it first",
                         model->name);
    }
    const pn_status status = optimizer_check_rate(learning_rate);
    if (status == PN_OK) {
        model->optimizer.learning_rate = learning_rate;
    }
    return status;
}

/* base^exponent by squaring: IEEE multiplications only. */
static double power(double base, uint64_t exponent)
{
    double result = 1.0;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) {
            result *= base;
        }
        base *= base;
    }
    return result;
}

void model_set_steps(struct pn_model *model, uint64_t steps)
{
    model->steps = steps;
    model->beta_1_power = power((double)(float)model->optimizer.beta_1, steps);
    model->beta_2_power = power((double)(float)model->optimizer.beta_2, steps);
}
