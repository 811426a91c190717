#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static pn_model *empty(void)
{
    pn_model *model;
    must(pn_model_create(NULL, 1, &model));
    return model;
}

/* A model whose input is a vector of `size`. */
static pn_model *begun(size_t size)
{
    pn_model *const model = empty();
    must(pn_model_add(model, vector(size)));
    return model;
}

Test(add, gives_shapes_and_counts)
{
    pn_model *const model = lesson_model();
    cr_assert_eq(pn_model_parameters(model), 203530);
    cr_assert_eq(pn_model_outputs(model), 10);
    cr_assert_eq(pn_model_seed(model), 42);
    cr_assert_eq(pn_model_epochs(model), 0);
    cr_assert_eq(pn_model_steps(model), 0);
    cr_assert_eq(model->layers[1].size, 784);
    cr_assert_eq(model->layers[0].rank, 2);
    pn_model_free(model);
    pn_model_free(NULL);
}

Test(add, names_layers_as_keras_does)
{
    static const char *const expected[] = {"flatten_input", "flatten", "rescaling", "dense",
                                           "dropout",       "dense_1", "activation"};
    pn_model *const model = empty();
    const pn_layer layers[] = {pn_input(2, (const size_t[]){4, 4}),
                               pn_flatten(),
                               pn_rescaling(0.5, 0),
                               pn_dense(3, "relu"),
                               pn_dropout(0.5),
                               pn_dense(2, NULL),
                               pn_activation("softmax")};
    for (size_t i = 0; i < 7; i++) {
        must(pn_model_add(model, layers[i]));
    }
    cr_assert_str_eq(model->name, "sequential");
    for (size_t i = 0; i < 7; i++) {
        cr_assert_str_eq(model->layers[i].name, expected[i]);
    }
    pn_model_free(model);
}

Test(add, keeps_explicit_names_and_passes_over_them)
{
    pn_model *const model = empty();
    pn_layer input = vector(4), dense = pn_dense(4, "relu");
    input.name = "pixels";
    dense.name = "dense_1";
    must(pn_model_add(model, input));
    must(pn_model_add(model, dense));
    dense.name = NULL;
    must(pn_model_add(model, dense));
    must(pn_model_add(model, dense));
    cr_assert_str_eq(model->layers[0].name, "pixels");
    cr_assert_str_eq(model->layers[1].name, "dense_1");
    cr_assert_str_eq(model->layers[2].name, "dense");
    cr_assert_str_eq(model->layers[3].name, "dense_2");
    pn_model_free(model);
}

Test(add, lets_the_first_layer_have_the_name_of_an_unnamed_input)
{
    pn_model *const model = begun(4);
    pn_layer layer = pn_flatten();
    layer.name = "input_1";
    must(pn_model_add(model, layer));
    cr_assert_str_eq(model->layers[0].name, "input_1_input");
    pn_model_free(model);
}

Test(add, refuses_names_that_could_not_be_group_names)
{
    static const char *const names[] = {"",     "a b", "ü",  "a\n",    "/a",  "a/",
                                        "a//b", ".",   "..", "a/../b", "./a", "a\"b"};
    pn_model *model = begun(4);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        pn_layer layer = pn_flatten();
        layer.name = names[i];
        refuses(pn_model_add(model, layer), PN_ERROR_USAGE, "layer 1: its name");
        pn_model *other;
        refuses(pn_model_create(names[i], 1, &other), PN_ERROR_USAGE, "model name");
        cr_assert_null(other);
    }
    char name[300];
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    pn_layer layer = pn_flatten();
    layer.name = name;
    refuses(pn_model_add(model, layer), PN_ERROR_USAGE, "longer than 255");
    name[255] = '\0';
    refuses(pn_model_add(model, layer), PN_ERROR_USAGE, "too long to name the input after");
    name[249] = '\0';
    must(pn_model_add(model, layer));
    layer.name = "a.b/c:0-_Z";
    must(pn_model_add(model, layer));
    refuses(pn_model_add(model, layer), PN_ERROR_USAGE, "\"a.b/c:0-_Z\" is taken");
    cr_assert_eq(model->layer_count, 3);
    pn_model_free(model);
}

