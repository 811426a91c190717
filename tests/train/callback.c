/* What callbacks see, may change and may stop. */
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/train/support.h"

static pn_status evaluate_inside(void *user, pn_fit_view *view)
{
    const pn_dataset *validation = user;
    double loss, accuracy;
    const pn_status status = pn_model_evaluate(view->model, validation, NULL, &loss, &accuracy);
    if (status == PN_OK) {
        cr_assert_eq(loss, view->epoch->val_loss);
        cr_assert_eq(accuracy, view->epoch->val_accuracy);
    }
    return status;
}

Test(callback, may_evaluate_on_the_fits_team)
{
    pn_dataset *dataset = synthetic(1000), *last;
    must(pn_dataset_slice(dataset, 800, 200, &last));
    pn_model *model = compiled(dataset, pn_adam(0.001));
    pn_callback callback = {.user = last, .on_epoch_end = evaluate_inside};
    pn_fit_options options = fit_options(3, 32);
    options.run.threads = 3;
    options.validation_split = 0.2;
    options.callbacks = &callback;
    options.callback_count = 1;
    must(pn_model_fit(model, dataset, &options, NULL));
    pn_model_free(model);
    pn_dataset_free(last);
    pn_dataset_free(dataset);
}

static pn_status change_inside(void *user, pn_fit_view *view)
{
    const pn_dataset *dataset = user;
    const pn_fit_options options = fit_options(9, 32);
    cr_assert_eq(pn_model_fit(view->model, dataset, &options, NULL), PN_ERROR_USAGE);
    cr_assert_eq(pn_model_add(view->model, pn_dropout(0.5)), PN_ERROR_USAGE);
    cr_assert_eq(pn_model_set_weights(view->model, 3, (float[10]){0}, 10), PN_ERROR_USAGE);
    cr_assert_eq(
        pn_model_compile(view->model, pn_adam(1.0), "sparse_categorical_crossentropy", NULL),
        PN_ERROR_USAGE);
    return pn_model_set_learning_rate(view->model, 0.0);
}

