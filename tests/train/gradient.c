/* Gradients of whole networks against finite differences of the loss. SGD with rate 1 and one batch
 * turns the gradient into a change of the weights. */
#include <math.h>

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

/* h: half the width of a difference; small where a kink may lie within it. */
static void check_gradient(const char *first, const char *second, float h)
{
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
            const float value = before[i];
            const double slope = (loss_with(model, tensor, i, value + h, dataset) -
                                  loss_with(model, tensor, i, value - h, dataset)) /
                                 (2.0 * h);
            cr_assert(fabs(gradient - slope) <= 2e-3 * fabs(slope) + 1e-6 / (double)h + 5e-5,
                      "%s, %s: tensor %zu [%zu]: gradient %.6g, finite difference %.6g", first,
                      second, tensor, i, gradient, slope);
        }
    }
    pn_model_free(model);
    pn_model_free(trained);
    pn_dataset_free(dataset);
}

Test(gradient, smooth_activations)
{
    const char *const names[] = {"sigmoid", "tanh",     "gelu",   "silu",
                                 "elu",     "softplus", "linear", "exponential"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_gradient(names[i], names[(i + 3) % (sizeof names / sizeof *names)], 0x1p-7f);
    }
}

Test(gradient, kinked_activations)
{
    check_gradient("relu", "leaky_relu", 0x1p-11f);
    check_gradient("selu", "relu", 0x1p-11f);
}
