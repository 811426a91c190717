/* Gradients of whole networks against finite differences of the loss. SGD with rate 1 and one batch
 * turns the gradient into a change of the weights. */
#include <math.h>
#include <stdio.h>

#include "tests/train/support.h"

enum { SAMPLES = 24 };

static double loss_with(pn_model *model, size_t tensor, size_t index, float value,
                        const pn_dataset *dataset)
{
    const float *current;
    size_t rank, shape[PN_MAX_RANK], count = 1;
    must(pn_model_weights(model, tensor, &current, &rank, shape));
    for (size_t i = 0; i < rank; i++) {
        count *= shape[i];
    }
    float values[4096];
    cr_assert_leq(count, 4096);
    for (size_t i = 0; i < count; i++) {
        values[i] = current[i];
    }
    const float old = values[index];
    values[index] = value;
    must(pn_model_set_weights(model, tensor, values, count));
    double loss;
    must(pn_model_evaluate(model, dataset, NULL, &loss, NULL));
    values[index] = old;
    must(pn_model_set_weights(model, tensor, values, count));
    return loss;
}

/* input 12 -> dense 20 first -> rescaling -> dense 16 second -> dense 5 softmax: the layers between
 * take different ways back. */
static pn_model *deep(const char *first, const char *second, const pn_dataset *dataset)
{
    pn_model *model;
    size_t shape[PN_MAX_RANK];
    const size_t rank = pn_dataset_shape(dataset, shape);
    must(pn_model_create(NULL, 7, &model));
    must(pn_model_add(model, pn_input(rank, shape)));
    must(pn_model_add(model, pn_dense(20, first)));
    must(pn_model_add(model, pn_rescaling(0.75, 0.125)));
    must(pn_model_add(model, pn_dense(16, NULL)));
    must(pn_model_add(model, pn_activation(second)));
    must(pn_model_add(model, pn_activation("tanh")));
    must(pn_model_add(model, pn_dense(5, NULL)));
    must(pn_model_add(model, pn_activation("softmax")));
    must(pn_model_compile(model, pn_sgd(1.0, 0.0, false), "sparse_categorical_crossentropy",
                          "accuracy"));
    return model;
}

/* The loss is a chain of f32: what one of its last bits makes of a difference over h. */
static double noise(float h)
{
    return 1e-6 / (double)h + 5e-5;
}

/* Between the slopes to the left and to the right of a weight, which differ where a kink of some
 * unit lies within h. */
static void check_slope(pn_model *model, size_t tensor, size_t i, float value, double gradient,
                        float h, const pn_dataset *dataset, const char *what)
{
    const double here = loss_with(model, tensor, i, value, dataset);
    const double left = (here - loss_with(model, tensor, i, value - h, dataset)) / (double)h;
    const double right = (loss_with(model, tensor, i, value + h, dataset) - here) / (double)h;
    const double tolerance = 2e-3 * fabs(gradient) + noise(h);
    cr_assert(gradient >= fmin(left, right) - tolerance &&
                  gradient <= fmax(left, right) + tolerance,
              "%s: tensor %zu [%zu]: gradient %.6g, slopes %.6g and %.6g", what, tensor, i,
              gradient, left, right);
}

static void check_gradient(const char *first, const char *second, float h)
{
    char what[64];
    snprintf(what, sizeof what, "%s, %s", first, second);
    pn_dataset *dataset = small_floats(SAMPLES, 3);
    pn_model *model = deep(first, second, dataset);
    pn_model *trained = deep(first, second, dataset);
    const pn_fit_options options = fit_options(1, SAMPLES);
    must(pn_model_fit(trained, dataset, &options, NULL));
    size_t rank, shape[PN_MAX_RANK];
    const float *before, *after;
    for (size_t tensor = 0; tensor < 6; tensor++) {
        must(pn_model_weights(trained, tensor, &after, &rank, shape));
        const size_t count = rank == 2 ? shape[0] * shape[1] : shape[0];
        for (size_t i = 0; i < count; i += count / 5) {
            must(pn_model_weights(model, tensor, &before, &rank, shape));
            const double gradient = (double)before[i] - after[i];
            check_slope(model, tensor, i, before[i], gradient, h, dataset, what);
        }
    }
    pn_model_free(model);
    pn_model_free(trained);
    pn_dataset_free(dataset);
}

Test(gradient, of_every_activation)
{
    const char *const names[] = {"sigmoid", "tanh",       "gelu",   "silu",
                                 "elu",     "softplus",   "linear", "exponential",
                                 "relu",    "leaky_relu", "selu",   "gelu_tanh"};
    const size_t count = sizeof names / sizeof *names;
    for (size_t i = 0; i < count; i++) {
        check_gradient(names[i], names[(i + 5) % count], 0x1p-9f);
    }
}
