#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Expected weights: an independent Philox4x32-10 in Python (exact rational fma), seed 42, layers
 * 1 and 3, purpose 0, L = sqrt(6 / (fan_in + fan_out)) rounded to f32. */
Test(initializer, draws_glorot_uniform_of_the_recipe)
{
    static const struct {
        size_t tensor, element;
        float value;
    } expected[] = {{0, 0, 0x1.a77d7ep-7f},       {0, 1, 0x1.d832f8p-5f},   {0, 2, -0x1.124b3cp-5f},
                    {0, 3, -0x1.93a95p-6f},       {0, 4, 0x1.6fd0e8p-7f},   {0, 5, -0x1.686fe6p-8f},
                    {0, 200703, -0x1.e6267cp-6f}, {2, 0, 0x1.14393ep-11f},  {2, 1, 0x1.a7dc18p-5f},
                    {2, 2, 0x1.454718p-5f},       {2, 2559, 0x1.09a35cp-3f}};
    pn_model *const model = lesson_model();
    const float *values;
    size_t rank, shape[PN_MAX_RANK];
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        must(pn_model_weights(model, expected[i].tensor, &values, &rank, shape));
        cr_assert_eq(values[expected[i].element], expected[i].value, "tensor %zu, element %zu: %a",
                     expected[i].tensor, expected[i].element, values[expected[i].element]);
    }
    char digest[33];
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, "8a490d4faed9e0a5a2b0620979b2b716");
    pn_model_free(model);
}

Test(initializer, fills_the_range_and_leaves_biases_zero)
{
    pn_model *const model = lesson_model();
    const float limits[] = {0x1.371d1p-4f, 0x1.3395bp-3f};
    const float *values;
    size_t rank, shape[PN_MAX_RANK];
    for (size_t dense = 0; dense < 2; dense++) {
        float low = 0, high = 0;
        double sum = 0;
        must(pn_model_weights(model, 2 * dense, &values, &rank, shape));
        const size_t count = shape[0] * shape[1];
        for (size_t i = 0; i < count; i++) {
            low = fminf(low, values[i]);
            high = fmaxf(high, values[i]);
            sum += values[i];
        }
        cr_assert(low >= -limits[dense] && high < limits[dense]);
        cr_assert(low < -0.99f * limits[dense] && high > 0.99f * limits[dense]);
        cr_assert_lt(fabs(sum / (double)count), 4 * limits[dense] / sqrt(3.0 * (double)count));
        must(pn_model_weights(model, 2 * dense + 1, &values, &rank, shape));
        for (size_t i = 0; i < shape[0]; i++) {
            cr_assert_eq(values[i], 0.0f);
        }
    }
    pn_model_free(model);
}

static void digest_of(const char *json, uint32_t seed, char digest[33])
{
    pn_model *model;
    must(pn_model_from_json(json, seed, &model));
    pn_model_digest(model, digest);
    pn_model_free(model);
}

Test(initializer, depends_on_the_seed_alone)
{
    char *const text = sample("lesson_k2_model_config.json");
    char first[33], again[33], other[33];
    digest_of(text, 42, first);
    digest_of(text, 42, again);
    digest_of(text, 43, other);
    cr_assert_str_eq(first, "8a490d4faed9e0a5a2b0620979b2b716");
    cr_assert_str_eq(first, again);
    cr_assert_str_neq(first, other);
    free(text);
}

/* The weights of Dense(40) on 60 inputs, kernel or bias with this initializer. */
static struct pn_model *drawn(const char *key, const char *initializer)
{
    pn_model *model;
    char json[1024];
    snprintf(json, sizeof json,
             "{\"name\": \"m\", \"layers\": [{\"class_name\": \"Dense\", \"config\": "
             "{\"batch_input_shape\": [null, 60], \"units\": 40, \"%s\": %s}}]}",
             key, initializer);
    must(pn_model_from_json(json, 7, &model));
    return model;
}

