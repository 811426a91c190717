#include "support.h"

#include <stdlib.h>
#include <string.h>

/* The text of `sample` from behind its head up to `tail` bytes before its end. */
static void expect_config(const pn_model *model, const char *file)
{
    char *const expected = sample(file);
    char *json;
    must(config_model_json(model, &json));
    cr_assert_str_eq(json, expected);
    pn_string_free(json);

    /* get_config() is the value of "config". */
    static const char head[] = "{\"class_name\": \"Sequential\", \"config\": ";
    expected[strlen(expected) - 1] = '\0';
    must(pn_model_config(model, 0, &json));
    cr_assert_str_eq(json, expected + sizeof head - 1);
    pn_string_free(json);
    free(expected);
}

Test(config, is_keras_2_9_s_text_of_the_lesson)
{
    pn_model *const model = lesson_model();
    expect_config(model, "lesson_k2_model_config.json");
    pn_model_free(model);
}

Test(config, survives_reading_and_writing)
{
    pn_model *const model = sample_model("lesson_k2_model_config.json");
    expect_config(model, "lesson_k2_model_config.json");
    pn_model_free(model);
}

/* Keras 2.9 repeats the shape on the first layer only if the input came with it. */
Test(config, knows_explicit_inputs)
{
    char *text = sample("lesson_k2_model_config.json");
    text = replaced(text, "\"batch_input_shape\": [null, 28, 28], \"dtype\": \"float32\", \"data_f",
                    "\"dtype\": \"float32\", \"data_f");
    pn_model *model;
    char *json;
    must(pn_model_from_json(text, 1, &model));
    must(config_model_json(model, &json));
    cr_assert_str_eq(json, text);
    pn_string_free(json);
    pn_model_free(model);
    free(text);

    pn_layer input = vector(3);
    input.name = "pixels";
    must(pn_model_create("m", 1, &model));
    must(pn_model_add(model, input));
    must(pn_model_add(model, pn_flatten()));
    must(pn_model_config(model, 0, &json));
    cr_assert_str_eq(json, "{\"name\": \"m\", \"layers\": [{\"class_name\": \"InputLayer\", "
                           "\"config\": {\"batch_input_shape\": [null, 3], \"dtype\": "
                           "\"float32\", \"sparse\": false, \"ragged\": false, \"name\": "
                           "\"pixels\"}}, {\"class_name\": \"Flatten\", \"config\": {\"name\": "
                           "\"flatten\", \"trainable\": true, \"dtype\": \"float32\", "
                           "\"data_format\": \"channels_last\"}}]}");
    pn_string_free(json);
    pn_model_free(model);
}

Test(config, of_rescaling_and_activation)
{
    pn_model *model;
    char *json;
    must(pn_model_create("m", 1, &model));
    must(pn_model_add(model, vector(3)));
    must(pn_model_add(model, pn_rescaling(1.0 / 255, 0)));
    must(pn_model_add(model, pn_activation("silu")));
    must(pn_model_config(model, 0, &json));
    const char *const rescaling = strstr(json, "{\"class_name\": \"Rescaling\"");
    cr_assert_str_eq(rescaling,
                     "{\"class_name\": \"Rescaling\", \"config\": {\"name\": \"rescaling\", "
                     "\"trainable\": true, \"batch_input_shape\": [null, 3], \"dtype\": "
                     "\"float32\", \"scale\": 0.00392156862745098, \"offset\": 0.0}}, "
                     "{\"class_name\": \"Activation\", \"config\": {\"name\": \"activation\", "
                     "\"trainable\": true, \"dtype\": \"float32\", \"activation\": \"swish\"}}]}");
    pn_string_free(json);
    pn_model_free(model);
}

Test(config, is_indented_as_python_does)
{
    pn_model *model;
    char *json;
    must(pn_model_create("m", 1, &model));
    must(pn_model_add(model, vector(3)));
    must(pn_model_config(model, 4, &json));
    cr_assert_str_eq(json, "{\n"
                           "    \"name\": \"m\",\n"
                           "    \"layers\": [\n"
                           "        {\n"
                           "            \"class_name\": \"InputLayer\",\n"
                           "            \"config\": {\n"
                           "                \"batch_input_shape\": [\n"
                           "                    null,\n"
                           "                    3\n"
                           "                ],\n"
                           "                \"dtype\": \"float32\",\n"
                           "                \"sparse\": false,\n"
                           "                \"ragged\": false,\n"
                           "                \"name\": \"input_1\"\n"
                           "            }\n"
                           "        }\n"
                           "    ]\n"
                           "}");
    pn_string_free(json);
    pn_model_free(model);
}

