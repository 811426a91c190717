#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char loss[] = "sparse_categorical_crossentropy";

Test(compile, has_keras_defaults)
{
    const pn_optimizer adam = pn_adam(0.001), sgd = pn_sgd(0.01, 0.9, true);
    cr_assert_eq(adam.kind, PN_ADAM);
    cr_assert_eq(adam.learning_rate, 0.001);
    cr_assert_eq(adam.beta_1, 0.9);
    cr_assert_eq(adam.beta_2, 0.999);
    cr_assert_eq(adam.epsilon, 1e-7);
    cr_assert_eq(sgd.kind, PN_SGD);
    cr_assert_eq(sgd.momentum, 0.9);
    cr_assert(sgd.nesterov);
}

Test(compile, gives_the_optimizer_its_slots)
{
    pn_model *const model = lesson_model();
    struct layer *const layer = &model->layers[2];
    pn_optimizer optimizer = {0};
    cr_assert_not(pn_model_optimizer(model, &optimizer));
    cr_assert_null(layer->kernel.slot[0]);

    must(pn_model_compile(model, pn_adam(0.5), loss, "accuracy"));
    cr_assert(pn_model_optimizer(model, &optimizer));
    cr_assert_eq(optimizer.learning_rate, 0.5);
    cr_assert(model->accuracy);
    for (size_t slot = 0; slot < 2; slot++) {
        for (size_t i = 0; i < layer->kernel.count; i++) {
            cr_assert_eq(layer->kernel.slot[slot][i], 0.0f);
        }
        cr_assert_eq(model->layers[4].bias.slot[slot][9], 0.0f);
    }
    cr_assert_null(model->layers[1].kernel.slot[0]);

    layer->kernel.slot[0][7] = 3.0f;
    model_set_steps(model, 9);
    must(pn_model_compile(model, pn_sgd(0.1, 0.9, false), loss, NULL));
    cr_assert_eq(layer->kernel.slot[0][7], 0.0f);
    cr_assert_null(layer->kernel.slot[1]);
    cr_assert_eq(model->steps, 0);
    cr_assert_not(model->accuracy);

    must(pn_model_compile(model, pn_sgd(0.1, 0, true), loss, NULL));
    cr_assert_null(layer->kernel.slot[0]);
    pn_model_free(model);
}

Test(compile, keeps_the_state_when_the_rate_changes)
{
    pn_model *const model = lesson_model();
    pn_optimizer optimizer;
    refuses(pn_model_set_learning_rate(model, 0.1), PN_ERROR_USAGE, "not compiled");
    must(pn_model_compile(model, pn_adam(0.001), loss, NULL));
    model_set_steps(model, 3);
    model->layers[2].kernel.slot[1][0] = 2.0f;
    must(pn_model_set_learning_rate(model, 0.25));
    must(pn_model_optimizer(model, &optimizer) ? PN_OK : PN_ERROR_FAILED);
    cr_assert_eq(optimizer.learning_rate, 0.25);
    cr_assert_eq(model->layers[2].kernel.slot[1][0], 2.0f);
    cr_assert_eq(pn_model_steps(model), 3);
    refuses(pn_model_set_learning_rate(model, -1), PN_ERROR_USAGE, "learning_rate -1;");
    cr_assert_eq(model->optimizer.learning_rate, 0.25);
    pn_model_free(model);
}

Test(compile, sets_the_powers_that_belong_to_steps)
{
    pn_model *const model = lesson_model();
    const double beta_1 = (double)0.9f, beta_2 = (double)0.999f;
    must(pn_model_compile(model, pn_adam(0.001), loss, NULL));
    cr_assert_eq(model->beta_1_power, 1.0);
    cr_assert_eq(model->beta_2_power, 1.0);
    model_set_steps(model, 1);
    cr_assert_eq(model->beta_1_power, beta_1);
    model_set_steps(model, 7500);
    cr_assert_lt(fabs(model->beta_2_power / exp(7500 * log(beta_2)) - 1), 1e-10);
    cr_assert_eq(model->steps, 7500);
    model_set_steps(model, UINT64_MAX);
    cr_assert_eq(model->beta_1_power, 0.0);
    pn_model_free(model);
}

