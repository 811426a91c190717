#include "engine/format/model_file.h"

#include <math.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/model/config.h"
#include "engine/model/layer.h"

enum {
    FOREIGN_SEED = 42, /* of models whose file knows none */
    /* Parameters that a config may ask for beyond the stored ones before it is compared with them,
     * layer by layer. */
    PARAMETER_SLACK = 1 << 20
};

/* Elements of all weights: the most parameters that the config may ask memory for. */
static size_t weight_elements(const struct model_file *file)
{
    size_t total = 0;
    for (size_t i = 0; i < file->layer_count; i++) {
        for (size_t w = 0; w < file->layers[i].weights.count; w++) {
            total += file->layers[i].weights.items[w].count; /* they are all in memory already */
        }
    }
    return total;
}

static pn_status check_state(const struct model_file *file, const char *path)
{
    char checksum[33];
    const pn_status status = model_file_checksum(file, checksum);
    if (status != PN_OK) {
        return status;
    }
    if (strcmp(checksum, file->state.checksum) != 0) {
        return error_set(PN_ERROR_DATA,
                         "%s: its content does not fit the checksum in /pinion: it is damaged, or "
                         "another program changed it; take another copy, or delete the group "
                         "/pinion to load what is left as a plain Keras file",
                         path);
    }
    if (file->state.recipe != (uint64_t)pn_recipe()) {
        log_say(PN_LOG_WARNING,
                "%s was trained with recipe %llu by pinion %s; training on with recipe %d is fine "
                "but will not give the bits of one uninterrupted run",
                path, (unsigned long long)file->state.recipe, file->state.version, pn_recipe());
    }
    return PN_OK;
}

/* Pairs stored arrays with the model's parameters, in order. */
struct pairing {
    const char *path;
    const struct file_layer *layer; /* the stored one that is due */
    const struct file_layer *end;
    size_t weight; /* index in it */
    size_t non_finite;
    pn_status status;
};

static void skip_empty(struct pairing *pairing)
{
    while (pairing->layer != pairing->end && pairing->weight >= pairing->layer->weights.count) {
        pairing->layer++;
        pairing->weight = 0;
    }
}

static bool pair(void *context, struct layer *layer, struct parameter *parameter, const char *role)
{
    struct pairing *pairing = context;
    skip_empty(pairing);
    /* A layer of the model takes one stored layer, whole: a new one with its kernel. */
    const bool starts = parameter == &layer->kernel;
    if (pairing->layer == pairing->end || starts != (pairing->weight == 0)) {
        pairing->status = error_set(PN_ERROR_DATA,
                                    "%s: the %s of layer %s is missing in /model_weights; the "
                                    "config and the weights are of different models",
                                    pairing->path, role, layer->name);
        return false;
    }
    const struct file_array *array = &pairing->layer->weights.items[pairing->weight++];
    if (!file_array_fits(array, parameter)) {
        char stored[SHAPE_TEXT_SIZE], wanted[SHAPE_TEXT_SIZE];
        shape_text(array->rank, array->shape, false, stored);
        shape_text(parameter->rank, parameter->shape, false, wanted);
        pairing->status = error_set(PN_ERROR_DATA,
                                    "%s: %s of layer %s is %s%s, the config asks for %s; the "
                                    "config and the weights are of different models",
                                    pairing->path, array->name, pairing->layer->name,
                                    array->dtype == FILE_F32 ? "" : "integer ", stored, wanted);
        return false;
    }
    const float *values = array->values;
    for (size_t i = 0; i < array->count; i++) {
        pairing->non_finite += !isfinite(values[i]);
    }
    memcpy(parameter->values, values, parameter->count * sizeof(float));
    return true;
}

static pn_status set_weights(pn_model *model, const struct model_file *file, const char *path)
{
    /* A file without layers has no array of them to point behind. */
    struct pairing pairing = {.path = path, .layer = file->layers, .end = file->layers};
    if (file->layer_count > 0) {
        pairing.end += file->layer_count;
    }
    if (!model_each_parameter(model, pair, &pairing)) {
        return pairing.status;
    }
    skip_empty(&pairing);
    if (pairing.layer != pairing.end) {
        return error_set(PN_ERROR_DATA,
                         "%s: the config has no layer for the weights of %s; the config and the "
                         "weights are of different models",
                         path, pairing.layer->name);
    }
    if (pairing.non_finite > 0) {
        log_say(PN_LOG_WARNING,
                "%s: %zu weights are infinite or no numbers; its results will be "
                "useless",
                path, pairing.non_finite);
    }
    return PN_OK;
}

