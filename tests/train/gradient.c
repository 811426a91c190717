/* Gradients of whole networks against finite differences of the loss. SGD with rate 1 and one batch
 * turns the gradient into a change of the weights. */
#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* --- with dropout: the loss that the fit itself tells, under the same mask -----------------------
 */

/* dense 20, gelu, without bias -> dropout -> dense 24 softmax, wider than any vector. */
static pn_model *dropped(pn_optimizer optimizer, const pn_dataset *dataset)
{
    pn_model *model;
    size_t shape[PN_MAX_RANK];
    const size_t rank = pn_dataset_shape(dataset, shape);
    pn_layer first = pn_dense(20, "gelu");
    first.use_bias = false;
    must(pn_model_create(NULL, 7, &model));
    must(pn_model_add(model, pn_input(rank, shape)));
    must(pn_model_add(model, first));
    must(pn_model_add(model, pn_dropout(0.4)));
    must(pn_model_add(model, pn_dense(24, "softmax")));
    must(pn_model_compile(model, optimizer, "sparse_categorical_crossentropy", NULL));
    return model;
}

/* The first step's loss with weight `index` of `tensor` changed by `change`. */
static double loss_of_first_step(size_t tensor, size_t index, float change,
                                 const pn_dataset *dataset)
{
    pn_model *model = dropped(pn_sgd(0.0, 0.0, false), dataset);
    const float *weights;
    size_t rank, shape[PN_MAX_RANK];
    must(pn_model_weights(model, tensor, &weights, &rank, shape));
    const size_t count = rank == 2 ? shape[0] * shape[1] : shape[0];
    float changed[20 * 24];
    memcpy(changed, weights, count * sizeof *weights);
    changed[index] += change;
    must(pn_model_set_weights(model, tensor, changed, count));
    const pn_fit_options options = fit_options(1, SAMPLES);
    pn_history *history;
    must(pn_model_fit(model, dataset, &options, &history));
    const double loss = pn_history_value(history, "loss", 0);
    pn_history_free(history);
    pn_model_free(model);
    return loss;
}

Test(gradient, through_dropout_without_bias_to_a_wide_softmax)
{
    const float h = 0x1p-8f;
    pn_dataset *dataset = small_floats(SAMPLES, 3);
    pn_model *before = dropped(pn_sgd(1.0, 0.0, false), dataset);
    pn_model *after = dropped(pn_sgd(1.0, 0.0, false), dataset);
    const pn_fit_options options = fit_options(1, SAMPLES);
    must(pn_model_fit(after, dataset, &options, NULL));
    size_t unused = 0;
    for (size_t tensor = 0; tensor < 3; tensor++) {
        const float *old, *new;
        size_t rank, shape[PN_MAX_RANK];
        must(pn_model_weights(before, tensor, &old, &rank, shape));
        must(pn_model_weights(after, tensor, &new, &rank, shape));
        const size_t count = rank == 2 ? shape[0] * shape[1] : shape[0];
        for (size_t i = 0; i < count; i += 7) {
            const double gradient = (double)old[i] - (double)new[i];
            const double slope = (loss_of_first_step(tensor, i, h, dataset) -
                                  loss_of_first_step(tensor, i, -h, dataset)) /
                                 (2.0 * (double)h);
            cr_assert_float_eq(gradient, slope, 2e-3 * fabs(slope) + noise(h),
                               "tensor %zu [%zu]: gradient %.6g, slope %.6g", tensor, i, gradient,
                               slope);
            unused += gradient == 0.0;
        }
    }
    cr_assert_leq(unused, 2);
    pn_model_free(before);
    pn_model_free(after);
    pn_dataset_free(dataset);
}
