#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char loss[] = "sparse_categorical_crossentropy";

static void writes(pn_optimizer optimizer, const char *metrics, const char *expected)
{
    pn_model *const model = lesson_model();
    char *json;
    must(pn_model_compile(model, optimizer, loss, metrics));
    must(config_training_json(model, &json));
    cr_assert_str_eq(json, expected);
    pn_string_free(json);
    pn_model_free(model);
}

Test(training, is_written_in_the_portable_form)
{
    char *const expected = sample("lesson_pinion_training_config.json");
    writes(pn_adam(0.001), "accuracy", expected);
    free(expected);
    writes(pn_sgd(0.01, 0.9, true), NULL,
           "{\"loss\": \"sparse_categorical_crossentropy\", \"metrics\": [], "
           "\"weighted_metrics\": null, \"loss_weights\": null, \"optimizer_config\": "
           "{\"class_name\": \"SGD\", \"config\": {\"name\": \"SGD\", \"learning_rate\": 0.01, "
           "\"momentum\": 0.9, \"nesterov\": true}}}");
    pn_model *const model = lesson_model();
    char *json;
    must(config_training_json(model, &json));
    cr_assert_null(json);
    pn_model_free(model);
}

static pn_status parse(pn_model *model, const char *json)
{
    return config_training_parse(model, json, strlen(json));
}

/* The lesson's model, compiled by a training config. */
static pn_model *compiled_by(const char *file)
{
    pn_model *const model = lesson_model();
    char *const text = sample(file);
    must(parse(model, text));
    cr_assert(model->compiled);
    cr_assert(model->accuracy);
    cr_assert_eq(model->steps, 0);
    cr_assert_not_null(model->layers[2].kernel.slot[1]);
    free(text);
    return model;
}

Test(training, is_read_from_every_keras)
{
    static const char *const files[] = {
        "lesson_k2_training_config.json",       "lesson_pinion_training_config.json",
        "lesson_portable_training_config.json", "lesson_k3_config_written_by_3.16.json",
        "lesson_k3_portable_config.json",       "sequential_k2_13.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        pn_model *const model = compiled_by(files[i]);
        cr_assert_eq(model->optimizer.kind, PN_ADAM);
        cr_assert_eq((float)model->optimizer.learning_rate, 0.001f);
        cr_assert_eq((float)model->optimizer.beta_1, 0.9f);
        cr_assert_eq((float)model->optimizer.beta_2, 0.999f);
        cr_assert_eq(model->optimizer.epsilon, 1e-7);
        pn_model_free(model);
    }
}

/* tf-keras 2.21, compiled with "accuracy" and not trained. */
Test(training, is_read_from_tf_keras)
{
    pn_model *const model = lesson_model();
    must(parse(model,
               "{\"loss\": \"sparse_categorical_crossentropy\", \"metrics\": [[{\"class_name\": "
               "\"MeanMetricWrapper\", \"config\": {\"name\": \"accuracy\", \"dtype\": "
               "\"float32\", \"fn\": \"categorical_accuracy\"}}]], \"weighted_metrics\": null, "
               "\"loss_weights\": null, \"optimizer_config\": {\"class_name\": "
               "\"Custom>SGD\", \"config\": {\"name\": \"SGD\", \"weight_decay\": null, "
               "\"clipnorm\": null, \"global_clipnorm\": null, \"clipvalue\": null, "
               "\"use_ema\": false, \"ema_momentum\": 0.99, \"ema_overwrite_frequency\": "
               "null, \"jit_compile\": false, \"is_legacy_optimizer\": false, "
               "\"learning_rate\": 0.25, \"momentum\": 0.5, \"nesterov\": false}}}"));
    cr_assert(model->accuracy);
    cr_assert_eq(model->optimizer.kind, PN_SGD);
    cr_assert_eq(model->optimizer.momentum, 0.5);
    pn_model_free(model);
}

