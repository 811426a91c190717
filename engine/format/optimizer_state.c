#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/format/model_file.h"

/*
 * The optimizer variables that Keras writes, in their order:
 *
 *   Keras 2, legacy optimizers (to 2.10)  iter, then in blocks: m of every weight, v of every
 *                                         weight; SGD: momentum of every weight
 *   Keras 2, new optimizers (from 2.11)   iteration, then in pairs: m, v of the first weight, ...
 *   Keras 3                               iteration, learning_rate, then in pairs
 *
 * SGD with momentum has one slot, so blocks and pairs are one. The new SGD of Keras 2 keeps its
 * slot without momentum, too.
 */

/* The parameters of a model, gathered to be counted. */
struct parameters {
    struct parameter **items;
    size_t count, capacity;
};

static bool gather(void *context, struct layer *layer, struct parameter *parameter,
                   const char *role)
{
    (void)layer;
    (void)role;
    struct parameters *parameters = context;
    if (parameters->count == parameters->capacity) {
        return false;
    }
    parameters->items[parameters->count++] = parameter;
    return true;
}

/* Where slot `slot` of parameter `index` is, after the scalars. */
static size_t place(bool blocks, size_t index, size_t slot, size_t slots, size_t parameters)
{
    return blocks ? slot * parameters + index : index * slots + slot;
}

static bool order_fits(const struct parameters *parameters, const struct file_array *arrays,
                       size_t slots, bool blocks)
{
    for (size_t i = 0; i < parameters->count; i++) {
        for (size_t s = 0; s < slots; s++) {
            const size_t at = place(blocks, i, s, slots, parameters->count);
            if (!file_array_fits(&arrays[at], parameters->items[i])) {
                return false;
            }
        }
    }
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The legacy optimizers name a slot after its weight: "Adam/dense_8/kernel/m:0". */
static bool named_as_blocks(const struct file_array *first)
{
    return ends_with(first->name, "/m:0") || ends_with(first->name, "/momentum:0");
}

/* Keras's moments decay into subnormals; pinion's are zero below 2^-100 (the numerics contract). */
static void copy_slot(float *slot, const struct file_array *array)
{
    const float *values = array->values;
    for (size_t i = 0; i < array->count; i++) {
        slot[i] = fabsf(values[i]) < 0x1p-100f ? 0.0f : values[i];
    }
}

static bool restore(const struct parameters *parameters, const struct file_array *arrays,
                    size_t count, size_t slots)
{
    if (count != parameters->count * slots) {
        return false;
    }
    const bool as_blocks = order_fits(parameters, arrays, slots, true);
    const bool as_pairs = order_fits(parameters, arrays, slots, false);
    if (!as_blocks && !as_pairs) {
        return false;
    }
    const bool blocks = as_blocks && (!as_pairs || (slots > 0 && named_as_blocks(arrays)));
    for (size_t i = 0; i < parameters->count; i++) {
        for (size_t s = 0; s < slots; s++) {
            const size_t at = place(blocks, i, s, slots, parameters->count);
            copy_slot(parameters->items[i]->slot[s], &arrays[at]);
        }
    }
    return true;
}

bool optimizer_state_restore(pn_model *model, const struct file_arrays *variables)
{
    const struct file_array *arrays = variables->items;
    if (variables->count == 0 || arrays[0].dtype != FILE_I64 || arrays[0].count != 1) {
        return false;
    }
    int64_t steps;
    memcpy(&steps, arrays[0].values, sizeof steps);
    size_t scalars = 1;
    if (variables->count > 1 && arrays[1].rank == 0 && arrays[1].dtype == FILE_F32 &&
        strstr(arrays[1].name, "learning_rate")) {
        scalars = 2;
    }
    struct parameters parameters = {.capacity = 2 * model->layer_count};
    parameters.items = calloc(parameters.capacity, sizeof *parameters.items);
    bool restored =
        steps >= 0 && parameters.items && model_each_parameter(model, gather, &parameters);
    if (restored) {
        const size_t slots = optimizer_slots(&model->optimizer);
        const size_t count = variables->count - scalars;
        const bool idle = slots == 0 && count == parameters.count; /* a momentum nobody uses */
        const bool fresh = steps == 0 && count == 0;               /* slots come with a step */
        restored = idle || fresh || restore(&parameters, arrays + scalars, count, slots);
    }
    if (restored) {
        model_set_steps(model, (uint64_t)steps);
    }
    free(parameters.items);
    return restored;
}
