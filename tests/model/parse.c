#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lesson's structure: what any of its configs must give, whatever the names. */
static void expect_lesson(const pn_model *model, const char *name, const char *const names[5])
{
    static const pn_layer_kind kinds[] = {PN_INPUT, PN_FLATTEN, PN_DENSE, PN_DROPOUT, PN_DENSE};
    static const size_t sizes[] = {784, 784, 256, 256, 10};
    cr_assert_str_eq(model->name, name);
    cr_assert_eq(model->layer_count, 5);
    cr_assert_eq(model->parameters, 203530);
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(model->layers[i].kind, kinds[i]);
        cr_assert_eq(model->layers[i].size, sizes[i]);
        cr_assert_str_eq(model->layers[i].name, names[i]);
        cr_assert_not(model->layers[i].frozen);
        cr_assert_null(config_untrained_key(&model->layers[i]));
    }
    cr_assert_eq(model->layers[0].rank, 2);
    cr_assert_eq(model->layers[2].activation.kind, SIMD_RELU);
    cr_assert(model->layers[2].use_bias);
    cr_assert_eq(model->layers[3].rate, 0.2);
    cr_assert(model->layers[4].activation.softmax);
    char digest[33];
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, "8a490d4faed9e0a5a2b0620979b2b716");
}

Test(parse, gives_one_structure_for_every_keras)
{
    static const struct {
        const char *file, *name, *names[5];
    } cases[] = {{"lesson_k2_model_config.json",
                  "sequential_4",
                  {"flatten_4_input", "flatten_4", "dense_8", "dropout_4", "dense_9"}},
                 {"lesson_k3_config_written_by_3.16.json",
                  "sequential",
                  {"input_layer", "flatten", "dense", "dropout", "dense_1"}},
                 {"lesson_k3_portable_config.json",
                  "sequential_4",
                  {"input_layer_4", "flatten_4", "dense_8", "dropout_4", "dense_9"}},
                 {"functional_k2.json",
                  "model",
                  {"input_1", "flatten_4", "dense_8", "dropout_4", "dense_9"}},
                 {"sequential_k2_13.json",
                  "sequential_4",
                  {"flatten_4_input", "flatten_4", "dense_8", "dropout_4", "dense_9"}},
                 {"sequential_k2_1.json",
                  "sequential",
                  {"flatten_1_input", "flatten_1", "dense_1", "dropout_1", "dense_2"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pn_model *const model = sample_model(cases[i].file);
        expect_lesson(model, cases[i].name, cases[i].names);
        pn_model_free(model);
    }
}

Test(parse, takes_get_config_as_well)
{
    char *const text = sample("lesson_k2_model_config.json");
    char *const config = strstr(text, "{\"name\"");
    pn_model *model;
    config[strlen(config) - 1] = '\0';
    must(pn_model_from_json(config, 1, &model));
    cr_assert_eq(pn_model_parameters(model), 203530);
    cr_assert(model->input_implied);
    pn_model_free(model);
    free(text);
}

/* The portable Keras 3 config after one change; NULL words: it reads. */
static void changed(const char *file, const char *old, const char *new, const char *words)
{
    pn_model *model;
    char *const text = replaced(sample(file), old, new);
    const pn_status status = pn_model_from_json(text, 1, &model);
    free(text);
    if (words) {
        cr_assert_eq(status, PN_ERROR_DATA, "%s -> %s: %s", old, new, pn_error_message());
        cr_assert_null(model);
        says(words);
        return;
    }
    cr_assert_eq(status, PN_OK, "%s", pn_error_message());
    pn_model_free(model);
}

static void k3(const char *old, const char *new, const char *words)
{
    changed("lesson_k3_portable_config.json", old, new, words);
}

static void k2(const char *old, const char *new, const char *words)
{
    changed("lesson_k2_model_config.json", old, new, words);
}

Test(parse, tolerates_what_changes_nothing)
{
    k3("\"units\": 256", "\"units\": 256.0, \"lora_rank\": null, \"what\": [{\"x\": NaN}]", NULL);
    k3("\"sparse\": false", "\"sparse\": false, \"ragged\": false, \"optional\": false", NULL);
    k3("\"module\": \"keras.layers\"", "\"shared_object_id\": 9, \"module\": \"keras.layers\"",
       NULL);
    k3("[null, 28, 28]", "[32, 28, 28]", NULL);
    k3("[null, 28, 28]", "{\"class_name\": \"__tuple__\", \"items\": [null, 28, 28]}", NULL);
    k3("\"activation\": \"relu\"", "\"activation\": null", NULL);
    k3("\"activation\": \"relu\"",
       "\"activation\": {\"class_name\": \"function\", \"config\": \"relu\"}", NULL);
    k3("\"activation\": \"relu\"",
       "\"activation\": {\"module\": \"builtins\", \"class_name\": \"function\", \"config\": "
       "\"relu\", \"registered_name\": \"function\"}",
       NULL);
    k3("\"activation\": \"relu\"",
       "\"activation\": {\"class_name\": \"ReLU\", \"config\": {\"max_value\": null, "
       "\"threshold\": 0.0}}",
       NULL);
    k3("\"activation\": \"softmax\"",
       "\"activation\": {\"class_name\": \"Softmax\", \"config\": {\"axis\": -1}}", NULL);
    k3("\"registered_name\": null", "\"registered_name\": \"InputLayer\"", NULL);
    k3("\"module\": \"keras.layers\"", "\"module\": \"keras.src.layers.core.input_layer\"", NULL);
    k3("\"name\": \"flatten_4\", ", "", NULL);
    k3("\"dtype\": \"float32\", \"units\"", "\"dtype\": null, \"units\"", NULL);
    k2("\"class_name\": \"Sequential\", ", "", "no list of layers");
}

Test(parse, takes_the_input_shape_from_where_it_stands)
{
    static const char input[] =
        "{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", \"config\": "
        "{\"batch_shape\": [null, 28, 28], \"dtype\": \"float32\", \"sparse\": false, \"name\": "
        "\"input_layer_4\"}, \"registered_name\": null}, ";
    char *text = replaced(sample("lesson_k3_portable_config.json"), input, "");
    pn_model *model;
    must(pn_model_from_json(text, 1, &model)); /* build_input_shape */
    cr_assert_str_eq(model->layers[0].name, "flatten_4_input");
    cr_assert_eq(model->layers[0].rank, 2);
    pn_model_free(model);
    text = replaced(text, ", \"build_input_shape\": [null, 28, 28]", "");
    must(pn_model_from_json(text, 1, &model)); /* build_config of the first layer */
    pn_model_free(model);
    text = replaced(text, ", \"build_config\": {\"input_shape\": [null, 28, 28]}", "");
    must(pn_model_from_json(text, 1, &model)); /* build_config of the model */
    pn_model_free(model);
    text = replaced(text, ", \"build_config\": {\"input_shape\": [null, 28, 28]}", "");
    refuses(pn_model_from_json(text, 1, &model), PN_ERROR_DATA, "layer 0: no input shape");
    free(text);
}

Test(parse, refuses_other_models_and_layers)
{
    k3("\"class_name\": \"Sequential\"", "\"class_name\": \"Tower\"", "model class Tower");
    k3("\"module\": \"keras\", \"class_name\": \"Seq",
       "\"module\": \"kerasy\", \"class_name\": \"Seq", "model class Sequential is not known");
    k3("\"class_name\": \"Flatten\"", "\"class_name\": \"Conv2D\"",
       "layer 1 \"flatten_4\" (Conv2D): layer class Conv2D is not known; known are InputLayer");
    k3("\"class_name\": \"Flatten\"", "\"class_name\": \"Lambda\"", "Lambda, which holds code,");
    k3("\"class_name\": \"Flatten\"", "\"class_name\": 3", "no class_name");
    k3("\"class_name\": \"Flatten\"", "\"class_name\": \"Flatten\", \"x\": 1, \"module\": \"mine\"",
       "duplicate");
    k2("\"class_name\": \"Flatten\"", "\"class_name\": \"Flatten\", \"module\": \"os\"",
       "Flatten of another module than Keras");
    k2("\"class_name\": \"Flatten\"",
       "\"class_name\": \"Flatten\", \"registered_name\": \"mine>Flatten\"", "of another module");
    k2("\"class_name\": \"Flatten\"", "\"class_name\": \"Flatten\\u001b[31m\"", "Flatten?[31m");
}

Test(parse, refuses_values_that_make_no_sense)
{
    static const char dense[] = "layer 2 \"dense_8\" (Dense): ";
    k3("\"units\": 256", "\"units\": -5", "units must be a whole number of at least 0, not -5");
    k3("\"units\": 256", "\"units\": 1.5", dense);
    k3("\"units\": 256", "\"units\": \"256\"", "units must be a whole number, not 256");
    k3("\"units\": 256, ", "", "it has no units");
    k3("\"units\": 256", "\"units\": 0", "dense_8: 0 units");
    k3("\"units\": 256", "\"units\": 4294967296", "dense_8: 784 x 4294967296 weights");
    k3("\"units\": 256", "\"units\": 9223372036854775807", "x 9223372036854775807 weights");
    k3("\"units\": 256", "\"units\": NaN", "it has no units");
    k3("\"use_bias\": true", "\"use_bias\": 1", "use_bias must be true or false, not a number");
    k3("\"activation\": \"relu\"", "\"activation\": \"relu7\"", "\"relu7\" is not known");
    k3("\"activation\": \"relu\"", "\"activation\": 1", "activation must be a string");
    k3("\"activation\": \"relu\"",
       "\"activation\": {\"class_name\": \"ReLU\", \"config\": "
       "{\"max_value\": 6}}",
       "activation object ReLU is not known with this config");
    k3("\"activation\": \"relu\"",
       "\"activation\": {\"class_name\": \"LeakyReLU\", \"config\": "
       "{\"alpha\": -1}}",
       "activation LeakyReLU: alpha must be");
    k3("\"activation\": \"relu\"", "\"activation\": {\"class_name\": \"PReLU\"}",
       "activation object PReLU");
    k3("\"activation\": \"relu\"", "\"activation\": \"softmax\"", "behind the softmax");
    k3("\"rate\": 0.2", "\"rate\": 1.0", "dropout_4: rate 1;");
    k3("\"rate\": 0.2", "\"rate\": [0.2]", "rate must be a number, not a list");
    k3("\"rate\": 0.2, ", "", "it has no rate");
    k3("\"name\": \"dense_8\"", "\"name\": \"../dense\"", "its name \"../dense\"");
    k3("\"name\": \"dense_8\"", "\"name\": 8", "name must be a string");
    k3("\"name\": \"dense_8\"", "\"name\": \"dense_9\"", "\"dense_9\" is taken");
    k3("\"name\": \"sequential_4\"", "\"name\": \"a b\"", "model name \"a b\"");
    k3("\"trainable\": true, \"dtype\": \"float32\", \"units\"",
       "\"trainable\": 2, \"dtype\": \"float32\", \"units\"", "trainable must be true or false");
    k3("\"config\": {\"name\": \"dense_8\"", "\"config\": 3, \"c\": {\"name\": \"dense_8\"",
       "its config must be an object");
}

Test(parse, refuses_inputs_that_make_no_sense)
{
    static const char shape[] = "\"batch_shape\": [null, 28, 28]";
    k3(shape, "\"batch_shape\": [null]", "batch_shape must be a list of");
    k3(shape, "\"batch_shape\": 28", "batch_shape must be a list of");
    k3(shape, "\"batch_shape\": [null, 28, null]",
       "batch_shape[2] must be a whole number, not null");
    k3(shape, "\"batch_shape\": [null, 28, 0]", "(28, 0) is out of range");
    k3(shape, "\"batch_shape\": [-1, 28, 28]", "batch_shape[0]");
    k3(shape, "\"batch_shape\": [null, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "1 to 8 sizes");
    k3(shape, "\"batch_shape\": [null, 4294967296, 4294967296]", "out of range");
    k3("\"sparse\": false", "\"sparse\": true", "sparse is set");
    k3("\"dtype\": \"float32\", \"sparse\"", "\"dtype\": \"uint8\", \"sparse\"",
       "dtype is uint8; pinion computes in float32");
    k2("\"batch_input_shape\": [null, 28, 28], \"dtype\": \"float32\", \"data",
       "\"batch_input_shape\": [null, 27, 28], \"dtype\": \"float32\", \"data",
       "is not the shape of the input \"flatten_4_input\"");
}

Test(parse, refuses_what_computes_otherwise)
{
    k3("\"data_format\": \"channels_last\"", "\"data_format\": \"channels_first\"",
       "data_format is channels_first");
    k3("\"dtype\": \"float32\", \"units\"",
       "\"dtype\": {\"class_name\": \"DTypePolicy\", \"config\": {\"name\": \"mixed_float16\"}}, "
       "\"units\"",
       "dtype is mixed_float16");
    k3("\"units\": 256", "\"units\": 256, \"lora_rank\": 4", "lora_rank is set");
    k3("\"units\": 256", "\"units\": 256, \"quantization_config\": {}",
       "quantization_config is set");
}

Test(parse, refuses_texts_that_are_no_config)
{
    static const char *const texts[] = {"",
                                        "3",
                                        "null",
                                        "[]",
                                        "{}",
                                        "\"model\"",
                                        "{\"class_name\": \"Sequential\"}",
                                        "{\"class_name\": \"Sequential\", \"config\": {}}",
                                        "{\"layers\": []}",
                                        "{\"layers\": [3]}",
                                        "{\"layers\": [null]}",
                                        "{\"layers\": [{}]}",
                                        "{\"layers\": {}}",
                                        "{\"class_name\": \"Functional\", \"config\": 3}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pn_model *model;
        refuses(pn_model_from_json(texts[i], 1, &model), PN_ERROR_DATA, "model config");
        cr_assert_null(model);
    }
}

Test(parse, bounds_the_number_of_layers)
{
    static const char layer[] = "{\"class_name\":\"Dropout\",\"config\":{\"rate\":0.5}},";
    static char text[10001 * sizeof layer + 200];
    size_t length = (size_t)sprintf(
        text,
        "{\"layers\":[{\"class_name\":\"InputLayer\",\"config\":{\"batch_shape\":[null,2]}},");
    for (size_t i = 0; i < 10000; i++) {
        length += (size_t)sprintf(text + length, "%s", layer);
    }
    sprintf(text + length - 1, "]}");
    pn_model *model;
    refuses(pn_model_from_json(text, 1, &model), PN_ERROR_DATA, "10001 layers; a model has 1 to");
}

Test(parse, reads_chains_of_functional_models)
{
    const struct config_options options = {.weights_follow = true};
    char *const text = sample("functional_k3.json");
    static const char *const names[] = {"pixels", "scale", "flat", "hidden", "act", "drop", "out"};
    pn_model *model;
    must(config_model_parse(text, strlen(text), 1, &options, &model));
    cr_assert_eq(model->layer_count, 7);
    for (size_t i = 0; i < 7; i++) {
        cr_assert_str_eq(model->layers[i].name, names[i]);
    }
    cr_assert_eq(model->layers[1].scale, 1.0 / 255);
    cr_assert_eq(model->layers[4].activation.kind, SIMD_GELU);
    cr_assert_str_eq(config_untrained_key(&model->layers[3]), "kernel_regularizer");
    cr_assert_eq(model->layers[3].kernel.values[0], 0.0f); /* weights follow */
    pn_model_free(model);
    free(text);
}

Test(parse, refuses_functional_models_that_are_no_chain)
{
    static const char file[] = "functional_k2.json";
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]", "[[[\"flatten_4\", 0, 0, {}]]]",
            "layer \"flatten_4\" feeds several");
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]", "[[[\"dense_8\", 0, 0, {}], [\"x\", 0, 0, {}]]]",
            "layer \"dropout_4\" is not fed by exactly one");
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]",
            "[[[\"dense_8\", 0, 0, {}]], [[\"dense_8\", 0, 0, {}]]]", "layer \"dropout_4\"");
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]", "[[[\"dense_8\", 0, 0, {\"training\": true}]]]",
            "without arguments");
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]", "[[[\"dense_8\", 1, 0, {}]]]",
            "layer \"dropout_4\"");
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]", "[[[\"dense_9\", 0, 0, {}]]]",
            "not one chain from the input");
    changed(file, "[[[\"dense_8\", 0, 0, {}]]]", "[]", "layer \"dropout_4\"");
    changed(file, "[[\"dense_9\", 0, 0]]", "[[\"dropout_4\", 0, 0]]",
            "its output is \"dropout_4\", not the end of the chain");
    changed(file, "[[\"dense_9\", 0, 0]]", "[[\"dense_9\", 0, 0], [\"dense_8\", 0, 0]]",
            "output_layers does not name exactly one");
    changed(file, "\"input_layers\": [[\"input_1\", 0, 0]]",
            "\"input_layers\": [[\"other\", 0, 0]]",
            "\"input_1\" is an input, but input_layers names \"other\"");
    changed(file, "\"input_layers\": [[\"input_1\", 0, 0]]", "\"input_layers\": 3",
            "input_layers does not name exactly one");
    changed("functional_k3.json", "\"kwargs\": {\"training\": false}",
            "\"kwargs\": {\"training\": true}", "layer \"drop\"");
}

Test(parse, bounds_parameters_before_memory_is_taken)
{
    char *const text = sample("lesson_k2_model_config.json");
    struct config_options options = {.weights_follow = true, .max_parameters = 203529};
    pn_model *model;
    refuses(config_model_parse(text, strlen(text), 1, &options, &model), PN_ERROR_DATA,
            "dense_9: 256 x 10 weights; the model may have 203529 in all");
    options.max_parameters = 203530;
    must(config_model_parse(text, strlen(text), 1, &options, &model));
    pn_model_free(model);
    free(text);
}
