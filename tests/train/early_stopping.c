/* When early stopping ends a fit, and what it leaves. */
#include <math.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/train/support.h"

Test(early_stopping, stops_where_the_monitor_stands_still)
{
    pn_dataset *dataset = synthetic(960);
    pn_model *model = compiled(dataset, pn_sgd(0.0, 0.0, false)); /* learns nothing */
    pn_early_stopping_options stopping = pn_early_stopping_options_default();
    pn_callback callback;
    for (size_t patience = 0; patience < 4; patience++) {
        stopping.patience = patience;
        must(pn_early_stopping(&stopping, &callback));
        pn_model *fresh = compiled(dataset, pn_sgd(0.0, 0.0, false));
        pn_fit_options options = fit_options(9, 32);
        options.validation_split = 0.2;
        options.callbacks = &callback;
        options.callback_count = 1;
        pn_history *history;
        must(pn_model_fit(fresh, dataset, &options, &history));
        /* Epoch 1 is the best; patience 0 and 1 stop after one more. */
        const size_t expected = 1 + (patience == 0 ? 1 : patience);
        cr_assert_eq(pn_history_stopped_epoch(history), expected, "patience %zu: epoch %zu",
                     patience, pn_history_stopped_epoch(history));
        cr_assert_eq(pn_history_count(history), expected);
        cr_assert_eq(pn_callback_best_epoch(&callback), 1);
        pn_history_free(history);
        pn_model_free(fresh);
        pn_callback_free(&callback);
    }
    pn_model_free(model);
    pn_dataset_free(dataset);
}

Test(early_stopping, restores_the_best_weights)
{
    pn_dataset *dataset = synthetic(960);
    pn_early_stopping_options stopping = pn_early_stopping_options_default();
    stopping.restore_best_weights = true;
    stopping.patience = 9;
    pn_callback callback;
    must(pn_early_stopping(&stopping, &callback));
    pn_model *model = compiled(dataset, pn_adam(0.05)); /* bounces */
    pn_fit_options options = fit_options(6, 32);
    options.validation_split = 0.2;
    options.callbacks = &callback;
    options.callback_count = 1;
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    double best = INFINITY;
    for (size_t i = 0; i < pn_history_count(history); i++) {
        best = fmin(best, pn_history_value(history, "val_loss", i));
    }
    cr_assert_eq(pn_history_value(history, "val_loss", pn_callback_best_epoch(&callback) - 1),
                 best);
    pn_dataset *last;
    must(pn_dataset_slice(dataset, 768, 192, &last));
    double loss;
    must(pn_model_evaluate(model, last, NULL, &loss, NULL));
    cr_assert_eq(loss, best);
    pn_dataset_free(last);
    pn_history_free(history);
    pn_callback_free(&callback);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* The callback was used on another model before; the second fit has nothing to train. */
Test(early_stopping, does_not_carry_weights_to_a_fit_without_epochs)
{
    pn_dataset *dataset = synthetic(320);
    pn_early_stopping_options stopping = pn_early_stopping_options_default();
    stopping.restore_best_weights = true;
    stopping.monitor = "loss";
    pn_callback callback;
    must(pn_early_stopping(&stopping, &callback));
    pn_fit_options options = fit_options(1, 32);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    char expected[33];
    strcpy(expected, digest_after(model, dataset, &options));
    const struct network small = {5, 10, "relu", 1.0 / 255.0, 0.0};
    pn_model *other = build(&small, dataset, 1);
    must(pn_model_compile(other, pn_adam(0.001), "sparse_categorical_crossentropy", NULL));
    options.callbacks = &callback;
    options.callback_count = 1;
    must(pn_model_fit(other, dataset, &options, NULL));
    cr_assert_str_eq(digest_after(model, dataset, &options), expected);
    pn_callback_free(&callback);
    pn_model_free(other);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* Restoring the best weights would leave the optimizer's state of another moment with them. */
Test(early_stopping, leaves_an_interrupted_fit_where_it_stopped)
{
    pn_dataset *dataset = synthetic(960);
    pn_early_stopping_options stopping = pn_early_stopping_options_default();
    stopping.restore_best_weights = true;
    stopping.patience = 9;
    pn_callback callbacks[] = {{0}, {.on_batch_end = interrupt}};
    must(pn_early_stopping(&stopping, &callbacks[0]));
    pn_fit_options options = fit_options(3, 32);
    options.validation_split = 0.2;
    pn_model *whole = compiled(dataset, pn_adam(0.001));
    char expected[33];
    strcpy(expected, digest_after(whole, dataset, &options));
    pn_model *model = compiled(dataset, pn_adam(0.001));
    options.callbacks = callbacks;
    options.callback_count = 2;
    cr_assert_eq(pn_model_fit(model, dataset, &options, NULL), PN_ERROR_INTERRUPTED);
    options.callback_count = 0;
    cr_assert_str_eq(digest_after(model, dataset, &options), expected);
    pn_callback_free(&callbacks[0]);
    pn_model_free(whole);
    pn_model_free(model);
    pn_dataset_free(dataset);
}
