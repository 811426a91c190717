#include "support.h"

#include <string.h>

/* 3 inputs, Dense(5), Dense(2): 3·5 + 5 + 5·2 + 2 weights. */
static pn_model *small(void)
{
    pn_model *model;
    must(pn_model_create(NULL, 1, &model));
    must(pn_model_add(model, vector(3)));
    must(pn_model_add(model, pn_dense(5, "relu")));
    must(pn_model_add(model, pn_dense(2, "softmax")));
    return model;
}

Test(weights, come_in_keras_order)
{
    static const size_t shapes[][2] = {{3, 5}, {5, 0}, {5, 2}, {2, 0}};
    pn_model *const model = small();
    const float *values;
    size_t rank, shape[PN_MAX_RANK];
    for (size_t i = 0; i < 4; i++) {
        must(pn_model_weights(model, i, &values, &rank, shape));
        cr_assert_eq(rank, i % 2 == 0 ? 2 : 1);
        cr_assert(memcmp(shape, shapes[i], rank * sizeof *shape) == 0);
    }
    refuses(pn_model_weights(model, 4, &values, &rank, shape), PN_ERROR_USAGE, "index 4");
    pn_model_free(model);
}

/* Expected digits: python-xxhash over the same 32 values packed as '<f'. */
Test(weights, are_set_and_digested)
{
    static const size_t counts[] = {15, 5, 10, 2};
    pn_model *const model = small();
    float values[32];
    size_t first = 0;
    for (int i = 0; i < 32; i++) {
        values[i] = (float)((i * 7919 % 1000) / 1000.0 - 0.5);
    }
    for (size_t i = 0; i < 4; i++) {
        must(pn_model_set_weights(model, i, values + first, counts[i]));
        first += counts[i];
    }
    char digest[33];
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, "db0d21202da604584cc077695e399f57");
    refuses(pn_model_set_weights(model, 0, values, 14), PN_ERROR_USAGE,
            "14 values for weights 0 of shape (3, 5), which take 15");
    refuses(pn_model_set_weights(model, 4, values, 1), PN_ERROR_USAGE, "index 4");
    pn_model_free(model);
}

Test(weights, skip_missing_biases)
{
    pn_model *model;
    pn_layer dense = pn_dense(5, "relu");
    const float *values;
    size_t rank, shape[PN_MAX_RANK];
    dense.use_bias = false;
    must(pn_model_create(NULL, 1, &model));
    must(pn_model_add(model, vector(3)));
    must(pn_model_add(model, dense));
    must(pn_model_add(model, pn_dense(2, "softmax")));
    cr_assert_eq(pn_model_parameters(model), 15 + 10 + 2);
    must(pn_model_weights(model, 1, &values, &rank, shape));
    cr_assert_eq(rank, 2);
    cr_assert_eq(shape[0], 5);
    refuses(pn_model_weights(model, 3, &values, &rank, shape), PN_ERROR_USAGE, "index 3");
    pn_model_free(model);
}

struct visits {
    char roles[64];
    size_t stop_after;
};

static bool visit(void *context, struct layer *layer, struct parameter *parameter, const char *role)
{
    struct visits *const visits = context;
    cr_assert_not_null(parameter->values);
    strcat(visits->roles, layer->name);
    strcat(visits->roles, role);
    strcat(visits->roles, " ");
    return --visits->stop_after > 0;
}

Test(weights, are_visited_until_told_to_stop)
{
    pn_model *const model = small();
    struct visits all = {"", 100}, some = {"", 2};
    cr_assert(model_each_parameter(model, visit, &all));
    cr_assert_str_eq(all.roles, "densekernel densebias dense_1kernel dense_1bias ");
    cr_assert_not(model_each_parameter(model, visit, &some));
    cr_assert_str_eq(some.roles, "densekernel densebias ");
    pn_model_free(model);
}