Test(training, leaves_models_without_one_alone)
{
    pn_model *const model = lesson_model();
    char *const text = sample("functional_k3.json"); /* compile_config {} */
    must(parse(model, text));
    cr_assert_not(model->compiled);
    must(parse(model, "{\"class_name\": \"Sequential\", \"compile_config\": null}"));
    must(parse(model, "{\"class_name\": \"Sequential\"}"));
    cr_assert_not(model->compiled);
    pn_model_free(model);
    free(text);
}

Test(training, reads_other_forms)
{
    static const char *const texts[] = {
        "{\"optimizer\": \"Adam\", \"loss\": \"sparse_categorical_crossentropy\", \"metrics\": "
        "[\"acc\"]}",
        "{\"optimizer_config\": {\"class_name\": \"adam\"}, \"loss\": "
        "[\"sparse_categorical_crossentropy\"], \"metrics\": {\"dense_9\": \"accuracy\"}}",
        "{\"optimizer\": \"adam\", \"loss\": {\"dense_9\": \"sparse_categorical_crossentropy\"}, "
        "\"metrics\": [[{\"class_name\": \"SparseCategoricalAccuracy\", \"config\": {\"name\": "
        "\"x\"}}]], \"loss_weights\": [1.0]}",
        "{\"optimizer\": \"adam\", \"loss\": {\"class_name\": \"SparseCategoricalCrossentropy\", "
        "\"config\": {\"from_logits\": false, \"ignore_class\": null, \"reduction\": "
        "\"sum_over_batch_size\"}}, \"metrics\": [{\"module\": \"builtins\", \"class_name\": "
        "\"function\", \"config\": \"sparse_categorical_accuracy\", \"registered_name\": "
        "\"function\"}]}",
        "{\"optimizer\": {\"class_name\": \"Adam\", \"config\": {\"lr\": 0.001, \"decay\": 0.0, "
        "\"weight_decay\": null, \"use_ema\": false}}, \"loss\": {\"class_name\": \"function\", "
        "\"config\": \"sparse_categorical_crossentropy\"}, \"metrics\": [\"mse\", \"accuracy\"], "
        "\"loss_weights\": 1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pn_model *const model = lesson_model();
        must(parse(model, texts[i]));
        cr_assert_eq(model->optimizer.learning_rate, 0.001);
        cr_assert(model->accuracy);
        pn_model_free(model);
    }
}

Test(training, reads_sgd)
{
    pn_model *const model = lesson_model();
    must(parse(model, "{\"loss\": \"sparse_categorical_crossentropy\", \"optimizer_config\": "
                      "{\"class_name\": \"SGD\", \"config\": {\"name\": \"SGD\", "
                      "\"learning_rate\": 0.05, \"decay\": 0.0, \"momentum\": 0.9, \"nesterov\": "
                      "true}}}"));
    cr_assert_eq(model->optimizer.kind, PN_SGD);
    cr_assert_eq(model->optimizer.learning_rate, 0.05);
    cr_assert_eq(model->optimizer.momentum, 0.9);
    cr_assert(model->optimizer.nesterov);
    cr_assert_not(model->accuracy);
    must(parse(model, "{\"loss\": \"sparse_categorical_crossentropy\", \"optimizer\": \"sgd\"}"));
    cr_assert_eq(model->optimizer.learning_rate, 0.01);
    cr_assert_eq(model->optimizer.momentum, 0.0);
    pn_model_free(model);
}

static char logged[512];

static void keep_log(pn_log_level level, const char *message, void *user)
{
    (void)user;
    cr_assert_eq(level, PN_LOG_WARNING);
    strncat(logged, message, sizeof logged - 1);
}

Test(training, leaves_out_other_metrics_and_says_so)
{
    pn_model *const model = lesson_model();
    pn_set_log(keep_log, NULL);
    must(parse(model, "{\"optimizer\": \"adam\", \"loss\": \"sparse_categorical_crossentropy\", "
                      "\"metrics\": [{\"class_name\": \"AUC\", \"config\": {}}]}"));
    pn_set_log(NULL, NULL);
    cr_assert_not(model->accuracy);
    cr_assert_not_null(strstr(logged, "metric AUC"), "%s", logged);
    pn_model_free(model);
}

