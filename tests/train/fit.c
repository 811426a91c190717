/* What fit, its history and its callbacks do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/train/support.h"

static pn_model *compiled_with(struct network network, const pn_dataset *dataset,
                               pn_optimizer optimizer)
{
    pn_model *model = build(&network, dataset, 42);
    must(pn_model_compile(model, optimizer, "sparse_categorical_crossentropy", "accuracy"));
    return model;
}

/* A small network: what fit does hangs little on the size. */
static pn_model *compiled(const pn_dataset *dataset, pn_optimizer optimizer)
{
    struct network network = lesson();
    network.hidden = 24;
    return compiled_with(network, dataset, optimizer);
}

Test(fit, history_tells_every_epoch)
{
    pn_dataset *dataset = synthetic(1000);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    pn_fit_options options = fit_options(3, 32);
    options.validation_split = 0.2;
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    cr_assert_eq(pn_history_count(history), 3);
    for (size_t i = 0; i < 3; i++) {
        const pn_epoch *epoch = &pn_history_epochs(history)[i];
        cr_assert_eq(epoch->epoch, i + 1);
        cr_assert(epoch->loss > 0.0 && epoch->val_loss > 0.0);
        cr_assert(epoch->accuracy > 0.0 && epoch->accuracy <= 1.0);
        cr_assert(epoch->seconds > 0.0 && epoch->samples_per_second > 0.0);
    }
    cr_assert_lt(pn_history_value(history, "loss", 2), pn_history_value(history, "loss", 0));
    cr_assert_eq(pn_history_stopped_epoch(history), 0);
    cr_assert_eq(pn_model_epochs(model), 3);
    cr_assert_eq(pn_model_steps(model), 3 * 25);
    /* The last validation is what evaluate says of the same samples. */
    pn_dataset *last;
    must(pn_dataset_slice(dataset, 800, 200, &last));
    double loss, accuracy;
    must(pn_model_evaluate(model, last, NULL, &loss, &accuracy));
    cr_assert_eq(loss, pn_history_value(history, "val_loss", 2));
    cr_assert_eq(accuracy, pn_history_value(history, "val_accuracy", 2));
    pn_dataset_free(last);
    pn_history_free(history);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

Test(fit, in_two_parts_is_fit_in_one)
{
    pn_dataset *dataset = synthetic(960);
    const pn_optimizer optimizers[] = {pn_adam(0.001), pn_sgd(0.01, 0.9, false)};
    for (size_t i = 0; i < 2; i++) {
        pn_model *whole = compiled(dataset, optimizers[i]);
        pn_model *parts = compiled(dataset, optimizers[i]);
        pn_fit_options options = fit_options(2, 32);
        digest_after(parts, dataset, &options);
        options.epochs = 5;
        char expected[33];
        strcpy(expected, digest_after(whole, dataset, &options));
        cr_assert_str_eq(digest_after(parts, dataset, &options), expected);
        pn_model_free(whole);
        pn_model_free(parts);
    }
    pn_dataset_free(dataset);
}

Test(fit, shuffle_matters)
{
    pn_dataset *dataset = synthetic(960);
    char shuffled[33];
    pn_fit_options options = fit_options(1, 32);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    strcpy(shuffled, digest_after(model, dataset, &options));
    pn_model_free(model);
    model = compiled(dataset, pn_adam(0.001));
    options.shuffle = false;
    cr_assert_str_neq(digest_after(model, dataset, &options), shuffled);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* Labels of the last fifth are shifted by one class. */
static pn_dataset *poisoned(size_t count)
{
    pn_dataset *clean = synthetic(count);
    unsigned char *samples = malloc(count * 784);
    int32_t *labels = malloc(count * sizeof *labels);
    memcpy(labels, pn_dataset_labels(clean), count * sizeof *labels);
    for (size_t i = count - count / 5; i < count; i++) {
        labels[i] = (labels[i] + 1) % 10;
    }
    memcpy(samples, clean->samples, count * 784);
    pn_dataset *dataset;
    must(pn_dataset_from_arrays(samples, PN_U8, count, 2, (size_t[]){28, 28}, labels, &dataset));
    free(samples);
    free(labels);
    pn_dataset_free(clean);
    return dataset;
}

Test(fit, validation_is_the_last_part_and_not_trained_on)
{
    pn_dataset *dataset = poisoned(4000);
    pn_model *model = compiled_with(lesson(), dataset, pn_adam(0.001));
    pn_fit_options options = fit_options(4, 32);
    options.validation_split = 0.2;
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    cr_assert_gt(pn_history_value(history, "accuracy", 3), 0.7);
    cr_assert_lt(pn_history_value(history, "val_accuracy", 3), 0.3);
    pn_history_free(history);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* --- callbacks ------------------------------------------------------------------------------ */

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

static pn_status interrupt(void *user, pn_fit_view *view)
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

Test(fit, interrupt_finishes_the_step_and_keeps_what_was_learnt)
{
    pn_dataset *dataset = synthetic(960);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    size_t calls = 0;
    pn_callback callback = {.user = &calls, .on_batch_end = interrupt};
    pn_fit_options options = fit_options(4, 32);
    options.callbacks = &callback;
    options.callback_count = 1;
    options.run.threads = 2;
    pn_history *history;
    cr_assert_eq(pn_model_fit(model, dataset, &options, &history), PN_ERROR_INTERRUPTED);
    cr_assert_eq(pn_history_count(history), 1);
    size_t batch;
    cr_assert_eq(pn_history_interrupted(history, &batch), 2);
    cr_assert_eq(batch, 4);
    cr_assert_eq(pn_model_steps(model), 30 + 4);
    cr_assert_eq(calls, 30 + 3, "the last step has no on_batch_end");
    cr_assert_eq(pn_model_epochs(model), 1);
    pn_history_free(history);
    /* The next fit goes on within the epoch, and ends as if nothing had happened. */
    options.callback_count = 0;
    pn_model *whole = compiled(dataset, pn_adam(0.001));
    char expected[33];
    pn_history *unbroken;
    must(pn_model_fit(whole, dataset, &options, &unbroken));
    pn_model_digest(whole, expected);
    must(pn_model_fit(model, dataset, &options, &history));
    char digest[33];
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, expected);
    cr_assert_eq(pn_history_count(history), 3);
    cr_assert_eq(pn_history_value(history, "loss", 0), pn_history_value(unbroken, "loss", 1));
    pn_history_free(history);
    pn_history_free(unbroken);
    pn_model_free(whole);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* --- fits that end before or between batches ------------------------------------------------- */

static pn_status stop_at_once(void *user, pn_fit_view *view)
{
    (void)user;
    view->stop = true;
    return PN_OK;
}

static pn_status refuse(void *user, pn_fit_view *view)
{
    (void)user;
    (void)view;
    return PN_ERROR_IO;
}

static void fit_with(pn_status expected, pn_model *model, const pn_dataset *dataset,
                     pn_fit_options options, pn_callback callback)
{
    options.callbacks = &callback;
    options.callback_count = 1;
    const pn_status status = pn_model_fit(model, dataset, &options, NULL);
    cr_assert_eq(status, expected, "status %d: %s", (int)status, pn_error_message());
}

Test(fit, that_ends_before_its_first_batch_changes_nothing)
{
    pn_dataset *dataset = synthetic(960);
    pn_fit_options options = fit_options(3, 32);
    options.run.threads = 2;
    pn_model *whole = compiled(dataset, pn_adam(0.001));
    char expected[33], digest[33];
    strcpy(expected, digest_after(whole, dataset, &options));
    pn_model *model = compiled(dataset, pn_adam(0.001));
    fit_with(PN_ERROR_INTERRUPTED, model, dataset, options,
             (pn_callback){.on_batch_end = interrupt});
    cr_assert_eq(pn_model_steps(model), 34);
    fit_with(PN_ERROR_IO, model, dataset, options, (pn_callback){.on_batch_end = refuse});
    cr_assert_eq(pn_model_steps(model), 35);
    fit_with(PN_OK, model, dataset, options, (pn_callback){.on_train_begin = stop_at_once});
    fit_with(PN_ERROR_IO, model, dataset, options, (pn_callback){.on_train_begin = refuse});
    fit_with(PN_OK, model, dataset, options, (pn_callback){.on_epoch_begin = stop_at_once});
    fit_with(PN_ERROR_IO, model, dataset, options, (pn_callback){.on_epoch_begin = refuse});
    cr_assert_eq(pn_model_steps(model), 35);
    cr_assert_eq(pn_model_epochs(model), 1);
    strcpy(digest, digest_after(model, dataset, &options));
    cr_assert_str_eq(digest, expected);
    pn_model_free(whole);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

static pn_status interrupt_in_last_epoch(void *user, pn_fit_view *view)
{
    (void)user;
    if (view->epoch->epoch == view->epochs && (view->batch + 1 >= view->batches)) {
        pn_interrupt();
    }
    return PN_OK;
}

/* Neither in the last step nor in the last epoch's hooks is there anything left to cut off. */
Test(fit, interrupt_behind_the_last_step_is_none)
{
    pn_dataset *dataset = synthetic(960);
    pn_early_stopping_options stopping = pn_early_stopping_options_default();
    stopping.restore_best_weights = true;
    stopping.patience = 9;
    pn_fit_options options = fit_options(4, 32);
    options.validation_split = 0.2;
    options.callback_count = 1;
    char expected[33];
    const pn_callback hooks[] = {{.user = NULL},
                                 {.on_batch_end = interrupt_in_last_epoch},
                                 {.on_epoch_end = interrupt_in_last_epoch}};
    for (size_t i = 0; i < 3; i++) {
        pn_callback callbacks[] = {{0}, hooks[i]};
        must(pn_early_stopping(&stopping, &callbacks[0]));
        options.callbacks = callbacks;
        options.callback_count = 2;
        pn_model *model = compiled(dataset, pn_adam(0.05)); /* bounces */
        const char *digest = digest_after(model, dataset, &options);
        if (i == 0) {
            strcpy(expected, digest);
            cr_assert_lt(pn_callback_best_epoch(&callbacks[0]), 4);
        }
        cr_assert_str_eq(digest, expected);
        pn_callback_free(&callbacks[0]);
        pn_model_free(model);
    }
    pn_dataset_free(dataset);
}

/* At the end of an epoch that is not the last, a stop that was decided stays one. */
Test(fit, interrupt_of_a_fit_that_stops_early_is_none)
{
    pn_dataset *dataset = synthetic(320);
    pn_early_stopping_options stopping = pn_early_stopping_options_default();
    stopping.restore_best_weights = true;
    stopping.monitor = "loss";
    stopping.min_delta = 100.0;
    pn_callback callbacks[] = {{0}, {.on_epoch_end = interrupt_in_last_epoch}};
    must(pn_early_stopping(&stopping, &callbacks[0]));
    pn_fit_options options = fit_options(1, 32);
    pn_model *once = compiled(dataset, pn_adam(0.001));
    char expected[33];
    strcpy(expected, digest_after(once, dataset, &options));
    pn_model *model = compiled(dataset, pn_adam(0.001));
    options.epochs = 2;
    options.callbacks = callbacks;
    options.callback_count = 2;
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    cr_assert_eq(pn_history_interrupted(history, NULL), 0);
    char digest[33];
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, expected);
    pn_history_free(history);
    pn_callback_free(&callbacks[0]);
    pn_model_free(once);
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

Test(fit, options_may_be_left_out)
{
    pn_dataset *dataset = synthetic(64);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    must(pn_model_fit(model, dataset, NULL, NULL));
    cr_assert_eq(pn_model_epochs(model), 1);
    char *text;
    must(pn_model_explain(model, dataset, NULL, &text));
    cr_assert_not_null(strstr(text, "phase 2"));
    pn_string_free(text);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

static pn_status stop(void *user, pn_fit_view *view)
{
    (void)user;
    view->stop = view->epoch->epoch == 20;
    return PN_OK;
}

Test(fit, history_grows_with_the_epochs_trained_not_with_those_allowed)
{
    pn_dataset *dataset = small_floats(8, 1);
    const struct network network = {2, 5, "relu", 1.0, 0.0};
    pn_model *model = build(&network, dataset, 1);
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", NULL));
    pn_callback callback = {.on_epoch_end = stop};
    pn_fit_options options = fit_options(SIZE_MAX, 8);
    options.callbacks = &callback;
    options.callback_count = 1;
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    cr_assert_eq(pn_history_count(history), 20);
    pn_history_free(history);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* --- what is watched ------------------------------------------------------------------------- */

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

Test(predict, wants_a_place_for_its_outputs)
{
    pn_dataset *dataset = synthetic(64);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    cr_assert_eq(pn_model_predict(model, dataset, NULL, NULL), PN_ERROR_USAGE);
    cr_assert_not_null(strstr(pn_error_message(), "outputs"));
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* --- what is refused, and NaN ----------------------------------------------------------------- */

static size_t nan_warnings;

static void count_nan_warnings(pn_log_level level, const char *message, void *user)
{
    (void)user;
    nan_warnings += level == PN_LOG_WARNING && strstr(message, "NaN") != NULL;
}

Test(fit, nan_loss_is_said_once_and_training_goes_on)
{
    pn_dataset *dataset = small_floats(64, 1);
    float *poison = (float *)dataset->samples;
    poison[5] = NAN;
    const struct network network = {16, 5, "tanh", 1.0, 0.0};
    pn_model *model = build(&network, dataset, 1);
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", "accuracy"));
    const pn_fit_options options = fit_options(3, 8);
    pn_set_log(count_nan_warnings, NULL);
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    pn_set_log(NULL, NULL);
    cr_assert_eq(nan_warnings, 1);
    cr_assert_eq(pn_history_count(history), 3);
    cr_assert(isnan(pn_history_value(history, "loss", 2)));
    pn_history_free(history);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

static void refused(pn_status expected, const char *words, pn_model *model,
                    const pn_dataset *dataset, const pn_fit_options *options)
{
    pn_history *history;
    cr_assert_eq(pn_model_fit(model, dataset, options, &history), expected);
    cr_assert_null(history);
    cr_assert_not_null(strstr(pn_error_message(), words), "\"%s\" lacks \"%s\"", pn_error_message(),
                       words);
}

Test(fit, refuses_what_makes_no_sense)
{
    pn_dataset *dataset = synthetic(64), *floats = small_floats(64, 1);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    pn_fit_options options = fit_options(1, 0);
    refused(PN_ERROR_USAGE, "batch size 0", model, dataset, &options);
    options = fit_options(0, 32);
    refused(PN_ERROR_USAGE, "epochs 0", model, dataset, &options);
    options = fit_options(1, 32);
    options.validation_split = 1.0;
    refused(PN_ERROR_USAGE, "validation split", model, dataset, &options);
    options.validation_split = NAN;
    refused(PN_ERROR_USAGE, "validation split", model, dataset, &options);
    options = fit_options(1, 32);
    refused(PN_ERROR_DATA, "12", model, floats, &options);
    options.run.isa = "sse9";
    refused(PN_ERROR_USAGE, "sse9", model, dataset, &options);
    options = fit_options(1, 32);
    options.struct_size = 1;
    refused(PN_ERROR_USAGE, "struct_size", model, dataset, &options);
    pn_model_free(model);

    const struct network nine = {16, 9, "relu", 1.0, 0.0};
    model = build(&nine, dataset, 1);
    options = fit_options(1, 32);
    refused(PN_ERROR_USAGE, "compile", model, dataset, &options);
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", NULL));
    refused(PN_ERROR_DATA, "label 9 of sample", model, dataset, &options);
    pn_model_free(model);

    must(pn_model_create(NULL, 1, &model));
    must(pn_model_add(model, pn_input(2, (size_t[]){28, 28})));
    must(pn_model_add(model, pn_flatten()));
    must(pn_model_add(model, pn_dense(10, "relu")));
    cr_assert_eq(pn_model_evaluate(model, dataset, NULL, NULL, NULL), PN_ERROR_USAGE);
    cr_assert_not_null(strstr(pn_error_message(), "end it with activation softmax"));
    pn_model_free(model);
    pn_dataset_free(floats);
    pn_dataset_free(dataset);
}