static void range(const char *initializer, double low, double high)
{
    pn_model *const model = drawn("kernel_initializer", initializer);
    const struct parameter *const kernel = &model->layers[1].kernel;
    float least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < kernel->count; i++) {
        least = fminf(least, kernel->values[i]);
        most = fmaxf(most, kernel->values[i]);
    }
    const float margin = (float)(0.01 * (high - low));
    cr_assert(least >= (float)low && least <= (float)low + margin, "%s: least %g", initializer,
              least);
    cr_assert(most <= (float)high && most >= (float)high - margin, "%s: most %g", initializer,
              most);
    pn_model_free(model);
}

Test(initializer, knows_the_uniform_and_constant_ones)
{
    range("\"glorot_uniform\"", -sqrt(6.0 / 100), sqrt(6.0 / 100));
    range("{\"class_name\": \"HeUniform\", \"config\": {\"seed\": null}}", -sqrt(6.0 / 60),
          sqrt(6.0 / 60));
    range("{\"class_name\": \"LecunUniform\"}", -sqrt(3.0 / 60), sqrt(3.0 / 60));
    range("{\"class_name\": \"RandomUniform\", \"config\": {\"minval\": 1, \"maxval\": 1.5}}", 1,
          1.5);
    range("\"random_uniform\"", -0.05, 0.05);
    range("{\"class_name\": \"VarianceScaling\", \"config\": {\"scale\": 2.0, \"mode\": "
          "\"fan_out\", \"distribution\": \"uniform\"}}",
          -sqrt(6.0 / 40), sqrt(6.0 / 40));
    range("{\"class_name\": \"Constant\", \"config\": {\"value\": 0.25}}", 0.25, 0.25);
    range("\"ones\"", 1, 1);
    range("\"zeros\"", 0, 0);
}

/* Keras's fans of a vector are its length; the draws go on behind those of the kernel. */
Test(initializer, draws_biases_behind_the_kernel)
{
    pn_model *const model = drawn("bias_initializer", "\"glorot_uniform\"");
    const struct layer *const layer = &model->layers[1];
    float least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < 40; i++) {
        least = fminf(least, layer->bias.values[i]);
        most = fmaxf(most, layer->bias.values[i]);
        cr_assert_neq(layer->bias.values[i], layer->kernel.values[i]);
    }
    const float limit = (float)sqrt(6.0 / 80);
    cr_assert(least < -0.7f * limit && least >= -limit && most > 0.7f * limit && most < limit);
    pn_model_free(model);
}

Test(initializer, refuses_what_it_cannot_draw)
{
    static const char *const cases[][2] = {
        {"\"HeNormal\"", "kernel_initializer HeNormal is not known"},
        {"{\"class_name\": \"VarianceScaling\", \"config\": {}}", "VarianceScaling is not known"},
        {"{\"class_name\": \"VarianceScaling\", \"config\": {\"distribution\": \"uniform\", "
         "\"mode\": \"fan\"}}",
         "mode must be"},
        {"{\"class_name\": \"VarianceScaling\", \"config\": {\"distribution\": \"uniform\", "
         "\"scale\": 0}}",
         "scale must be"},
        {"{\"class_name\": \"Constant\", \"config\": {\"value\": \"1\"}}", "value must be"},
        {"{\"class_name\": \"RandomUniform\", \"config\": {\"minval\": 2, \"maxval\": 1}}",
         "minval and maxval"},
        {"{\"class_name\": \"GlorotUniform\", \"module\": \"mine\", \"config\": {}}",
         "GlorotUniform is not known"},
        {"[1]", "must be a name or an object"},
        {"{\"class_name\": 1}", "must be a name or an object"},
        {"{\"class_name\": \"Zeros\", \"config\": 1}", "must be a name or an object"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024];
        pn_model *model;
        snprintf(json, sizeof json,
                 "{\"layers\": [{\"class_name\": \"Dense\", \"config\": {\"name\": \"d\", "
                 "\"batch_input_shape\": [null, 6], \"units\": 4, \"kernel_initializer\": %s}}]}",
                 cases[i][0]);
        refuses(pn_model_from_json(json, 7, &model), PN_ERROR_DATA, cases[i][1]);
        says("layer 0 \"d\" (Dense)");
    }
}
