/* Models that are saved while they are trained. */
#include <math.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/format/support.h"

TestSuite(checkpoint, .fini = scratch_remove);

static pn_model *compiled(const char *metrics)
{
    pn_model *model = tiny_network(7);
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", metrics));
    return model;
}

static pn_status save_at_step_5(void *user, pn_fit_view *view)
{
    return pn_model_steps(view->model) == 5 ? pn_model_save(view->model, user) : PN_OK;
}

/* Four steps are an epoch: the file holds the first step of the second, and goes on behind it. */
Test(checkpoint, within_an_epoch_goes_on_with_the_same_bits)
{
    pn_dataset *dataset = tiny_data(100, 2);
    char path[256], expected[33], found[33];
    strcpy(path, scratch("model.h5"));
    pn_callback callback = {.user = path, .on_batch_end = save_at_step_5};
    pn_fit_options options = pn_fit_options_default();
    options.epochs = 3;
    options.callbacks = &callback;
    options.callback_count = 1;
    pn_model *model = compiled("accuracy");
    must(pn_model_fit(model, dataset, &options, NULL));
    pn_model_digest(model, expected);
    pn_model_free(model);

    must(pn_model_load(path, &model));
    cr_assert_eq(pn_model_epochs(model), 1);
    cr_assert_eq(pn_model_steps(model), 5);
    options.callback_count = 0;
    must(pn_model_fit(model, dataset, &options, NULL));
    cr_assert_eq(pn_model_steps(model), 12);
    pn_model_digest(model, found);
    cr_assert_str_eq(found, expected);
    pn_model_free(model);
    pn_dataset_free(dataset);
}

static pn_callback best_of(const char *monitor)
{
    pn_checkpoint_options options = pn_checkpoint_options_default();
    options.save_best_only = true;
    options.monitor = monitor;
    pn_callback callback;
    must(pn_model_checkpoint(scratch("best.h5"), &options, &callback));
    return callback;
}

Test(checkpoint, of_the_best_is_refused_where_the_fit_will_not_know_it)
{
    pn_dataset *dataset = tiny_data(100, 2);
    pn_model *model = compiled(NULL);
    const char *const monitors[] = {"accuracy", "val_loss"};
    for (size_t i = 0; i < 2; i++) {
        pn_callback callback = best_of(monitors[i]);
        pn_fit_options options = pn_fit_options_default();
        options.callbacks = &callback;
        options.callback_count = 1;
        cr_assert_eq(pn_model_fit(model, dataset, &options, NULL), PN_ERROR_USAGE);
        cr_assert(strstr(pn_error_message(), "checkpoint monitors"), "%s", pn_error_message());
        cr_assert(strstr(pn_error_message(), monitors[i]), "%s", pn_error_message());
        cr_assert_eq(pn_model_steps(model), 0);
        pn_callback_free(&callback);
    }
    pn_model_free(model);
    pn_dataset_free(dataset);
}

Test(checkpoint, of_the_best_says_if_nothing_was)
{
    pn_dataset *dataset = tiny_data(100, 2);
    float samples[100 * 16];
    for (size_t i = 0; i < 100 * 16; i++) {
        samples[i] = NAN;
    }
    pn_dataset *numberless;
    must(pn_dataset_from_arrays(samples, PN_F32, 100, 2, (size_t[]){4, 4},
                                pn_dataset_labels(dataset), &numberless));
    pn_model *model = compiled(NULL);
    pn_callback callback = best_of("loss");
    pn_fit_options options = pn_fit_options_default();
    options.callbacks = &callback;
    options.callback_count = 1;
    log_catch();
    must(pn_model_fit(model, numberless, &options, NULL));
    cr_assert(strstr(log_last(), "best.h5 was not written"), "%s", log_last());
    cr_assert_eq(folder_entries(scratch_folder()), 0);
    pn_callback_free(&callback);
    pn_model_free(model);
    pn_dataset_free(numberless);
    pn_dataset_free(dataset);
}