Test(add, wants_one_input_first)
{
    pn_model *const model = empty();
    refuses(pn_model_add(model, pn_dense(3, NULL)), PN_ERROR_USAGE, "Dense cannot be layer 0");
    must(pn_model_add(model, vector(3)));
    refuses(pn_model_add(model, vector(3)), PN_ERROR_USAGE, "InputLayer cannot be layer 1");
    pn_model_free(model);
}

Test(add, refuses_input_shapes_out_of_range)
{
    pn_model *const model = empty();
    const size_t zero[] = {28, 0}, wide[] = {(size_t)1 << 33, (size_t)1 << 33};
    const size_t large[] = {65536, 65536};
    refuses(pn_model_add(model, pn_input(0, NULL)), PN_ERROR_USAGE, "rank 0");
    refuses(pn_model_add(model, pn_input(9, NULL)), PN_ERROR_USAGE, "rank 9");
    refuses(pn_model_add(model, pn_input(2, zero)), PN_ERROR_USAGE, "(28, 0)");
    refuses(pn_model_add(model, pn_input(2, wide)), PN_ERROR_USAGE, "(8589934592, 8589934592)");
    refuses(pn_model_add(model, pn_input(2, large)), PN_ERROR_USAGE, "(65536, 65536)");
    cr_assert_eq(model->layer_count, 0);
    pn_model_free(model);
}

Test(add, refuses_dense_layers_out_of_range)
{
    pn_model *const model = begun(1 << 30);
    pn_layer layer = pn_dense(0, NULL);
    layer.name = "dense_3";
    refuses(pn_model_add(model, layer), PN_ERROR_USAGE, "dense_3: 0 units");
    layer.units = SIZE_MAX / 2;
    refuses(pn_model_add(model, layer), PN_ERROR_USAGE,
            "dense_3: 1073741824 x 9223372036854775807 weights");
    layer.units = 2;
    refuses(pn_model_add(model, layer), PN_ERROR_USAGE, "dense_3: 1073741824 x 2 weights");
    cr_assert_eq(model->layer_count, 1);
    cr_assert_eq(model->parameters, 0);
    pn_model_free(model);
}

Test(add, refuses_what_a_kind_cannot_do)
{
    pn_model *const model = empty();
    must(pn_model_add(model, pn_input(2, (const size_t[]){4, 4})));
    refuses(pn_model_add(model, pn_dense(3, NULL)), PN_ERROR_USAGE, "(4, 4)");
    says("Flatten");
    refuses(pn_model_add(model, pn_activation("softmax")), PN_ERROR_USAGE, "Flatten");
    refuses(pn_model_add(model, pn_dropout(1.0)), PN_ERROR_USAGE, "rate 1;");
    refuses(pn_model_add(model, pn_dropout(-0.1)), PN_ERROR_USAGE, "rate -0.1;");
    refuses(pn_model_add(model, pn_dropout(NAN)), PN_ERROR_USAGE, "rate nan;");
    refuses(pn_model_add(model, pn_rescaling(INFINITY, 0)), PN_ERROR_USAGE, "scale inf");
    refuses(pn_model_add(model, pn_rescaling(1, 1e39)), PN_ERROR_USAGE, "offset 1e+39");
    refuses(pn_model_add(model, pn_rescaling(1e-40, 0)), PN_ERROR_USAGE, "scale 1e-40");
    refuses(pn_model_add(model, pn_activation("relu6")), PN_ERROR_USAGE, "\"relu6\" is not known");
    says("leaky_relu");
    pn_layer strange = pn_flatten();
    strange.kind = (pn_layer_kind)17;
    refuses(pn_model_add(model, strange), PN_ERROR_USAGE, "kind 17");
    must(pn_model_add(model, pn_rescaling(0, 0)));
    must(pn_model_add(model, pn_flatten()));
    must(pn_model_add(model, pn_dropout(0)));
    cr_assert_str_eq(model->layers[2].name, "flatten"); /* failures used no number up */
    cr_assert_str_eq(model->layers[3].name, "dropout");
    pn_model_free(model);
}

