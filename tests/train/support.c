#include "tests/train/support.h"

#include <stdlib.h>

struct network lesson(void)
{
    return (struct network){256, 10, "relu", 1.0 / 255.0, 0.2};
}

pn_model *build(const struct network *network, const pn_dataset *dataset, uint32_t seed)
{
    pn_model *model;
    size_t shape[PN_MAX_RANK];
    const size_t rank = pn_dataset_shape(dataset, shape);
    must(pn_model_create(NULL, seed, &model));
    must(pn_model_add(model, pn_input(rank, shape)));
    must(pn_model_add(model, pn_flatten()));
    if (network->scale != 1.0) {
        must(pn_model_add(model, pn_rescaling(network->scale, 0.0)));
    }
    must(pn_model_add(model, pn_dense(network->hidden, network->activation)));
    if (network->dropout > 0.0) {
        must(pn_model_add(model, pn_dropout(network->dropout)));
    }
    must(pn_model_add(model, pn_dense(network->classes, "softmax")));
    return model;
}

pn_dataset *synthetic(size_t count)
{
    pn_dataset *dataset;
    must(pn_dataset_synthetic(count, 2, (size_t[]){28, 28}, 10, 1, &dataset));
    return dataset;
}

/* A small generator of its own, so that the data owe nothing to pinion's. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

pn_dataset *small_floats(size_t count, uint32_t seed)
{
    float *samples = malloc(count * 12 * sizeof *samples);
    int32_t *labels = malloc(count * sizeof *labels);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < 12; j++) {
            samples[i * 12 + j] = (float)(next_random(&state) >> 8) * 0x1p-23f - 1.0f;
        }
        labels[i] = (int32_t)(next_random(&state) % 5);
    }
    pn_dataset *dataset;
    must(pn_dataset_from_arrays(samples, PN_F32, count, 1, (size_t[]){12}, labels, &dataset));
    free(samples);
    free(labels);
    return dataset;
}

const char *digest_after(pn_model *model, const pn_dataset *dataset, const pn_fit_options *options)
{
    static char digest[33];
    must(pn_model_fit(model, dataset, options, NULL));
    pn_model_digest(model, digest);
    return digest;
}

pn_fit_options fit_options(size_t epochs, size_t batch)
{
    pn_fit_options options = pn_fit_options_default();
    options.epochs = epochs;
    options.batch_size = batch;
    options.run.threads = 1;
    return options;
}

pn_model *compiled_with(struct network network, const pn_dataset *dataset, pn_optimizer optimizer)
{
    pn_model *model = build(&network, dataset, 42);
    must(pn_model_compile(model, optimizer, "sparse_categorical_crossentropy", "accuracy"));
    return model;
}

pn_model *compiled(const pn_dataset *dataset, pn_optimizer optimizer)
{
    struct network network = lesson();
    network.hidden = 24;
    return compiled_with(network, dataset, optimizer);
}

pn_status interrupt(void *user, pn_fit_view *view)
{
    size_t *calls = user;
    if (calls != NULL) {
        (*calls)++;
    }
    if (view->epoch->epoch == 2 && view->batch == 3) {
        pn_interrupt();
    }
    return PN_OK;
}

void fit_with(pn_status expected, pn_model *model, const pn_dataset *dataset,
              pn_fit_options options, pn_callback callback)
{
    options.callbacks = &callback;
    options.callback_count = 1;
    const pn_status status = pn_model_fit(model, dataset, &options, NULL);
    cr_assert_eq(status, expected, "status %d: %s", (int)status, pn_error_message());
}