/* What pinion does not use itself is written back as it was read, in Keras 2.9's form. */
Test(config, keeps_what_it_does_not_use)
{
    static const char *const changes[][2] = {
        {"\"noise_shape\": null, \"seed\": null", "\"noise_shape\": [null, 256], \"seed\": 7"},
        {"{\"class_name\": \"GlorotUniform\", \"config\": {\"seed\": null}}",
         "{\"class_name\": \"RandomUniform\", \"config\": {\"minval\": -0.1, \"maxval\": 0.25, "
         "\"seed\": 3}}"},
        {"{\"class_name\": \"Zeros\", \"config\": {}}",
         "{\"class_name\": \"Constant\", \"config\": {\"value\": 1}}"},
        {"\"kernel_regularizer\": null",
         "\"kernel_regularizer\": {\"class_name\": \"L2\", \"config\": {\"l2\": "
         "0.009999999776482582}}"},
        {"\"bias_constraint\": null",
         "\"bias_constraint\": {\"class_name\": \"MaxNorm\", \"config\": {\"max_value\": 2, "
         "\"axis\": 0}}"},
        {"\"name\": \"dense_9\", \"trainable\": true",
         "\"name\": \"dense_9\", \"trainable\": false"}};
    char *text = sample("lesson_k2_model_config.json");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        text = replaced(text, changes[i][0], changes[i][1]);
    }
    pn_model *model;
    char *json;
    must(pn_model_from_json(text, 1, &model));
    must(config_model_json(model, &json));
    cr_assert_str_eq(json, text);
    pn_string_free(json);
    pn_model_free(model);
    free(text);
}

/* Reads a sample, and gives its config in Keras 2.9's form. */
static char *converted(const char *file, const struct config_options *options)
{
    pn_model *model;
    char *const text = sample(file);
    char *json;
    must(config_model_parse(text, strlen(text), 1, options, &model));
    must(pn_model_config(model, 0, &json));
    pn_model_free(model);
    free(text);
    return json;
}

Test(config, turns_keras_3_objects_into_keras_2_9_s)
{
    const struct config_options options = {.weights_follow = true};
    char *const json = converted("functional_k3.json", &options);
    cr_assert_str_eq(
        json,
        "{\"name\": \"chain\", \"layers\": [{\"class_name\": \"InputLayer\", \"config\": "
        "{\"batch_input_shape\": [null, 4, 4], \"dtype\": \"float32\", \"sparse\": false, "
        "\"ragged\": false, \"name\": \"pixels\"}}, {\"class_name\": \"Rescaling\", \"config\": "
        "{\"name\": \"scale\", \"trainable\": true, \"dtype\": \"float32\", \"scale\": "
        "0.00392156862745098, \"offset\": 0.0}}, {\"class_name\": \"Flatten\", \"config\": "
        "{\"name\": \"flat\", \"trainable\": true, \"dtype\": \"float32\", \"data_format\": "
        "\"channels_last\"}}, {\"class_name\": \"Dense\", \"config\": {\"name\": \"hidden\", "
        "\"trainable\": true, \"dtype\": \"float32\", \"units\": 8, \"activation\": \"linear\", "
        "\"use_bias\": true, \"kernel_initializer\": {\"class_name\": \"HeNormal\", \"config\": "
        "{\"seed\": null}}, \"bias_initializer\": {\"class_name\": \"Zeros\", \"config\": {}}, "
        "\"kernel_regularizer\": {\"class_name\": \"L2\", \"config\": {\"l2\": 0.01}}, "
        "\"bias_regularizer\": null, \"activity_regularizer\": null, \"kernel_constraint\": null, "
        "\"bias_constraint\": null}}, {\"class_name\": \"Activation\", \"config\": {\"name\": "
        "\"act\", \"trainable\": true, \"dtype\": \"float32\", \"activation\": \"gelu\"}}, "
        "{\"class_name\": \"Dropout\", \"config\": {\"name\": \"drop\", \"trainable\": true, "
        "\"dtype\": \"float32\", \"rate\": 0.25, \"noise_shape\": null, \"seed\": 7}}, "
        "{\"class_name\": \"Dense\", \"config\": {\"name\": \"out\", \"trainable\": true, "
        "\"dtype\": \"float32\", \"units\": 3, \"activation\": \"softmax\", \"use_bias\": true, "
        "\"kernel_initializer\": {\"class_name\": \"GlorotUniform\", \"config\": {\"seed\": "
        "null}}, \"bias_initializer\": {\"class_name\": \"Zeros\", \"config\": {}}, "
        "\"kernel_regularizer\": null, \"bias_regularizer\": null, \"activity_regularizer\": "
        "null, \"kernel_constraint\": null, \"bias_constraint\": null}}]}");
    pn_string_free(json);
}

Test(config, writes_slopes_so_that_both_kerases_read_them)
{
    char *const json = converted("leaky_k3.json", NULL);
    cr_assert_not_null(strstr(json, "\"activation\": {\"module\": \"keras.layers\", "
                                    "\"class_name\": \"LeakyReLU\", \"config\": {\"alpha\": 0.1}, "
                                    "\"registered_name\": null}, \"use_bias\""));
    pn_string_free(json);
}

/* Reading what was written and writing it again gives the same text. */
Test(config, is_stable)
{
    static const char *const files[] = {
        "functional_k2.json",   "functional_k3.json",
        "leaky_k3.json",        "lesson_k3_config_written_by_3.16.json",
        "sequential_k2_1.json", "lesson_k3_portable_config.json",
        "sequential_k2_13.json"};
    const struct config_options options = {.weights_follow = true};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *const first = converted(files[i], &options);
        pn_model *model;
        char *second;
        must(config_model_parse(first, strlen(first), 1, &options, &model));
        must(pn_model_config(model, 0, &second));
        cr_assert_str_eq(first, second, "%s", files[i]);
        pn_string_free(first);
        pn_string_free(second);
        pn_model_free(model);
    }
}