Test(add, takes_softmax_last_and_nothing_after_compile)
{
    pn_model *const model = begun(3);
    must(pn_model_add(model, pn_dense(3, "softmax")));
    refuses(pn_model_add(model, pn_dropout(0.5)), PN_ERROR_USAGE,
            "behind the softmax of \"dense\"");
    pn_model_free(model);

    pn_model *const compiled = lesson_model();
    must(pn_model_compile(compiled, pn_adam(0.001), "sparse_categorical_crossentropy", NULL));
    refuses(pn_model_add(compiled, pn_flatten()), PN_ERROR_USAGE, "compiled");
    pn_model_free(compiled);
}

Test(add, knows_keras_activations)
{
    static const struct {
        const char *name, *written;
        enum simd_activation kind;
        float alpha;
    } known[] = {{NULL, "linear", SIMD_LINEAR, 0},
                 {"linear", "linear", SIMD_LINEAR, 0},
                 {"relu", "relu", SIMD_RELU, 0},
                 {"sigmoid", "sigmoid", SIMD_SIGMOID, 0},
                 {"tanh", "tanh", SIMD_TANH, 0},
                 {"gelu", "gelu", SIMD_GELU, 0},
                 {"gelu_tanh", "gelu_tanh", SIMD_GELU_TANH, 0},
                 {"silu", "swish", SIMD_SILU, 0},
                 {"swish", "swish", SIMD_SILU, 0},
                 {"elu", "elu", SIMD_ELU, 1.0f},
                 {"selu", "selu", SIMD_SELU, 0},
                 {"leaky_relu", "leaky_relu", SIMD_LEAKY_RELU, 0.2f},
                 {"softplus", "softplus", SIMD_SOFTPLUS, 0},
                 {"exponential", "exponential", SIMD_EXPONENTIAL, 0}};
    cr_assert_eq(sizeof known / sizeof *known, SIMD_ACTIVATION_COUNT + 2); /* two have two names */
    struct activation activation;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        must(activation_find(known[i].name, &activation));
        cr_assert_not(activation.softmax);
        cr_assert_eq(activation.kind, known[i].kind);
        cr_assert_eq(activation.alpha, known[i].alpha);
        cr_assert_str_eq(activation_name(&activation), known[i].written);
    }
    must(activation_find("softmax", &activation));
    cr_assert(activation.softmax);
    cr_assert_str_eq(activation_name(&activation), "softmax");
    refuses(activation_find("Relu", &activation), PN_ERROR_USAGE, "known are linear, relu");
}

Test(add, takes_many_layers)
{
    pn_model *const model = begun(4);
    for (size_t i = 1; i < MODEL_MAX_LAYERS; i++) {
        must(pn_model_add(model, pn_dropout(0.5)));
    }
    refuses(pn_model_add(model, pn_dropout(0.5)), PN_ERROR_USAGE, "more than 10000 layers");
    cr_assert_str_eq(model->layers[9999].name, "dropout_9998");
    pn_model_free(model);
}

Test(add, checks_data_against_the_input)
{
    pn_model *const model = lesson_model();
    pn_model *const none = empty();
    pn_dataset *fits, *wide, *flat;
    must(pn_dataset_synthetic(4, 2, (const size_t[]){28, 28}, 2, 1, &fits));
    must(pn_dataset_synthetic(4, 2, (const size_t[]){28, 29}, 2, 1, &wide));
    must(pn_dataset_slice(fits, 0, 2, &flat));
    pn_dataset_free(flat);
    const float values[784] = {0};
    must(pn_dataset_from_arrays(values, PN_F32, 1, 1, (const size_t[]){784}, NULL, &flat));
    must(model_check_input(model, fits));
    refuses(model_check_input(model, wide), PN_ERROR_DATA,
            "(28, 29), but the model takes (28, 28)");
    refuses(model_check_input(model, flat), PN_ERROR_DATA, "(784,)");
    refuses(model_check_input(none, fits), PN_ERROR_USAGE, "no layers");
    pn_dataset_free(fits);
    pn_dataset_free(wide);
    pn_dataset_free(flat);
    pn_model_free(model);
    pn_model_free(none);
}
