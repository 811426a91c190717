/* Every allocation fails once: each call then says so, leaves nothing behind (the sanitizer build
 * tells) and works when tried again. The linker sends malloc, calloc and realloc of pinion here. */
#include "support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
json_t *__real_json_loadb(const char *buffer, size_t length, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *buffer, size_t length, size_t flags, json_error_t *error);

static size_t memory_left = SIZE_MAX; /* allocations until one fails; SIZE_MAX: none does */

static bool memory_fails(void)
{
    return memory_left != SIZE_MAX && memory_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return memory_fails() ? NULL : __real_realloc(block, size);
}

/* The parser of jansson 2.14 does not survive this test: it drops characters of a string when its
 * buffer cannot grow. So it fails as a whole, in the way it does for its first allocation, or not
 * at all. */
json_t *__wrap_json_loadb(const char *buffer, size_t length, size_t flags, json_error_t *error)
{
    if (memory_fails()) {
        *error = (json_error_t){.line = -1, .column = -1};
        return NULL;
    }
    const size_t left = memory_left;
    memory_left = SIZE_MAX;
    json_t *const value = __real_json_loadb(buffer, length, flags, error);
    memory_left = left;
    return value;
}

/* Runs `call` with the first, second, ... allocation failing until one run needs no more. */
static void each_allocation_fails(pn_status (*call)(void *context), void *context)
{
    size_t failures = 0;
    json_set_alloc_funcs(__wrap_malloc, free);
    for (;; failures++) {
        memory_left = failures;
        const pn_status status = call(context);
        const bool failed = memory_left == SIZE_MAX;
        memory_left = SIZE_MAX;
        if (!failed) {
            must(status);
            break;
        }
        cr_assert_eq(status, PN_ERROR_FAILED, "allocation %zu: %d, %s", failures, (int)status,
                     pn_error_message());
        says("out of memory");
    }
    cr_assert_gt(failures, 0);
}

static pn_status parse_all(void *context)
{
    const char *const text = context;
    const struct config_options options = {.weights_follow = true};
    pn_model *model;
    const pn_status status = config_model_parse(text, strlen(text), 1, &options, &model);
    cr_assert((status == PN_OK) == (model != NULL));
    pn_model_free(model);
    return status;
}

Test(memory, may_run_out_while_configs_are_read)
{
    static const char *const files[] = {"functional_k3.json", "leaky_k3.json",
                                        "sequential_k2_1.json"};
    for (size_t i = 0; i < 3; i++) {
        char *const text = sample(files[i]);
        each_allocation_fails(parse_all, text);
        free(text);
    }
}

static pn_status write_all(void *context)
{
    char *text;
    pn_status status = config_model_json(context, &text);
    free(text);
    if (status == PN_OK) {
        status = pn_model_config(context, 2, &text);
        free(text);
    }
    if (status == PN_OK) {
        status = config_training_json(context, &text);
        free(text);
    }
    if (status == PN_OK) {
        status = pn_model_summary(context, &text);
        free(text);
    }
    return status;
}

static pn_status compile_all(void *context)
{
    static const char text[] = "{\"loss\": \"sparse_categorical_crossentropy\", \"metrics\": "
                               "[\"accuracy\"], \"optimizer\": {\"class_name\": \"Adam\", "
                               "\"config\": {\"learning_rate\": 0.001}}}";
    return config_training_parse(context, text, sizeof text - 1);
}

Test(memory, may_run_out_while_a_model_is_compiled_and_written)
{
    pn_model *const model = lesson_model();
    each_allocation_fails(compile_all, model);
    cr_assert(model->compiled);
    each_allocation_fails(write_all, model);
    pn_model_free(model);
}

static pn_status add_all(void *context)
{
    const pn_layer layers[] = {vector(4), pn_dense(8, "relu"), pn_dropout(0.5),
                               pn_dense(2, "softmax")};
    pn_model *model;
    (void)context;
    pn_status status = pn_model_create("m", 1, &model);
    for (size_t i = 0; i < 4 && status == PN_OK; i++) {
        const size_t count = model->layer_count, parameters = model->parameters;
        status = pn_model_add(model, layers[i]);
        cr_assert_eq(model->layer_count, status == PN_OK ? count + 1 : count);
        cr_assert(status == PN_OK || model->parameters == parameters);
    }
    pn_model_free(model);
    return status;
}

Test(memory, may_run_out_while_layers_are_added)
{
    each_allocation_fails(add_all, NULL);
}
