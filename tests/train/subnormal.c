/* No stored value of a training or a prediction is subnormal. */
#include "engine/model/model.h"
#include "engine/train/fit.h"
#include "tests/train/support.h"

struct subnormals {
    size_t found, looked_at;
};

static pn_status count_subnormals(void *user, pn_fit_view *view)
{
    struct subnormals *subnormals = user;
    size_t floats;
    subnormals->found += fit_count_subnormal(view->model->running, &floats);
    subnormals->looked_at += floats;
    return PN_OK;
}

/* Raw pixels: most of Adam's moments would be subnormal without the contract's rules. */
Test(subnormal, none_is_stored_by_fit)
{
    pn_dataset *whole, *dataset;
    if (pn_dataset_load("fashion-mnist", &whole, NULL) == PN_ERROR_NOT_FOUND) {
        skip("%s", pn_error_message());
    }
    must(pn_dataset_slice(whole, 0, 12000, &dataset));
    struct network network = lesson();
    network.scale = 1.0;
    const pn_optimizer optimizers[] = {pn_adam(0.001), pn_sgd(1e-4, 0.9, false)};
    for (size_t i = 0; i < 2; i++) {
        pn_model *model = build(&network, dataset, 42);
        must(pn_model_compile(model, optimizers[i], "sparse_categorical_crossentropy", "accuracy"));
        struct subnormals subnormals = {0};
        pn_callback callback = {.user = &subnormals, .on_batch_end = count_subnormals};
        pn_fit_options options = fit_options(4, 32);
        options.callbacks = &callback;
        options.callback_count = 1;
        must(pn_model_fit(model, dataset, &options, NULL));
        cr_assert_eq(subnormals.found, 0, "%zu of %zu values are subnormal", subnormals.found,
                     subnormals.looked_at);
        cr_assert_gt(subnormals.looked_at, 4 * 375 * 203530);
        pn_model_free(model);
    }
    pn_dataset_free(dataset);
    pn_dataset_free(whole);
}

/* Weights so small that sums of products are subnormal: linear outputs are flushed like others. */
Test(subnormal, none_is_stored_in_linear_outputs)
{
    pn_dataset *dataset = small_floats(20, 1);
    pn_model *model;
    must(pn_model_create(NULL, 1, &model));
    must(pn_model_add(model, pn_input(1, (size_t[]){12})));
    must(pn_model_add(model, pn_dense(5, NULL)));
    float tiny[60];
    for (size_t i = 0; i < 60; i++) {
        tiny[i] = 0x1p-128f;
    }
    must(pn_model_set_weights(model, 0, tiny, 60));
    float outputs[100];
    must(pn_model_predict(model, dataset, NULL, outputs));
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(outputs[i], 0.0f);
    }
    pn_model_free(model);
    pn_dataset_free(dataset);
}