Test(compile, refuses_numbers_out_of_range)
{
    static const struct {
        pn_optimizer optimizer;
        const char *words;
    } cases[] = {
        {{PN_ADAM, -0.1, 0, false, 0.9, 0.999, 1e-7}, "learning_rate -0.1;"},
        {{PN_ADAM, NAN, 0, false, 0.9, 0.999, 1e-7}, "learning_rate nan;"},
        {{PN_ADAM, INFINITY, 0, false, 0.9, 0.999, 1e-7}, "learning_rate inf;"},
        {{PN_SGD, 1e39, 0, false, 0.9, 0.999, 1e-7}, "learning_rate 1e+39;"},
        {{PN_SGD, 1e-50, 0, false, 0.9, 0.999, 1e-7}, "learning_rate 1e-50;"},
        {{PN_SGD, 0.1, -0.1, false, 0.9, 0.999, 1e-7}, "momentum -0.1;"},
        {{PN_SGD, 0.1, 1.1, false, 0.9, 0.999, 1e-7}, "momentum 1.1;"},
        {{PN_SGD, 0.1, NAN, false, 0.9, 0.999, 1e-7}, "momentum nan;"},
        {{PN_ADAM, 0.1, 0, false, 1.0, 0.999, 1e-7}, "beta_1 1;"},
        {{PN_ADAM, 0.1, 0, false, 0.9, -0.1, 1e-7}, "beta_2 -0.1;"},
        {{PN_ADAM, 0.1, 0, false, 0.9, 0.999999999, 1e-7}, "beta_2 1; as a 32-bit float"},
        {{PN_ADAM, 0.1, 0, false, 0.9, NAN, 1e-7}, "beta_2 nan;"},
        {{PN_ADAM, 0.1, 0, false, 0.9, 0.999, 0}, "epsilon 0;"},
        {{PN_ADAM, 0.1, 0, false, 0.9, 0.999, -1e-7}, "epsilon -1e-07;"},
        {{PN_ADAM, 0.1, 0, false, 0.9, 0.999, 1e-42}, "epsilon 1e-42;"},
        {{(pn_optimizer_kind)9, 0.1, 0, false, 0.9, 0.999, 1e-7}, "optimizer kind 9"},
    };
    pn_model *const model = lesson_model();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refuses(pn_model_compile(model, cases[i].optimizer, loss, NULL), PN_ERROR_USAGE,
                cases[i].words);
        cr_assert_not(model->compiled);
    }
    must(pn_model_compile(model, pn_sgd(0, 1, true), loss, NULL)); /* the ends of the ranges */
    must(pn_model_compile(model, (pn_optimizer){PN_ADAM, 0, 0, false, 0, 0, 1e-30}, loss, NULL));
    pn_model_free(model);
}

Test(compile, refuses_other_losses_and_metrics)
{
    pn_model *const model = lesson_model();
    refuses(pn_model_compile(model, pn_adam(0.1), "mse", NULL), PN_ERROR_USAGE,
            "loss \"mse\" is not known; known is sparse_categorical_crossentropy");
    refuses(pn_model_compile(model, pn_adam(0.1), NULL, NULL), PN_ERROR_USAGE, "loss \"\"");
    refuses(pn_model_compile(model, pn_adam(0.1), loss, "auc"), PN_ERROR_USAGE,
            "metric \"auc\" is not known; known is accuracy");
    pn_model_free(model);
}

Test(compile, wants_a_softmax_at_the_end)
{
    pn_model *model;
    must(pn_model_create("m", 1, &model));
    refuses(pn_model_compile(model, pn_adam(0.1), loss, NULL), PN_ERROR_USAGE, "\"nothing\"");
    must(pn_model_add(model, vector(3)));
    must(pn_model_add(model, pn_dense(2, NULL)));
    refuses(pn_model_compile(model, pn_adam(0.1), loss, NULL), PN_ERROR_USAGE,
            "the model ends in \"dense\"; end it in a softmax");
    must(pn_model_add(model, pn_activation("softmax")));
    must(pn_model_compile(model, pn_adam(0.1), loss, NULL));
    pn_model_free(model);
}

/* Evaluate and predict work with these; training would not be Keras's. */
Test(compile, refuses_layers_that_train_otherwise)
{
    static const char *const changes[][3] = {
        {"\"kernel_regularizer\": null", "\"kernel_regularizer\": \"l2\"", "kernel_regularizer"},
        {"\"bias_regularizer\": null", "\"bias_regularizer\": {\"class_name\": \"L1\"}",
         "bias_regularizer"},
        {"\"activity_regularizer\": null", "\"activity_regularizer\": \"l1\"",
         "activity_regularizer"},
        {"\"kernel_constraint\": null", "\"kernel_constraint\": \"non_neg\"", "kernel_constraint"},
        {"\"bias_constraint\": null", "\"bias_constraint\": \"non_neg\"", "bias_constraint"},
        {"\"noise_shape\": null", "\"noise_shape\": [null, 256]", "noise_shape"},
        {"\"dense_8\", \"trainable\": true", "\"dense_8\", \"trainable\": false", "trainable"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        pn_model *model;
        char *const text =
            replaced(sample("lesson_k2_model_config.json"), changes[i][0], changes[i][1]);
        must(pn_model_from_json(text, 1, &model));
        refuses(pn_model_compile(model, pn_adam(0.1), loss, NULL), PN_ERROR_USAGE, changes[i][2]);
        says("evaluate, whose loss leaves out penalties");
        says(i == 5 ? "layer \"dropout_4\"" : "layer \"dense_8\"");
        cr_assert_not(model->compiled);
        pn_model_free(model);
        free(text);
    }
}

/* "trainable" means weights: a dropout without it trains as ever. */
Test(compile, takes_frozen_layers_without_weights)
{
    pn_model *model;
    char *const text =
        replaced(sample("lesson_k2_model_config.json"), "\"dropout_4\", \"trainable\": true",
                 "\"dropout_4\", \"trainable\": false");
    must(pn_model_from_json(text, 1, &model));
    must(pn_model_compile(model, pn_adam(0.1), loss, NULL));
    pn_model_free(model);
    free(text);
}
