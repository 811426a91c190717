/* What fit and its history do, and what it refuses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/train/support.h"

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

/* Two threads take the first layer by columns, the last batch is a part, and with more threads than
 * its rows some have columns only. */
Test(fit, steps_by_columns_change_no_bit)
{
    pn_dataset *dataset = synthetic(41);
    struct network network = lesson();
    network.hidden = 64;
    char expected[33] = "";
    for (size_t threads = 1; threads <= 4; threads++) {
        pn_model *model = compiled_with(network, dataset, pn_adam(0.001));
        pn_fit_options options = fit_options(2, 20);
        options.run.threads = threads;
        const char *digest = digest_after(model, dataset, &options);
        if (threads == 1) {
            snprintf(expected, sizeof expected, "%s", digest);
        }
        cr_assert_str_eq(digest, expected, "%zu threads", threads);
        pn_model_free(model);
    }
    pn_dataset_free(dataset);
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

Test(predict, wants_a_place_for_its_outputs)
{
    pn_dataset *dataset = synthetic(64);
    pn_model *model = compiled(dataset, pn_adam(0.001));
    cr_assert_eq(pn_model_predict(model, dataset, NULL, NULL), PN_ERROR_USAGE);
    cr_assert_not_null(strstr(pn_error_message(), "outputs"));
    pn_model_free(model);
    pn_dataset_free(dataset);
}

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
