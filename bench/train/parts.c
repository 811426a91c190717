#include "bench/train/parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/error.h"
#include "engine/train/clock.h"
#include "engine/train/profile.h"

struct builder {
    const struct plan *plan;
    const struct pn_model *model;
    size_t rows;
    enum simd_optimizer optimizer;
    struct parts *parts;
};

/* Adds a part to which the profile's part `profiled` belongs. */
static struct part *add_part(struct builder *builder, size_t profiled, const char *what,
                             const char *layer)
{
    struct parts *parts = builder->parts;
    struct part *part = &parts->list[parts->count];
    snprintf(part->name, sizeof part->name, "%s%s%s", what, layer[0] == '\0' ? "" : " ", layer);
    parts->of[profiled] = parts->count++;
    return part;
}

static struct work work_of(const struct builder *builder, struct problem spec)
{
    return spec.family->work(builder->plan->kernels, &spec);
}

static struct work dense_work(const struct builder *builder, const struct plan_step *step,
                              bool gradient)
{
    const struct plan_weight *weight = &builder->plan->weights[step->weight];
    return work_of(builder, (struct problem){.family = &family_gemm_nn,
                                             .option = (int)step->epilogue,
                                             .m = builder->rows,
                                             .n = gradient ? weight->k : weight->n,
                                             .k = gradient ? weight->n : weight->k});
}

static struct work elementwise_work(const struct builder *builder, const struct plan_step *step,
                                    const struct family *family)
{
    const size_t columns = builder->plan->program.buffers[step->output].columns;
    struct work work = work_of(builder, (struct problem){.family = family,
                                                         .option = (int)step->activation,
                                                         .n = builder->rows * columns});
    work.in_place = step->input == step->output ? work.written : 0;
    return work;
}

/* The multiplication by the scale; which elements it keeps is overhead. */
static struct work dropout_work(const struct builder *builder, const struct plan_step *step)
{
    const size_t columns = builder->plan->program.buffers[step->output].columns;
    const double n = (double)(builder->rows * columns), bytes = (double)sizeof(float) * n;
    return (struct work){.flops = 2 * n,
                         .read = bytes,
                         .written = bytes,
                         .in_place = step->input == step->output ? bytes : 0};
}

static struct work rescale_work(const struct builder *builder, const struct plan_step *step)
{
    const size_t columns = builder->plan->program.buffers[step->output].columns;
    return work_of(
        builder, (struct problem){.family = &family_gather_f32, .m = builder->rows, .n = columns});
}

static struct work loss_work(const struct builder *builder, const struct plan_step *step)
{
    const size_t columns = builder->plan->program.buffers[step->input].columns;
    struct work work = work_of(
        builder,
        (struct problem){.family = &family_softmax_crossentropy, .m = builder->rows, .n = columns});
    work.in_place =
        step->input == step->output ? (double)sizeof(float) * (double)(builder->rows * columns) : 0;
    return work;
}

/* `behind`: on the way back. */
static void add_step(struct builder *builder, size_t index, bool behind)
{
    const struct plan_step *step = &builder->plan->program.steps[index];
    const char *layer = builder->model->layers[step->layer].name;
    struct part *part;
    switch (step->op) {
    case PLAN_GATHER:
        add_part(builder, index, "gather", "");
        break;
    case PLAN_DENSE:
        part = add_part(builder, index, "forward", layer);
        part->works[0] = dense_work(builder, step, false);
        break;
    case PLAN_ACTIVATION:
        part = add_part(builder, index, "activation", layer);
        part->works[0] = elementwise_work(builder, step, &family_activation);
        break;
    case PLAN_ACTIVATION_GRADIENT:
        part = add_part(builder, index, "activation gradient", layer);
        part->works[0] = elementwise_work(builder, step, &family_activation_gradient);
        break;
    case PLAN_DROPOUT:
        part = add_part(builder, index, "dropout", layer);
        part->works[0] = dropout_work(builder, step);
        break;
    case PLAN_DROPOUT_GRADIENT:
        part = add_part(builder, index, "dropout gradient", layer);
        part->works[0] = dropout_work(builder, step);
        break;
    case PLAN_RESCALE:
        part = add_part(builder, index, behind ? "rescaling gradient" : "rescaling", layer);
        part->works[0] = rescale_work(builder, step);
        break;
    case PLAN_LOSS:
        part = add_part(builder, index, "loss", "");
        part->works[0] = loss_work(builder, step);
        break;
    case PLAN_DENSE_GRADIENT:
        part = add_part(builder, index, "gradient", layer);
        part->works[0] = dense_work(builder, step, true);
        break;
    case PLAN_SOFTMAX: /* not in training */
    case PLAN_OP_COUNT:
        break;
    }
}

static void add_weight(struct builder *builder, size_t index)
{
    const struct plan *plan = builder->plan;
    const struct plan_weight *weight = &plan->weights[index];
    const struct layer *layer = &builder->model->layers[weight->layer];
    const size_t update = profile_tiles_part(plan, index, PROFILE_UPDATE);
    const size_t bias = profile_tiles_part(plan, index, PROFILE_BIAS);
    const size_t transpose = profile_tiles_part(plan, index, PROFILE_TRANSPOSE);

    struct part *part = add_part(builder, update, "update", layer->name);
    const double rows = (double)builder->rows, k = (double)weight->k, n = (double)weight->n;
    part->works[0] =
        (struct work){.flops = 2 * rows * k * n, .read = (double)sizeof(float) * rows * (k + n)};
    work_add_step(&part->works[1], (int)builder->optimizer, k * n);

    builder->parts->of[bias] = builder->parts->of[transpose] = builder->parts->of[update];
    if (layer->use_bias) {
        part = add_part(builder, bias, "bias", layer->name);
        part->works[0] = work_of(builder, (struct problem){.family = &family_bias_update,
                                                           .option = (int)builder->optimizer,
                                                           .m = builder->rows,
                                                           .n = weight->n});
    }
    if (weight->backward) {
        add_part(builder, transpose, "transpose", layer->name);
    }
}

pn_status parts_create(const struct plan *plan, const struct pn_model *model, size_t rows,
                       struct parts *parts)
{
    const size_t most = profile_rest_part(plan, PROFILE_REST_COUNT);
    *parts = (struct parts){.of_count = most};
    parts->list = calloc(most, sizeof *parts->list);
    parts->of = calloc(most, sizeof *parts->of);
    if (parts->list == NULL || parts->of == NULL) {
        parts_free(parts);
        return error_memory(most * sizeof *parts->list, "the parts of a step");
    }
    struct optimizer_clock clock;
    optimizer_clock_load(&clock, model);
    struct builder builder = {.plan = plan,
                              .model = model,
                              .rows = rows,
                              .optimizer = optimizer_clock_tick(&clock, &model->optimizer).kind,
                              .parts = parts};
    bool behind = false;
    add_part(&builder, profile_rest_part(plan, PROFILE_FILL), "samples", "");
    for (size_t i = 0; i < plan->program.step_count; i++) {
        add_step(&builder, i, behind);
        behind = behind || plan->program.steps[i].op == PLAN_LOSS;
    }
    for (size_t i = 0; i < plan->weight_count; i++) {
        add_weight(&builder, i);
    }
    add_part(&builder, profile_rest_part(plan, PROFILE_SUM), "sums", "");
    add_part(&builder, profile_rest_part(plan, PROFILE_WAIT), "wait", "");
    return PN_OK;
}

void parts_free(struct parts *parts)
{
    free(parts->list);
    free(parts->of);
    *parts = (struct parts){0};
}