/* Rate 0 from the end of the first epoch on: the second changes nothing. */
Test(callback, may_change_the_rate_and_nothing_else)
{
    pn_dataset *dataset = synthetic(320);
    pn_model *model = compiled(dataset, pn_sgd(0.1, 0.0, false));
    pn_model *once = compiled(dataset, pn_sgd(0.1, 0.0, false));
    pn_fit_options options = fit_options(1, 32);
    char expected[33];
    strcpy(expected, digest_after(once, dataset, &options));
    pn_callback callback = {.user = dataset, .on_epoch_end = change_inside};
    options.epochs = 2;
    options.callbacks = &callback;
    options.callback_count = 1;
    cr_assert_str_eq(digest_after(model, dataset, &options), expected);
    pn_model_free(once);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

static pn_status stop_in_second_epoch(void *user, pn_fit_view *view)
{
    size_t *batches = user;
    *batches += 1;
    cr_assert_eq(view->batches, 30);
    view->stop = view->epoch->epoch == 2 && view->batch == 10;
    return PN_OK;
}

Test(callback, may_stop_after_a_batch)
{
    pn_dataset *dataset = synthetic(960);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    size_t batches = 0;
    pn_callback callback = {.user = &batches, .on_batch_end = stop_in_second_epoch};
    pn_fit_options options = fit_options(4, 32);
    options.run.threads = 2;
    options.callbacks = &callback;
    options.callback_count = 1;
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    cr_assert_eq(batches, 40);
    cr_assert_eq(pn_model_steps(model), 40);
    cr_assert_eq(pn_history_count(history), 2);
    cr_assert_eq(pn_history_stopped_epoch(history), 2);
    pn_history_free(history);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

static pn_status fail(void *user, pn_fit_view *view)
{
    (void)user;
    return view->epoch->epoch == 2 ? PN_ERROR_IO : PN_OK;
}

Test(callback, failure_ends_the_fit_with_its_status)
{
    pn_dataset *dataset = synthetic(320);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    pn_callback callback = {.on_epoch_end = fail};
    pn_fit_options options = fit_options(4, 32);
    options.callbacks = &callback;
    options.callback_count = 1;
    pn_history *history;
    pn_model_add(model, (pn_layer){.kind = (pn_layer_kind)99});
    cr_assert_eq(pn_model_fit(model, dataset, &options, &history), PN_ERROR_IO);
    cr_assert_null(history);
    cr_assert_str_eq(pn_error_message(),
                     "callback 0 ended the fit with status 74 and gave no reason");
    cr_assert_eq(pn_model_epochs(model), 2);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* What a hook reads of the model is what the fit has learnt until then. */
struct seen {
    size_t epoch, batch;
    uint64_t steps;
    char digest[33];
};

static pn_status look(void *user, pn_fit_view *view)
{
    struct seen *seen = user;
    if (view->epoch->epoch == seen->epoch && view->batch == seen->batch) {
        seen->steps = pn_model_steps(view->model);
        pn_model_digest(view->model, seen->digest);
    }
    return PN_OK;
}

Test(callback, sees_the_model_as_it_is)
{
    pn_dataset *dataset = synthetic(320);
    pn_fit_options options = fit_options(1, 32);
    options.run.threads = 2;
    pn_model *once = compiled(dataset, pn_adam(0.001));
    char first[33];
    strcpy(first, digest_after(once, dataset, &options));
    pn_dataset *part;
    must(pn_dataset_slice(dataset, 0, 128, &part));
    options.shuffle = false;
    pn_model *partly = compiled(dataset, pn_adam(0.001));
    char four[33];
    strcpy(four, digest_after(partly, part, &options));

    struct seen batch = {.epoch = 1, .batch = 4}, begin = {.epoch = 2}, train = {.epoch = 0};
    pn_model *model = compiled(dataset, pn_adam(0.001));
    char initial[33];
    pn_model_digest(model, initial);
    fit_with(PN_OK, model, dataset, options, (pn_callback){.user = &batch, .on_batch_end = look});
    cr_assert_str_eq(batch.digest, four);
    cr_assert_eq(batch.steps, 4);
    pn_model_free(model);
    options.shuffle = true;
    options.epochs = 2;
    model = compiled(dataset, pn_adam(0.001));
    fit_with(PN_OK, model, dataset, options, (pn_callback){.user = &begin, .on_epoch_begin = look});
    cr_assert_str_eq(begin.digest, first);
    cr_assert_eq(begin.steps, 10);
    pn_model_free(model);
    model = compiled(dataset, pn_adam(0.001));
    fit_with(PN_OK, model, dataset, options, (pn_callback){.user = &train, .on_train_begin = look});
    cr_assert_str_eq(train.digest, initial);
    cr_assert_eq(train.steps, 0);
    pn_model_free(model);
    pn_model_free(partly);
    pn_model_free(once);
    pn_dataset_free(part);
    pn_dataset_free(dataset);
}

Test(callback, that_watches_what_the_fit_will_not_know_is_refused)
{
    pn_dataset *dataset = small_floats(64, 1);
    const struct network network = {16, 5, "relu", 1.0, 0.0};
    pn_model *model = build(&network, dataset, 1);
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", NULL));
    const char *const monitors[] = {"accuracy", "val_accuracy", "val_loss"};
    for (size_t i = 0; i < 3; i++) {
        pn_early_stopping_options stopping = pn_early_stopping_options_default();
        stopping.monitor = monitors[i];
        pn_callback callback;
        must(pn_early_stopping(&stopping, &callback));
        pn_fit_options options = fit_options(2, 32);
        options.validation_split = i == 2 ? 0.0 : 0.25;
        fit_with(PN_ERROR_USAGE, model, dataset, options, callback);
        cr_assert_not_null(strstr(pn_error_message(), monitors[i]), "%s", pn_error_message());
        cr_assert_eq(pn_model_steps(model), 0);
        pn_callback_free(&callback);
    }
    pn_model_free(model);
    pn_dataset_free(dataset);
}