Test(training, of_logits_is_refused_for_what_the_model_is)
{
    pn_model *model;
    must(pn_model_create(NULL, 1, &model));
    must(pn_model_add(model, pn_input(1, (size_t[]){4})));
    must(pn_model_add(model, pn_dense(3, NULL)));
    refuses(parse(model,
                  "{\"optimizer\": \"adam\", \"loss\": {\"class_name\": "
                  "\"SparseCategoricalCrossentropy\", \"config\": {\"from_logits\": true}}}"),
            PN_ERROR_DATA, "from_logits is true, so the model ends without a softmax");
    pn_model_free(model);
}

Test(training, refuses_what_trains_otherwise)
{
    static const char *const optimizers[][2] = {
        {"\"RMSprop\"", "RMSprop is not known; known are Adam and SGD"},
        {"{\"class_name\": \"Adam\", \"module\": \"mine\"}", "Adam is not known"},
        {"null", "must be a name or an object with a class_name, not nothing"},
        {"[]", "not a list"},
        {"{\"class_name\": \"Adam\", \"config\": {\"amsgrad\": true}}", "amsgrad is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"weight_decay\": 0.004}}",
         "weight_decay is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"clipnorm\": 1.0}}", "clipnorm is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"clipvalue\": 1}}", "clipvalue is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"global_clipnorm\": 1}}",
         "global_clipnorm is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"use_ema\": true}}", "use_ema is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"decay\": 0.01}}", "decay is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"loss_scale_factor\": 2}}",
         "loss_scale_factor is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"gradient_accumulation_steps\": 2}}",
         "gradient_accumulation_steps is set"},
        {"{\"class_name\": \"Adam\", \"config\": {\"learning_rate\": {\"class_name\": "
         "\"CosineDecay\", \"config\": {}}}}",
         "schedule CosineDecay"},
        {"{\"class_name\": \"Adam\", \"config\": {\"learning_rate\": \"fast\"}}",
         "learning_rate must be a number, not fast"},
        {"{\"class_name\": \"Adam\", \"config\": {\"learning_rate\": -1}}", "learning_rate -1;"},
        {"{\"class_name\": \"Adam\", \"config\": {\"beta_1\": 2}}", "beta_1 2;"},
        {"{\"class_name\": \"SGD\", \"config\": {\"nesterov\": 1}}", "nesterov must be"}};
    static const char *const losses[][2] = {
        {"\"mse\"", "loss \"mse\" is not known"},
        {"null", "loss nothing is not known"},
        {"[\"a\", \"b\"]", "loss a list is not known"},
        {"{\"class_name\": \"SparseCategoricalCrossentropy\", \"config\": {\"from_logits\": true}}",
         "from_logits is true, but the model ends in a softmax"},
        {"{\"class_name\": \"SparseCategoricalCrossentropy\", \"config\": {\"ignore_class\": 0}}",
         "ignore_class is set"},
        {"{\"class_name\": \"SparseCategoricalCrossentropy\", \"config\": {\"reduction\": "
         "\"sum\"}}",
         "reduction is sum"},
        {"{\"class_name\": \"Focal\", \"config\": {}}", "loss Focal is not known"}};
    pn_model *const model = lesson_model();
    char json[1024];
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        snprintf(json, sizeof json, "{\"loss\": \"%s\", \"optimizer\": %s}", loss,
                 optimizers[i][0]);
        refuses(parse(model, json), PN_ERROR_DATA, optimizers[i][1]);
        cr_assert_not(model->compiled);
    }
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        snprintf(json, sizeof json, "{\"loss\": %s, \"optimizer\": \"adam\"}", losses[i][0]);
        refuses(parse(model, json), PN_ERROR_DATA, losses[i][1]);
        cr_assert_not(model->compiled);
    }
    snprintf(json, sizeof json,
             "{\"loss\": \"%s\", \"optimizer\": \"adam\", \"loss_weights\": "
             "[0.5]}",
             loss);
    refuses(parse(model, json), PN_ERROR_DATA, "loss_weights is set");
    refuses(parse(model, "[1"), PN_ERROR_DATA, "training config: line 1");
    refuses(parse(model, "3"), PN_ERROR_DATA, "training config");
    pn_model_free(model);
}