struct slot_pairing {
    const struct file_arrays *slots;
    size_t count; /* slots of each parameter */
    size_t next;
};

static bool pair_slots(void *context, struct layer *layer, struct parameter *parameter,
                       const char *role)
{
    (void)layer;
    (void)role;
    struct slot_pairing *pairing = context;
    for (size_t i = 0; i < pairing->count; i++) {
        if (pairing->next == pairing->slots->count ||
            !file_array_fits(&pairing->slots->items[pairing->next], parameter)) {
            return false;
        }
        memcpy(parameter->slot[i], pairing->slots->items[pairing->next++].values,
               parameter->count * sizeof(float));
    }
    return true;
}

/* A checksum is no signature: numbers that training would trust are looked at. */
static bool state_sensible(const struct file_state *state)
{
    const bool powers = state->beta_1_power >= 0.0 && state->beta_1_power <= 1.0 &&
                        state->beta_2_power >= 0.0 && state->beta_2_power <= 1.0;
    const bool progress =
        state->batches == 0 ||
        (state->batch_size > 0 && state->batches <= state->samples / state->batch_size &&
         state->hits <= state->samples);
    return powers && progress && state->seed <= UINT32_MAX;
}

/* Pinion's own state: it must fit, for the checksum did. */
static pn_status set_state(pn_model *model, const struct model_file *file, const char *path)
{
    const struct file_state *state = &file->state;
    struct slot_pairing pairing = {
        .slots = &file->slots, .count = model->compiled ? optimizer_slots(&model->optimizer) : 0};
    if (!model_each_parameter(model, pair_slots, &pairing) || pairing.next != file->slots.count ||
        !state_sensible(state)) {
        return error_set(PN_ERROR_DATA,
                         "%s: the optimizer's state in /pinion does not fit the optimizer; delete "
                         "the group /pinion to load the rest as a plain Keras file",
                         path);
    }
    model->seed = (uint32_t)state->seed;
    model->epochs = state->epochs;
    model->steps = state->steps;
    model->beta_1_power = state->beta_1_power;
    model->beta_2_power = state->beta_2_power;
    model->progress = (struct epoch_progress){.batches = state->batches,
                                              .batch_size = state->batch_size,
                                              .samples = state->samples,
                                              .shuffled = state->shuffled != 0,
                                              .loss_sum = state->loss_sum,
                                              .hits = state->hits};
    return PN_OK;
}

static pn_status build(const struct model_file *file, const char *path, pn_model **model)
{
    const struct file_state *state = &file->state;
    if (state->present) {
        const pn_status status = check_state(file, path);
        if (status != PN_OK) {
            return status;
        }
    }
    const struct config_options options = {
        .weights_follow = true, .max_parameters = weight_elements(file) + PARAMETER_SLACK};
    const uint32_t seed = state->present ? (uint32_t)state->seed : FOREIGN_SEED;
    pn_status status =
        config_model_parse(file->model_config, strlen(file->model_config), seed, &options, model);
    if (status != PN_OK) {
        return error_set(status == PN_ERROR_FAILED ? status : PN_ERROR_DATA, "%s: %s", path,
                         pn_error_message());
    }
    status = set_weights(*model, file, path);
    if (status != PN_OK) {
        return status;
    }
    if (file->training_config && config_training_parse(*model, file->training_config,
                                                       strlen(file->training_config)) != PN_OK) {
        if (state->present) {
            return error_set(PN_ERROR_DATA, "%s: training_config: %s", path, pn_error_message());
        }
        log_say(PN_LOG_WARNING, "%s: loaded without its training set-up (%s); compile it to train",
                path, pn_error_message());
    }
    if (state->present) {
        return set_state(*model, file, path);
    }
    if ((*model)->compiled && file->optimizer.count > 0 &&
        !optimizer_state_restore(*model, &file->optimizer)) {
        log_say(PN_LOG_WARNING,
                "%s: the state of its optimizer is of no known form; training on starts the "
                "optimizer anew",
                path);
    }
    return PN_OK;
}

pn_status model_file_to_model(const struct model_file *file, const char *path, pn_model **model)
{
    *model = NULL;
    const pn_status status = build(file, path, model);
    if (status != PN_OK) {
        pn_model_free(*model);
        *model = NULL;
    }
    return status;
}
