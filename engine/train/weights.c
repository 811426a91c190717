#include "engine/train/weights.h"

#include <stdint.h>
#include <string.h>

#include "engine/base/error.h"

pn_status weights_map(struct weights *weights, const struct plan *plan)
{
    *weights = (struct weights){0};
    struct arena *arena = &weights->arena;
    bool fits = true;
    for (size_t i = 0; i < 1 + plan->slots; i++) {
        fits = fits && arena_reserve(arena, plan->weights_size, sizeof(float));
    }
    fits = fits && arena_reserve(arena, plan->transposed_size, sizeof(float));
    const size_t scratch = plan->threads * SIMD_SCRATCH;
    fits = fits && arena_reserve(arena, scratch, sizeof(float));
    if (!fits) {
        return error_memory(SIZE_MAX, "the weights");
    }
    const pn_status status = arena_map(arena, "the weights");
    if (status != PN_OK) {
        return status;
    }
    weights->values = arena_take(arena, plan->weights_size, sizeof(float));
    for (size_t i = 0; i < plan->slots; i++) {
        weights->slot[i] = arena_take(arena, plan->weights_size, sizeof(float));
    }
    weights->transposed = arena_take(arena, plan->transposed_size, sizeof(float));
    weights->scratch = arena_take(arena, scratch, sizeof(float));
    return PN_OK;
}

void weights_free(struct weights *weights)
{
    arena_free(&weights->arena);
    *weights = (struct weights){0};
}

void weights_touch(struct weights *weights, const struct plan *plan, size_t thread)
{
    for (size_t i = plan->tile_start[thread]; i < plan->tile_start[thread + 1]; i++) {
        const struct plan_tiles *tiles = &plan->tiles[i];
        const struct plan_weight *weight = &plan->weights[tiles->weight];
        const size_t bytes = tiles->rows * weight->nr * sizeof(float);
        for (size_t p = 0; p < tiles->panels; p++) {
            const size_t panel = tiles->first_panel + p;
            const size_t start =
                weight->offset + (panel * weight->k + tiles->first_row) * weight->nr;
            memset(weights->values + start, 0, bytes);
            for (size_t s = 0; s < plan->slots; s++) {
                memset(weights->slot[s] + start, 0, bytes);
            }
        }
    }
    memset(weights->scratch + thread * SIMD_SCRATCH, 0, SIMD_SCRATCH * sizeof(float));
}

/* Where a tensor of the model lies in an arena of the run. */
static const float *model_tensor(const struct parameter *parameter, int slot)
{
    return slot < 0 ? parameter->values : parameter->slot[slot];
}

static void import_tensors(float *arena, const struct plan *plan, const struct pn_model *model,
                           int slot)
{
    for (size_t i = 0; i < plan->weight_count; i++) {
        const struct plan_weight *weight = &plan->weights[i];
        const struct layer *layer = &model->layers[weight->layer];
        plan->kernels->pack_panels(weight->k, weight->n, model_tensor(&layer->kernel, slot),
                                   weight->n, arena + weight->offset);
        float *bias = arena + weight->bias_offset;
        memset(bias, 0, weight->panels * weight->nr * sizeof(float));
        if (layer->use_bias) {
            memcpy(bias, model_tensor(&layer->bias, slot), weight->n * sizeof(float));
        }
    }
}

void weights_import(struct weights *weights, const struct plan *plan, const struct pn_model *model)
{
    import_tensors(weights->values, plan, model, -1);
    for (size_t s = 0; s < plan->slots; s++) {
        import_tensors(weights->slot[s], plan, model, (int)s);
    }
    for (size_t i = 0; i < plan->weight_count; i++) {
        const struct plan_weight *weight = &plan->weights[i];
        for (size_t panel = 0; weight->backward && panel < weight->panels; panel++) {
            plan->kernels->transpose_panel(weight->k, weight->n, panel, 0, weight->k,
                                           weights->values + weight->offset,
                                           weights->transposed + weight->transposed_offset);
        }
    }
}

static void export_tensors(const float *arena, const struct plan *plan, struct pn_model *model,
                           int slot)
{
    for (size_t i = 0; i < plan->weight_count; i++) {
        const struct plan_weight *weight = &plan->weights[i];
        struct layer *layer = &model->layers[weight->layer];
        float *kernel = slot < 0 ? layer->kernel.values : layer->kernel.slot[slot];
        plan->kernels->unpack_panels(weight->k, weight->n, arena + weight->offset, kernel,
                                     weight->n);
        if (layer->use_bias) {
            float *bias = slot < 0 ? layer->bias.values : layer->bias.slot[slot];
            memcpy(bias, arena + weight->bias_offset, weight->n * sizeof(float));
        }
    }
}

void weights_export(const struct weights *weights, const struct plan *plan, struct pn_model *model)
{
    export_tensors(weights->values, plan, model, -1);
    for (size_t s = 0; s < plan->slots; s++) {
        export_tensors(weights->slot[s], plan, model, (int)s);
    }
}
