/* From layers to steps. */
#include "engine/plan/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/plan/tiles.h"

/* What the forward pass did, layer by layer, for the way back. */
enum trace_kind { TRACE_DENSE, TRACE_ACTIVATION, TRACE_DROPOUT, TRACE_RESCALE };

struct trace {
    enum trace_kind kind;
    size_t layer, weight;
    int input, output;
    bool fused; /* relu done by the dense step; dropout done in place behind such a relu */
    enum simd_activation activation;
    float alpha, scale;
    uint32_t threshold;
};

struct builder {
    const struct pn_model *model;
    struct plan *plan;
    struct trace *traces;
    size_t trace_count;
    int current; /* buffer with the output of the layers so far */
};

static pn_status add_buffer(struct builder *builder, const char *prefix, const char *name,
                            size_t columns, int *buffer)
{
    struct program *program = &builder->plan->program;
    struct plan_buffer *grown =
        realloc(program->buffers, (program->buffer_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return error_memory(sizeof *grown, "the plan");
    }
    program->buffers = grown;
    struct plan_buffer *added = &grown[program->buffer_count];
    *added = (struct plan_buffer){.columns = columns};
    snprintf(added->name, sizeof added->name, "%s%s", prefix, name);
    /* Readable in whole panels, and where the loss rounds up to whole vectors of any table. */
    size_t padded = simd_padded_columns(builder->plan->kernels, columns);
    const size_t lanes = SIMD_MAX_LANES;
    padded = (padded + lanes - 1) / lanes * lanes;
    added->stride = padded / lanes % 2 == 0 ? padded + lanes : padded;
    program->row_floats += added->stride;
    *buffer = (int)program->buffer_count++;
    return PN_OK;
}

static pn_status add_step(struct builder *builder, struct plan_step step)
{
    struct program *program = &builder->plan->program;
    struct plan_step *grown = realloc(program->steps, (program->step_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return error_memory(sizeof *grown, "the plan");
    }
    program->steps = grown;
    grown[program->step_count++] = step;
    return PN_OK;
}

static const struct layer *layer_at(const struct builder *builder, size_t layer)
{
    return &builder->model->layers[layer];
}

static struct trace *last_trace(struct builder *builder)
{
    return builder->trace_count > 0 ? &builder->traces[builder->trace_count - 1] : NULL;
}

static void add_trace(struct builder *builder, struct trace trace)
{
    builder->traces[builder->trace_count++] = trace;
}

/* Whether nobody needs the current buffer on the way back, so that a step may write over it. */
static bool current_is_free(struct builder *builder)
{
    const struct trace *last = last_trace(builder);
    return last == NULL || last->kind == TRACE_DENSE;
}

static pn_status add_dense(struct builder *builder, size_t index)
{
    struct plan *plan = builder->plan;
    const struct layer *layer = layer_at(builder, index);
    const size_t weight = plan->weight_count++;
    struct plan_weight *w = &plan->weights[weight];
    *w = (struct plan_weight){.layer = index, .k = layer->kernel.shape[0], .n = layer->size};
    w->nr = simd_panel_width(plan->kernels, w->n);
    w->panels = (w->n + w->nr - 1) / w->nr;

    int output;
    pn_status status = add_buffer(builder, "", layer->name, w->n, &output);
    if (status != PN_OK) {
        return status;
    }
    plan->weight_input[weight] = builder->current;
    add_trace(builder, (struct trace){.kind = TRACE_DENSE,
                                      .layer = index,
                                      .weight = weight,
                                      .input = builder->current,
                                      .output = output});
    status = add_step(builder, (struct plan_step){.op = PLAN_DENSE,
                                                  .layer = index,
                                                  .weight = weight,
                                                  .input = builder->current,
                                                  .output = output,
                                                  .epilogue = SIMD_STORE});
    builder->current = output;
    return status;
}

static pn_status add_activation(struct builder *builder, size_t index)
{
    const struct layer *layer = layer_at(builder, index);
    struct program *program = &builder->plan->program;
    if (layer->activation.softmax) {
        return PN_OK; /* it is the model's end: add_end() does it */
    }
    const enum simd_activation activation = layer->activation.kind;
    struct trace trace = {.kind = TRACE_ACTIVATION,
                          .layer = index,
                          .input = builder->current,
                          .activation = activation,
                          .alpha = layer->activation.alpha};
    const struct trace *last = last_trace(builder);
    if (last != NULL && last->kind == TRACE_DENSE && activation == SIMD_RELU) {
        program->steps[program->step_count - 1].epilogue = SIMD_STORE_RELU;
        trace.fused = true;
        trace.output = builder->current;
        add_trace(builder, trace);
        return PN_OK;
    }
    int output = builder->current;
    if (!current_is_free(builder) || simd_activation_reads_x(activation)) {
        const pn_status status =
            add_buffer(builder, "activated ", layer->name, layer->size, &output);
        if (status != PN_OK) {
            return status;
        }
    }
    trace.output = output;
    add_trace(builder, trace);
    const pn_status status = add_step(builder, (struct plan_step){.op = PLAN_ACTIVATION,
                                                                  .layer = index,
                                                                  .input = builder->current,
                                                                  .output = output,
                                                                  .activation = activation,
                                                                  .alpha = trace.alpha});
    builder->current = output;
    return status;
}

static uint32_t dropout_threshold(double rate)
{
    const double words = nearbyint(rate * 4294967296.0);
    return words >= 4294967295.0 ? UINT32_MAX : (uint32_t)words;
}

static pn_status add_dropout(struct builder *builder, size_t index)
{
    const struct layer *layer = layer_at(builder, index);
    if (builder->plan->mode != PLAN_TRAIN || layer->rate <= 0.0) {
        return PN_OK;
    }
    const struct trace *last = last_trace(builder);
    const bool behind_relu = last != NULL && last->kind == TRACE_ACTIVATION && last->fused;
    int output = builder->current;
    if (last != NULL && !behind_relu) {
        const pn_status status = add_buffer(builder, "", layer->name, layer->size, &output);
        if (status != PN_OK) {
            return status;
        }
    }
    const struct trace trace = {.kind = TRACE_DROPOUT,
                                .layer = index,
                                .input = builder->current,
                                .output = output,
                                .fused = behind_relu,
                                .scale = (float)(1.0 / (1.0 - layer->rate)),
                                .threshold = dropout_threshold(layer->rate)};
    add_trace(builder, trace);
    const pn_status status = add_step(builder, (struct plan_step){.op = PLAN_DROPOUT,
                                                                  .layer = index,
                                                                  .input = builder->current,
                                                                  .output = output,
                                                                  .scale = trace.scale,
                                                                  .threshold = trace.threshold});
    builder->current = output;
    return status;
}

static pn_status add_rescaling(struct builder *builder, size_t index)
{
    const struct layer *layer = layer_at(builder, index);
    struct program *program = &builder->plan->program;
    struct plan_step *gather = &program->steps[0];
    const bool first = program->step_count == 1 && gather->scale == 1.0f && gather->offset == 0.0f;
    if (first) {
        gather->scale = (float)layer->scale;
        gather->offset = (float)layer->offset;
        return PN_OK;
    }
    int output = builder->current;
    if (last_trace(builder) != NULL) {
        const pn_status status = add_buffer(builder, "", layer->name, layer->size, &output);
        if (status != PN_OK) {
            return status;
        }
    }
    add_trace(builder, (struct trace){.kind = TRACE_RESCALE,
                                      .layer = index,
                                      .input = builder->current,
                                      .output = output,
                                      .scale = (float)layer->scale});
    const pn_status status = add_step(builder, (struct plan_step){.op = PLAN_RESCALE,
                                                                  .layer = index,
                                                                  .input = builder->current,
                                                                  .output = output,
                                                                  .scale = (float)layer->scale,
                                                                  .offset = (float)layer->offset});
    builder->current = output;
    return status;
}

static pn_status add_layer(struct builder *builder, size_t index)
{
    const struct layer *layer = layer_at(builder, index);
    pn_status status = PN_OK;
    switch (layer->kind) {
    case PN_INPUT:
        status = add_buffer(builder, "", "samples", layer->size, &builder->current);
        if (status != PN_OK) {
            return status;
        }
        return add_step(builder, (struct plan_step){.op = PLAN_GATHER,
                                                    .layer = index,
                                                    .input = -1,
                                                    .output = builder->current,
                                                    .scale = 1.0f});
    case PN_FLATTEN: /* samples are row-major already */
        return PN_OK;
    case PN_RESCALING:
        return add_rescaling(builder, index);
    case PN_DENSE:
        status = add_dense(builder, index);
        /* A linear step flushes tiny outputs as every activation does; an Activation layer behind
         * it will. */
        if (status != PN_OK ||
            (layer->activation.kind == SIMD_LINEAR && index + 1 < builder->model->layer_count &&
             layer_at(builder, index + 1)->kind == PN_ACTIVATION)) {
            return status;
        }
        return add_activation(builder, index);
    case PN_DROPOUT:
        return add_dropout(builder, index);
    case PN_ACTIVATION:
        return add_activation(builder, index);
    }
    return error_set(PN_ERROR_INTERNAL, "layer %s: no steps for this kind; please report it",
                     layer->name);
}

/* What stands behind the last layer: the loss on the logits, or the softmax. */
static pn_status add_end(struct builder *builder)
{
    struct plan *plan = builder->plan;
    const size_t last = builder->model->layer_count - 1;
    const bool softmax = layer_at(builder, last)->activation.softmax;
    plan->program.output = builder->current;
    if (plan->mode == PLAN_PREDICT) {
        return softmax ? add_step(builder, (struct plan_step){.op = PLAN_SOFTMAX,
                                                              .layer = last,
                                                              .input = builder->current,
                                                              .output = builder->current})
                       : PN_OK;
    }
    if (!softmax) {
        return error_set(PN_ERROR_USAGE,
                         "layer %s: the loss is computed from the logits before a softmax, but the "
                         "model does not end in one; end it with activation softmax",
                         layer_at(builder, last)->name);
    }
    if (plan->mode == PLAN_TRAIN && !current_is_free(builder)) {
        /* The gradient goes where the logits are; a step behind the dense layer needs its own. */
        int logits;
        const pn_status status = add_buffer(builder, "logits ", layer_at(builder, last)->name,
                                            layer_at(builder, last)->size, &logits);
        if (status != PN_OK) {
            return status;
        }
        return add_step(builder, (struct plan_step){.op = PLAN_LOSS,
                                                    .layer = last,
                                                    .input = builder->current,
                                                    .output = logits});
    }
    return add_step(builder,
                    (struct plan_step){.op = PLAN_LOSS,
                                       .layer = last,
                                       .input = builder->current,
                                       .output = plan->mode == PLAN_TRAIN ? builder->current : -1});
}

/* The way back through one trace that lies between two dense layers, in place in `gradient`. */
static pn_status add_elementwise_gradient(struct builder *builder, const struct trace *trace,
                                          int gradient)
{
    struct plan_step step = {.layer = trace->layer,
                             .input = gradient,
                             .output = gradient,
                             .forward = trace->output,
                             .before = trace->input,
                             .activation = trace->activation,
                             .alpha = trace->alpha,
                             .scale = trace->scale,
                             .threshold = trace->threshold};
    switch (trace->kind) {
    case TRACE_ACTIVATION:
        step.op = PLAN_ACTIVATION_GRADIENT;
        break;
    case TRACE_DROPOUT:
        step.op = PLAN_DROPOUT_GRADIENT;
        break;
    default:
        step.op = PLAN_RESCALE;
        break;
    }
    return add_step(builder, step);
}

/* How many traces before a dense layer's input its gradient product can take along: a relu fused
 * with its dense step, and a dropout in place behind that. *scale receives the dropout's. */
static size_t fused_gradients(const struct builder *builder, size_t dense, float *scale)
{
    *scale = 1.0f;
    if (dense >= 1 && builder->traces[dense - 1].kind == TRACE_ACTIVATION &&
        builder->traces[dense - 1].fused) {
        return 1;
    }
    if (dense >= 2 && builder->traces[dense - 1].kind == TRACE_DROPOUT &&
        builder->traces[dense - 1].fused) {
        *scale = builder->traces[dense - 1].scale;
        return 2;
    }
    return 0;
}

static bool is_trained_below(const struct builder *builder, size_t trace)
{
    while (trace-- > 0) {
        if (builder->traces[trace].kind == TRACE_DENSE) {
            return true;
        }
    }
    return false;
}

static pn_status add_dense_gradient(struct builder *builder, size_t trace, int *gradient,
                                    size_t *skipped)
{
    struct plan *plan = builder->plan;
    const struct trace *dense = &builder->traces[trace];
    const struct plan_weight *weight = &plan->weights[dense->weight];
    int below;
    const pn_status status = add_buffer(builder, "gradient before ",
                                        layer_at(builder, weight->layer)->name, weight->k, &below);
    if (status != PN_OK) {
        return status;
    }
    plan->weights[dense->weight].backward = true;
    struct plan_step step = {.op = PLAN_DENSE_GRADIENT,
                             .layer = weight->layer,
                             .weight = dense->weight,
                             .input = *gradient,
                             .output = below,
                             .forward = dense->input,
                             .epilogue = SIMD_STORE,
                             .scale = 1.0f};
    *skipped = fused_gradients(builder, trace, &step.scale);
    if (*skipped > 0) {
        step.epilogue = SIMD_RELU_GRADIENT;
    }
    *gradient = below;
    return add_step(builder, step);
}

static pn_status add_gradients(struct builder *builder)
{
    struct plan *plan = builder->plan;
    int gradient = plan->program.steps[plan->program.step_count - 1].output;
    bool flushed = true; /* no subnormal in `gradient`: the loss sees to it */
    for (size_t i = builder->trace_count; i-- > 0;) {
        const struct trace *trace = &builder->traces[i];
        pn_status status = PN_OK;
        if (trace->kind != TRACE_DENSE) {
            status = add_elementwise_gradient(builder, trace, gradient);
            flushed = trace->kind == TRACE_ACTIVATION;
        } else {
            if (!flushed) {
                status = add_step(builder, (struct plan_step){.op = PLAN_ACTIVATION_GRADIENT,
                                                              .layer = trace->layer,
                                                              .input = gradient,
                                                              .output = gradient,
                                                              .forward = trace->output,
                                                              .before = trace->output,
                                                              .activation = SIMD_LINEAR});
                if (status != PN_OK) {
                    return status;
                }
            }
            plan->weight_gradient[trace->weight] = gradient;
            if (!is_trained_below(builder, i)) {
                return PN_OK;
            }
            size_t skipped;
            status = add_dense_gradient(builder, i, &gradient, &skipped);
            flushed = skipped > 0;
            i -= skipped;
        }
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

static size_t count_dense(const struct pn_model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->layer_count; i++) {
        count += model->layers[i].kind == PN_DENSE;
    }
    return count;
}

static pn_status build_steps(struct builder *builder)
{
    for (size_t i = 0; i < builder->model->layer_count; i++) {
        const pn_status status = add_layer(builder, i);
        if (status != PN_OK) {
            return status;
        }
    }
    const pn_status status = add_end(builder);
    if (status != PN_OK || builder->plan->mode != PLAN_TRAIN) {
        return status;
    }
    return add_gradients(builder);
}

/* Floats of panels and biases; every piece starts on a cache line. */
static void lay_out_weights(struct plan *plan)
{
    const size_t line = SIMD_ALIGNMENT / sizeof(float);
    for (size_t i = 0; i < plan->weight_count; i++) {
        struct plan_weight *weight = &plan->weights[i];
        const size_t padded = weight->panels * weight->nr;
        weight->offset = plan->weights_size;
        plan->weights_size += (weight->k * padded + line - 1) / line * line;
        weight->bias_offset = plan->weights_size;
        plan->weights_size += (padded + line - 1) / line * line;
        if (weight->backward) {
            weight->transposed_offset = plan->transposed_size;
            const size_t size = simd_panels_size(plan->kernels, weight->n, weight->k);
            plan->transposed_size += (size + line - 1) / line * line;
        }
    }
}

/* Rows whose buffers stay in a core's share of the cache between the steps, in whole tiles, but so
 * many that weights, which pass once for each block, cost little beside the products: as many as
 * fill a product's block of 128 rows with whole tiles of any table. */
static size_t choose_row_block(const struct plan *plan)
{
    enum { BLOCK_BYTES = 512 * 1024, LEAST_ROWS = 126 };
    const size_t mr = plan->kernels->mr;
    const size_t row_bytes = plan->program.row_floats * sizeof(float);
    size_t rows = BLOCK_BYTES / (row_bytes > 0 ? row_bytes : 1);
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows;
    return (rows + mr - 1) / mr * mr;
}

/* The update of the first weight reads the samples' bytes once more: they are a quarter of their
 * floats, which would have to come from the caches of the threads that wrote them. Only a dense
 * layer that takes what was gathered can. */
static void choose_gather(struct plan *plan)
{
    const struct program *program = &plan->program;
    if (plan->mode != PLAN_TRAIN || plan->dtype != PN_U8 || program->steps[1].op != PLAN_DENSE) {
        return;
    }
    plan->gather_again = true;
    program->buffers[program->steps[0].output].passing = true;
}

/*
 * By columns, no part of W, renewed at every step, has to visit another cache, but each thread
 * fetches the rows of all others: batch * (threads - 1) rows in all against n columns that stay.
 * Below LEAST_WEIGHTS floats the barriers cost more. More than one panel too many for each eight
 * would leave threads idle. And the batch must be one block: passing buffers then hold all rows.
 */
static bool goes_by_columns(const struct plan *plan, const struct plan_weight *weight)
{
    enum { LEAST_WEIGHTS = 32 * 1024 };
    const size_t threads = plan->threads;
    const size_t most_panels = (weight->panels + threads - 1) / threads;
    return threads > 1 && plan->batch <= plan->row_block &&
           plan->batch * (threads - 1) <= weight->n && weight->k * weight->n >= LEAST_WEIGHTS &&
           8 * most_panels * threads <= 9 * weight->panels;
}

static void choose_columns(struct plan *plan)
{
    for (size_t i = 0; plan->mode == PLAN_TRAIN && i < plan->program.step_count; i++) {
        struct plan_step *step = &plan->program.steps[i];
        struct plan_weight *weight = &plan->weights[step->weight];
        if (step->op == PLAN_DENSE && goes_by_columns(plan, weight)) {
            step->by_columns = weight->by_columns = true;
        }
    }
}

pn_status plan_build(const struct pn_model *model, enum plan_mode mode, pn_dtype dtype,
                     size_t batch, size_t threads, const struct simd_kernels *kernels,
                     struct plan *plan)
{
    *plan = (struct plan){.kernels = kernels,
                          .batch = batch,
                          .threads = threads,
                          .dtype = dtype,
                          .mode = mode,
                          .slots = mode == PLAN_TRAIN ? optimizer_slots(&model->optimizer) : 0};
    if (model->layer_count < 2) {
        return error_set(PN_ERROR_USAGE, "model %s has no layers yet; add some with pn_model_add",
                         model->name);
    }
    const size_t dense = count_dense(model);
    struct builder builder = {.model = model, .plan = plan, .current = -1};
    plan->weights = calloc(dense + 1, sizeof *plan->weights);
    plan->weight_input = calloc(dense + 1, sizeof *plan->weight_input);
    plan->weight_gradient = calloc(dense + 1, sizeof *plan->weight_gradient);
    /* A dense layer leaves two traces at most, any other one. */
    builder.traces = calloc(2 * model->layer_count, sizeof *builder.traces);
    pn_status status = PN_OK;
    if (plan->weights == NULL || plan->weight_input == NULL || plan->weight_gradient == NULL ||
        builder.traces == NULL) {
        status = error_memory(model->layer_count * sizeof *builder.traces, "the plan");
    }
    if (status == PN_OK) {
        status = build_steps(&builder);
    }
    free(builder.traces);
    if (status == PN_OK) {
        lay_out_weights(plan);
        plan->row_block = choose_row_block(plan);
        choose_gather(plan);
        choose_columns(plan);
        status = plan_assign_tiles(plan);
    }
    if (status != PN_OK) {
        plan_free(plan);
    }
    return status;
}

void plan_free(struct plan *plan)
{
    free(plan->program.buffers);
    free(plan->program.steps);
    free(plan->weights);
    free(plan->weight_input);
    free(plan->weight_gradient);
    free(plan->tiles);
    free(plan->tile_start);
    *plan = (struct plan){0};
}

size_t plan_useful_threads(const struct pn_model *model, size_t batch)
{
    /* About what a core does in the time that two barriers and a cold start of its caches take. */
    enum { PLAN_GRAIN = 500 * 1000 };
    size_t multiply_adds = 0;
    for (size_t i = 0; i < model->layer_count; i++) {
        multiply_adds += 3 * batch * model->layers[i].kernel.count;
    }
    const size_t threads = multiply_adds / PLAN_GRAIN;
    return threads > 0 ? threads : 1;
}
