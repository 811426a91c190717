#include "bench/train/network.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/model/net.h"

enum { SEED = 42 };

static pn_status add_layers(const struct net *net, pn_model *model)
{
    for (size_t i = 0; i < net->count; i++) {
        const pn_status status = pn_model_add(model, net->layers[i].layer);
        if (status != PN_OK) {
            char why[256];
            snprintf(why, sizeof why, "%s", pn_error_message());
            return error_set(status, "--net at character %zu: %s", net->layers[i].position, why);
        }
    }
    return PN_OK;
}

static pn_status build_model(const struct net *net, const struct sample_form *form,
                             pn_optimizer_kind optimizer, pn_model *model)
{
    pn_status status = pn_model_add(model, pn_input(form->rank, form->shape));
    if (status == PN_OK && form->dtype == PN_U8) {
        status = pn_model_add(model, pn_rescaling(1.0 / 255, 0));
    }
    if (status == PN_OK && form->rank != 1) {
        status = pn_model_add(model, pn_flatten());
    }
    if (status == PN_OK) {
        status = add_layers(net, model);
    }
    if (status != PN_OK) {
        return status;
    }
    return pn_model_compile(model, optimizer == PN_ADAM ? pn_adam(0.001) : pn_sgd(0.01, 0, false),
                            "sparse_categorical_crossentropy", "accuracy");
}

pn_status network_model(const char *spec, const struct sample_form *form,
                        pn_optimizer_kind optimizer, uint32_t seed, pn_model **model)
{
    *model = NULL;
    struct net net;
    char error[256];
    pn_status status = net_parse(spec, &net, error, sizeof error)
                           ? pn_model_create(NULL, seed, model)
                           : error_set(PN_ERROR_USAGE, "--net %s", error);
    if (status == PN_OK) {
        status = build_model(&net, form, optimizer, *model);
    }
    net_free(&net);
    if (status != PN_OK) {
        pn_model_free(*model);
        *model = NULL;
    }
    return status;
}

pn_status network_create(const char *spec, size_t input, pn_dtype dtype,
                         pn_optimizer_kind optimizer, struct network *network)
{
    *network = (struct network){.spec = spec, .input = input, .dtype = dtype};
    const struct sample_form form = {.rank = 1, .shape = {input}, .dtype = dtype};
    return network_model(spec, &form, optimizer, SEED, &network->model);
}

static uint32_t next_word(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void fill(const struct network *network, size_t count, void *samples, int32_t *labels)
{
    const size_t classes = network->model->layers[network->model->layer_count - 1].size;
    const size_t values = count * network->input;
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < values; i++) {
        const uint32_t word = next_word(&state);
        if (network->dtype == PN_U8) {
            ((uint8_t *)samples)[i] = (uint8_t)(word >> 24);
        } else {
            ((float *)samples)[i] = (float)(word >> 8) * 0x1p-24f;
        }
    }
    for (size_t i = 0; i < count; i++) {
        labels[i] = (int32_t)(next_word(&state) % classes);
    }
}

pn_status network_make_data(struct network *network, size_t count)
{
    const size_t element = network->dtype == PN_U8 ? sizeof(uint8_t) : sizeof(float);
    size_t values;
    if (!size_multiply(count, network->input, &values)) {
        return error_memory(SIZE_MAX, "samples");
    }
    void *samples = calloc(values, element);
    int32_t *labels = calloc(count, sizeof *labels);
    pn_status status = PN_OK;
    if (samples == NULL || labels == NULL) {
        status = error_memory(values * element, "samples");
    } else {
        fill(network, count, samples, labels);
        status = pn_dataset_from_arrays(samples, network->dtype, count, 1, &network->input, labels,
                                        &network->data);
    }
    free(samples);
    free(labels);
    return status;
}

void network_free(struct network *network)
{
    pn_model_free(network->model);
    pn_dataset_free(network->data);
    *network = (struct network){0};
}
