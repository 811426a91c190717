/* The numbers of the lesson on the real Fashion-MNIST. */
#include <jansson.h>
#include <math.h>

#include "tests/train/support.h"

static pn_dataset *training, *test;

/* Criterion runs each test in its own process: load there. */
static void load(void)
{
    if (pn_dataset_load("fashion-mnist", &training, &test) == PN_ERROR_NOT_FOUND) {
        skip("%s", pn_error_message());
    }
}

static pn_history *fit(double scale, pn_optimizer optimizer, uint32_t seed, size_t epochs,
                       pn_callback *callback, pn_model **model)
{
    struct network network = lesson();
    network.scale = scale;
    *model = build(&network, training, seed);
    must(pn_model_compile(*model, optimizer, "sparse_categorical_crossentropy", "accuracy"));
    pn_fit_options options = fit_options(epochs, 32);
    options.validation_split = 0.2;
    options.run.threads = 0;
    options.callbacks = callback;
    options.callback_count = callback != NULL;
    pn_history *history;
    must(pn_model_fit(*model, training, &options, &history));
    return history;
}

Test(lesson, rescaled_pixels_reach_87_percent)
{
    load();
    double sum = 0.0;
    for (uint32_t seed = 1; seed <= 5; seed++) {
        pn_model *model;
        pn_history_free(fit(1.0 / 255.0, pn_adam(0.001), seed, 5, NULL, &model));
        double accuracy;
        must(pn_model_evaluate(model, test, NULL, NULL, &accuracy));
        fprintf(stderr, "seed %u: test accuracy %.4f\n", seed, accuracy);
        cr_assert_geq(accuracy, 0.862);
        sum += accuracy;
        pn_model_free(model);
    }
    cr_assert_geq(sum / 5.0, 0.869);
}

/* oracles/keras_spread.json: ten runs of real Keras on raw pixels, by oracles/keras_spread.py. */
Test(lesson, raw_pixels_are_within_the_spread_of_keras)
{
    load();
    json_error_t error;
    json_t *oracle = json_load_file(TESTS_DIR "/oracles/keras_spread.json", 0, &error);
    cr_assert_not_null(oracle, "%s", error.text);
    double least = 1.0, most = 0.0;
    size_t i, runs = 0;
    json_t *run;
    json_array_foreach(json_object_get(oracle, "runs"), i, run)
    {
        if (json_number_value(json_object_get(run, "learning_rate")) == 0.001) {
            const double accuracy = json_number_value(json_object_get(run, "val_accuracy"));
            least = fmin(least, accuracy);
            most = fmax(most, accuracy);
            runs++;
        }
    }
    cr_assert_eq(runs, 10);
    json_decref(oracle);
    double sum = 0.0;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        pn_model *model;
        pn_history *history = fit(1.0, pn_adam(0.001), seed, 5, NULL, &model);
        const double accuracy = pn_history_value(history, "val_accuracy", 4);
        fprintf(stderr, "seed %u: val accuracy %.4f\n", seed, accuracy);
        sum += accuracy;
        pn_history_free(history);
        pn_model_free(model);
    }
    cr_assert(sum / 10.0 >= least && sum / 10.0 <= most, "mean %.4f, Keras %.4f to %.4f",
              sum / 10.0, least, most);
}

Test(lesson, learning_rate_0_1_collapses)
{
    load();
    for (uint32_t seed = 1; seed <= 3; seed++) {
        pn_model *model;
        pn_history *history = fit(1.0, pn_adam(0.1), seed, 3, NULL, &model);
        const double accuracy = pn_history_value(history, "val_accuracy", 2);
        fprintf(stderr, "seed %u: val accuracy %.4f\n", seed, accuracy);
        cr_assert(accuracy >= 0.09 && accuracy <= 0.11);
        pn_history_free(history);
        pn_model_free(model);
    }
}

Test(lesson, early_stopping_ends_the_collapse)
{
    load();
    pn_early_stopping_options options = pn_early_stopping_options_default();
    options.patience = 1;
    pn_callback callback;
    must(pn_early_stopping(&options, &callback));
    pn_model *model;
    pn_history *history = fit(1.0, pn_adam(0.1), 42, 5, &callback, &model);
    const size_t stopped = pn_history_stopped_epoch(history);
    cr_assert(stopped == 2 || stopped == 3, "stopped after epoch %zu", stopped);
    pn_history_free(history);
    pn_callback_free(&callback);
    pn_model_free(model);
}
