/* The plan as text, for people. */
#include "engine/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/error.h"

static const char *const op_names[PLAN_OP_COUNT] = {
    [PLAN_GATHER] = "gather",
    [PLAN_DENSE] = "gemm X W + b",
    [PLAN_ACTIVATION] = "activation",
    [PLAN_DROPOUT] = "dropout",
    [PLAN_RESCALE] = "rescale",
    [PLAN_SOFTMAX] = "softmax",
    [PLAN_LOSS] = "softmax + crossentropy",
    [PLAN_DENSE_GRADIENT] = "gemm dY W^T",
    [PLAN_ACTIVATION_GRADIENT] = "activation gradient",
    [PLAN_DROPOUT_GRADIENT] = "dropout gradient",
};

static const char *const epilogue_names[SIMD_EPILOGUE_COUNT] = {
    [SIMD_STORE] = "",
    [SIMD_STORE_RELU] = ", relu in the tile",
    [SIMD_RELU_GRADIENT] = ", relu gradient in the tile",
};

static const char *buffer_name(const struct plan *plan, int buffer)
{
    return buffer < 0 ? "-" : plan->program.buffers[buffer].name;
}

static bool any_by_columns(const struct plan *plan)
{
    for (size_t i = 0; i < plan->weight_count; i++) {
        if (plan->weights[i].by_columns) {
            return true;
        }
    }
    return false;
}

static void print_steps(FILE *out, const struct pn_model *model, const struct plan *plan)
{
    for (size_t i = 0; i < plan->program.step_count; i++) {
        const struct plan_step *step = &plan->program.steps[i];
        fprintf(out, "  %2zu  %-22s  %-16s  %s -> %s%s%s\n", i + 1, op_names[step->op],
                model->layers[step->layer].name,
                step->op == PLAN_GATHER ? (plan->dtype == PN_U8 ? "u8" : "f32")
                                        : buffer_name(plan, step->input),
                buffer_name(plan, step->output), epilogue_names[step->epilogue],
                step->by_columns ? ", by columns" : "");
    }
}

static void print_tiles(FILE *out, const struct pn_model *model, const struct plan *plan)
{
    for (size_t t = 0; t < plan->threads; t++) {
        fprintf(out, "  thread %zu: rows %zu..%zu of %zu;", t,
                plan_first_row(plan->batch, plan->threads, t),
                plan_first_row(plan->batch, plan->threads, t + 1), plan->batch);
        size_t floats = 0;
        for (size_t i = plan->tile_start[t]; i < plan->tile_start[t + 1]; i++) {
            const struct plan_weight *weight = &plan->weights[plan->tiles[i].weight];
            floats += plan->tiles[i].panels * plan->tiles[i].rows * weight->nr;
            if (i == plan->tile_start[t]) {
                fprintf(out, " tiles from %s panel %zu row %zu", model->layers[weight->layer].name,
                        plan->tiles[i].first_panel, plan->tiles[i].first_row);
            }
        }
        fprintf(out, "%s %zu pieces, %zu weights with padding\n", floats > 0 ? "," : "",
                plan->tile_start[t + 1] - plan->tile_start[t], floats);
    }
}

pn_status plan_explain(const struct pn_model *model, const struct plan *plan, const char *placement,
                       char **text)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    if (out == NULL) {
        return error_memory(4096, "the explanation");
    }
    fprintf(out, "kernels   %s: %u lanes, tiles of %u x %u\n", plan->kernels->name,
            plan->kernels->lanes, plan->kernels->mr, plan->kernels->nr);
    fprintf(out, "team      %s\n", placement);
    fprintf(out, "batch     %zu rows, %zu at a time through the steps\n", plan->batch,
            plan->row_block);
    fprintf(out, "\nphase 1   rows: each thread takes its own through all steps%s\n",
            any_by_columns(plan) ? "; by columns: its panels of W for all rows, between barriers"
                                 : "");
    print_steps(out, model, plan);
    fprintf(out, "          barrier\n");
    if (plan->mode == PLAN_TRAIN) {
        static const char *const optimizer_names[] = {[PN_SGD] = "sgd", [PN_ADAM] = "adam"};
        fprintf(out, "phase 2   tiles: gradient X^T dY over the batch, %s while in registers\n",
                optimizer_names[model->optimizer.kind]);
        for (size_t i = 0; i < plan->weight_count; i++) {
            const struct plan_weight *weight = &plan->weights[i];
            fprintf(out, "      %s [%zu, %zu]: %zu panels of %zu columns, X = %s, dY = %s%s\n",
                    model->layers[weight->layer].name, weight->k, weight->n, weight->panels,
                    weight->nr,
                    i == 0 && plan->gather_again ? "u8, converted once more"
                                                 : buffer_name(plan, plan->weight_input[i]),
                    buffer_name(plan, plan->weight_gradient[i]),
                    weight->backward ? ", transposed copy kept" : "");
        }
        fprintf(out, "          barrier\n\nowners\n");
        print_tiles(out, model, plan);
    }
    fprintf(out, "\nbuffers   [%zu, columns] f32\n", plan->batch);
    for (size_t i = 0; i < plan->program.buffer_count; i++) {
        const struct plan_buffer *buffer = &plan->program.buffers[i];
        fprintf(out, "  %-28s %6zu columns, stride %6zu, %9zu bytes\n", buffer->name,
                buffer->columns, buffer->stride, plan->batch * buffer->stride * sizeof(float));
    }
    fprintf(out, "weights   %zu bytes, slots %zu x the same, transposed %zu bytes\n",
            plan->weights_size * sizeof(float), plan->slots, plan->transposed_size * sizeof(float));
    if (fclose(out) != 0) {
        free(*text);
        *text = NULL;
        return error_memory(4096, "the explanation");
    }
    return PN_OK;
}
