/* One and three training steps against real Keras (float32) and NumPy (float64): oracles/step.json,
 * made by oracles/step_oracle.py. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "tests/train/support.h"

enum { INPUTS = 12, HIDDEN = 9, CLASSES = 5, BATCH = 7 };

static const char *const tensor_names[] = {"w1", "b1", "w2", "b2"};

static json_t *load_oracle(void)
{
    json_error_t error;
    json_t *oracle = json_load_file(TESTS_DIR "/oracles/step.json", 0, &error);
    cr_assert_not_null(oracle, "%s", error.text);
    return oracle;
}

static size_t read_floats(const json_t *array, float *values)
{
    const size_t n = json_array_size(array);
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)json_number_value(json_array_get(array, i));
    }
    return n;
}

static pn_dataset *oracle_batch(const json_t *oracle)
{
    float x[BATCH * INPUTS];
    int32_t labels[BATCH];
    cr_assert_eq(read_floats(json_object_get(oracle, "x"), x), BATCH * INPUTS);
    for (size_t i = 0; i < BATCH; i++) {
        labels[i] =
            (int32_t)json_integer_value(json_array_get(json_object_get(oracle, "labels"), i));
    }
    pn_dataset *dataset;
    must(pn_dataset_from_arrays(x, PN_F32, BATCH, 1, (size_t[]){INPUTS}, labels, &dataset));
    return dataset;
}

static pn_model *oracle_model(const json_t *oracle, const json_t *c, const pn_dataset *dataset)
{
    const struct network network = {HIDDEN, CLASSES,
                                    json_string_value(json_object_get(c, "activation")), 1.0, 0.0};
    pn_model *model = build(&network, dataset, 1);
    const json_t *weights = json_object_get(oracle, "weights");
    for (size_t i = 0; i < 4; i++) {
        float values[INPUTS * HIDDEN];
        const size_t n = read_floats(json_object_get(weights, tensor_names[i]), values);
        must(pn_model_set_weights(model, i, values, n));
    }
    const double rate = json_number_value(json_object_get(c, "learning_rate"));
    const bool adam = strcmp(json_string_value(json_object_get(c, "optimizer")), "adam") == 0;
    must(pn_model_compile(model,
                          adam ? pn_adam(rate)
                               : pn_sgd(rate, json_number_value(json_object_get(c, "momentum")),
                                        json_is_true(json_object_get(c, "nesterov"))),
                          "sparse_categorical_crossentropy", "accuracy"));
    return model;
}

/* Each weight within 1e-6 |w| + 1e-3 learning rate of the oracle's. */
static void compare_weights(const pn_model *model, const json_t *expected, double rate,
                            const char *what)
{
    for (size_t t = 0; t < 4; t++) {
        const float *values;
        size_t rank, shape[PN_MAX_RANK];
        must(pn_model_weights(model, t, &values, &rank, shape));
        const json_t *array = json_object_get(expected, tensor_names[t]);
        cr_assert_gt(json_array_size(array), 0);
        for (size_t i = 0; i < json_array_size(array); i++) {
            const double want = json_number_value(json_array_get(array, i));
            cr_assert(fabs(values[i] - want) <= 1e-6 * fabs(want) + 1e-3 * rate,
                      "%s: %s[%zu] is %.9g, expected %.9g", what, tensor_names[t], i, values[i],
                      want);
        }
    }
}

static void check_case(const json_t *oracle, const json_t *c, const pn_dataset *dataset)
{
    const double rate = json_number_value(json_object_get(c, "learning_rate"));
    const json_t *after_list = json_object_get(c, "after");
    cr_assert_gt(json_array_size(after_list), 0);
    for (size_t i = 0; i < json_array_size(after_list); i++) {
        const json_t *after = json_array_get(after_list, i);
        const size_t steps = (size_t)json_integer_value(json_object_get(after, "steps"));
        char what[96];
        snprintf(what, sizeof what, "%s %s %g, %zu steps",
                 json_string_value(json_object_get(c, "activation")),
                 json_string_value(json_object_get(c, "optimizer")), rate, steps);
        pn_model *model = oracle_model(oracle, c, dataset);
        pn_fit_options options = fit_options(steps, BATCH);
        options.shuffle = false;
        pn_history *history;
        must(pn_model_fit(model, dataset, &options, &history));
        const char *const sources[] = {"keras", "float64"};
        for (size_t s = 0; s < 2; s++) {
            const json_t *expected = json_object_get(after, sources[s]);
            const double loss = json_number_value(json_object_get(expected, "loss"));
            if (steps == 1) {
                cr_assert(fabs(pn_history_value(history, "loss", 0) - loss) <= 1e-6 * loss,
                          "%s: loss %.9g, %s says %.9g", what, pn_history_value(history, "loss", 0),
                          sources[s], loss);
            }
            compare_weights(model, expected, rate, what);
        }
        pn_history_free(history);
        pn_model_free(model);
    }
}

Test(step, equals_keras_and_numpy)
{
    json_t *oracle = load_oracle();
    const json_t *cases = json_object_get(oracle, "cases");
    cr_assert_geq(json_array_size(cases), 15);
    pn_dataset *dataset = oracle_batch(oracle);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check_case(oracle, json_array_get(cases, i), dataset);
    }
    pn_dataset_free(dataset);
    json_decref(oracle);
}
