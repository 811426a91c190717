#include "engine/train/execute.h"

#include <stdint.h>
#include <stdlib.h>

#include "engine/base/error.h"
#include "engine/base/random.h"

pn_status workspace_map(struct workspace *workspace, const struct plan *plan, size_t rows)
{
    *workspace = (struct workspace){.rows = rows};
    const struct program *program = &plan->program;
    workspace->buffers = calloc(program->buffer_count, sizeof *workspace->buffers);
    if (workspace->buffers == NULL) {
        return error_memory(program->buffer_count * sizeof *workspace->buffers, "the buffers");
    }
    struct arena *arena = &workspace->arena;
    bool fits = true;
    for (size_t i = 0; i < program->buffer_count; i++) {
        size_t floats;
        fits = fits && size_multiply(rows, program->buffers[i].stride, &floats) &&
               arena_reserve(arena, floats, sizeof(float));
    }
    fits = fits && arena_reserve(arena, rows, sizeof *workspace->samples) &&
           arena_reserve(arena, rows, sizeof *workspace->labels) &&
           arena_reserve(arena, rows, sizeof *workspace->losses) &&
           arena_reserve(arena, rows, sizeof *workspace->hits);
    const pn_status status =
        fits ? arena_map(arena, "the buffers") : error_memory(SIZE_MAX, "the buffers");
    if (status != PN_OK) {
        workspace_free(workspace);
        return status;
    }
    for (size_t i = 0; i < program->buffer_count; i++) {
        workspace->buffers[i] = arena_take(arena, rows * program->buffers[i].stride, sizeof(float));
    }
    workspace->samples = arena_take(arena, rows, sizeof *workspace->samples);
    workspace->labels = arena_take(arena, rows, sizeof *workspace->labels);
    workspace->losses = arena_take(arena, rows, sizeof *workspace->losses);
    workspace->hits = arena_take(arena, rows, sizeof *workspace->hits);
    return PN_OK;
}

void workspace_free(struct workspace *workspace)
{
    free(workspace->buffers);
    arena_free(&workspace->arena);
    *workspace = (struct workspace){0};
}

void workspace_fill(struct workspace *workspace, const pn_dataset *dataset, const uint32_t *indices,
                    size_t base, size_t first, size_t count)
{
    const size_t element = dataset->dtype == PN_U8 ? sizeof(uint8_t) : sizeof(float);
    for (size_t r = first; r < first + count; r++) {
        const size_t sample = indices != NULL ? indices[r] : base + r;
        workspace->samples[r] =
            (const char *)dataset->samples + sample * dataset->sample_size * element;
        workspace->labels[r] = dataset->labels != NULL ? dataset->labels[sample] : 0;
    }
}

/* A block of the rows from `start` on. */
struct rows {
    const struct row_job *job;
    struct workspace *workspace;
    size_t start;
    size_t first, count;
};

static float *row_data(const struct rows *rows, int buffer)
{
    const struct plan_buffer *place = &rows->job->plan->program.buffers[buffer];
    return rows->workspace->buffers[buffer] +
           (place->passing ? rows->start : rows->first) * place->stride;
}

static size_t stride_of(const struct rows *rows, int buffer)
{
    return rows->job->plan->program.buffers[buffer].stride;
}

static size_t columns_of(const struct rows *rows, int buffer)
{
    return rows->job->plan->program.buffers[buffer].columns;
}

static void gather(const struct rows *rows, const struct plan_step *step)
{
    const struct plan *plan = rows->job->plan;
    const void **samples = rows->workspace->samples + rows->first;
    const size_t n = columns_of(rows, step->output);
    float *out = row_data(rows, step->output);
    const size_t stride = stride_of(rows, step->output);
    if (plan->dtype == PN_U8) {
        plan->kernels->gather_u8(rows->count, n, (const uint8_t *const *)samples, step->scale,
                                 step->offset, out, stride);
    } else {
        plan->kernels->gather_f32(rows->count, n, (const float *const *)samples, step->scale,
                                  step->offset, out, stride);
    }
}

static float *scratch_of(const struct weights *weights, size_t thread)
{
    return weights->scratch + thread * SIMD_SCRATCH;
}

/* Columns [first_column, first_column + columns), whole panels or up to the last. */
static void dense(const struct rows *rows, const struct plan_step *step, size_t first_column,
                  size_t columns)
{
    const struct plan *plan = rows->job->plan;
    const struct plan_weight *weight = &plan->weights[step->weight];
    const float *values = rows->job->weights->values;
    plan->kernels->gemm_nn(
        &(struct simd_gemm){.m = rows->count,
                            .n = columns,
                            .k = weight->k,
                            .a = row_data(rows, step->input),
                            .a_stride = stride_of(rows, step->input),
                            .b = values + weight->offset + first_column * weight->k,
                            .b_stride = weight->nr,
                            .b_panel_stride = weight->k * weight->nr,
                            .bias = values + weight->bias_offset + first_column,
                            .c = row_data(rows, step->output) + first_column,
                            .c_stride = stride_of(rows, step->output),
                            .epilogue = step->epilogue,
                            .scratch = scratch_of(rows->job->weights, rows->job->thread)});
}

static void dense_gradient(const struct rows *rows, const struct plan_step *step)
{
    const struct plan *plan = rows->job->plan;
    const struct plan_weight *weight = &plan->weights[step->weight];
    const size_t nr = simd_panel_width(plan->kernels, weight->k);
    plan->kernels->gemm_nn(
        &(struct simd_gemm){.m = rows->count,
                            .n = weight->k,
                            .k = weight->n,
                            .a = row_data(rows, step->input),
                            .a_stride = stride_of(rows, step->input),
                            .b = rows->job->weights->transposed + weight->transposed_offset,
                            .b_stride = nr,
                            .b_panel_stride = weight->n * nr,
                            .c = row_data(rows, step->output),
                            .c_stride = stride_of(rows, step->output),
                            .epilogue = step->epilogue,
                            .y = row_data(rows, step->forward),
                            .y_stride = stride_of(rows, step->forward),
                            .scale = step->scale,
                            .scratch = scratch_of(rows->job->weights, rows->job->thread)});
}

static void activation(const struct rows *rows, const struct plan_step *step)
{
    const size_t n = columns_of(rows, step->output);
    const float *x = row_data(rows, step->input);
    float *y = row_data(rows, step->output);
    for (size_t r = 0; r < rows->count; r++) {
        rows->job->plan->kernels->activation(step->activation, step->alpha, n,
                                             x + r * stride_of(rows, step->input),
                                             y + r * stride_of(rows, step->output));
    }
}

static void activation_gradient(const struct rows *rows, const struct plan_step *step)
{
    const size_t n = columns_of(rows, step->output);
    const float *dy = row_data(rows, step->input);
    const float *y = row_data(rows, step->forward);
    const float *x = row_data(rows, step->before);
    float *dx = row_data(rows, step->output);
    for (size_t r = 0; r < rows->count; r++) {
        rows->job->plan->kernels->activation_gradient(
            step->activation, step->alpha, n, x + r * stride_of(rows, step->before),
            y + r * stride_of(rows, step->forward), dy + r * stride_of(rows, step->input),
            dx + r * stride_of(rows, step->output));
    }
}

static void dropout(const struct rows *rows, const struct plan_step *step)
{
    const struct row_job *job = rows->job;
    /* The stream's layer does not count the input, which model->layers does. */
    const struct simd_random random =
        random_stream(job->model->seed, RANDOM_DROPOUT, (uint32_t)step->layer - 1, job->step);
    job->plan->kernels->dropout(&random, (uint32_t)rows->first, rows->count,
                                columns_of(rows, step->output), step->threshold, step->scale,
                                row_data(rows, step->input), stride_of(rows, step->input),
                                row_data(rows, step->output), stride_of(rows, step->output));
}

static void rescale(const struct rows *rows, const struct plan_step *step)
{
    const size_t n = columns_of(rows, step->output);
    const float *x = row_data(rows, step->input);
    float *y = row_data(rows, step->output);
    for (size_t r = 0; r < rows->count; r++) {
        const float *row = x + r * stride_of(rows, step->input);
        rows->job->plan->kernels->gather_f32(1, n, &row, step->scale, step->offset,
                                             y + r * stride_of(rows, step->output),
                                             stride_of(rows, step->output));
    }
}

static void loss(const struct rows *rows, const struct plan_step *step)
{
    struct workspace *workspace = rows->workspace;
    rows->job->plan->kernels->softmax_crossentropy(&(struct simd_softmax_crossentropy){
        .rows = rows->count,
        .n = columns_of(rows, step->input),
        .z = row_data(rows, step->input),
        .z_stride = stride_of(rows, step->input),
        .labels = workspace->labels + rows->first,
        .gradient_scale = rows->job->gradient_scale,
        .dz = step->output < 0 ? NULL : row_data(rows, step->output),
        .dz_stride = step->output < 0 ? 0 : stride_of(rows, step->output),
        .loss = workspace->losses + rows->first,
        .correct = workspace->hits + rows->first});
}

static void softmax(const struct rows *rows, const struct plan_step *step)
{
    rows->job->plan->kernels->softmax(rows->count, columns_of(rows, step->input),
                                      row_data(rows, step->input), stride_of(rows, step->input),
                                      row_data(rows, step->output), stride_of(rows, step->output));
}

static void execute_step(const struct rows *rows, const struct plan_step *step)
{
    switch (step->op) {
    case PLAN_GATHER:
        gather(rows, step);
        break;
    case PLAN_DENSE:
        dense(rows, step, 0, rows->job->plan->weights[step->weight].n);
        break;
    case PLAN_ACTIVATION:
        activation(rows, step);
        break;
    case PLAN_DROPOUT:
    case PLAN_DROPOUT_GRADIENT:
        dropout(rows, step);
        break;
    case PLAN_RESCALE:
        rescale(rows, step);
        break;
    case PLAN_SOFTMAX:
        softmax(rows, step);
        break;
    case PLAN_LOSS:
        loss(rows, step);
        break;
    case PLAN_DENSE_GRADIENT:
        dense_gradient(rows, step);
        break;
    case PLAN_ACTIVATION_GRADIENT:
        activation_gradient(rows, step);
        break;
    case PLAN_OP_COUNT:
        break;
    }
}

size_t execute_rows(const struct row_job *job, struct workspace *workspace, size_t step,
                    size_t first, size_t count)
{
    const struct program *program = &job->plan->program;
    const size_t block = job->plan->row_block;
    size_t end = step;
    while (end < program->step_count && !program->steps[end].by_columns) {
        end++;
    }
    for (size_t done = 0; done < count; done += block) {
        const struct rows rows = {.job = job,
                                  .workspace = workspace,
                                  .start = first,
                                  .first = first + done,
                                  .count = count - done < block ? count - done : block};
        for (size_t i = step; i < end; i++) {
            execute_step(&rows, &program->steps[i]);
            profile_mark(job->clock, i);
        }
    }
    return end;
}

void execute_columns(const struct row_job *job, struct workspace *workspace, size_t step,
                     size_t rows)
{
    const struct plan *plan = job->plan;
    const struct plan_weight *weight = &plan->weights[plan->program.steps[step].weight];
    const size_t first = plan_first_panel(weight, plan->threads, job->thread);
    const size_t end = plan_first_panel(weight, plan->threads, job->thread + 1);
    const struct rows all = {.job = job, .workspace = workspace, .count = rows};
    if (first < end) {
        /* Of the last panel the zeros that fill it too: its width follows from the columns. */
        dense(&all, &plan->program.steps[step], first * weight->nr, (end - first) * weight->nr);
    }
    profile_mark(job->clock, step);
}

/* The part of a slot arena that a kernel may write; NULL where the optimizer has no such slot. */
static float *slot_at(const struct weights *weights, size_t slot, size_t offset)
{
    return weights->slot[slot] != NULL ? weights->slot[slot] + offset : NULL;
}

void execute_tiles(const struct plan *plan, struct weights *weights,
                   const struct workspace *workspace, size_t batch_rows, size_t thread,
                   const struct simd_optimizer_step *step, const struct pn_model *model,
                   struct profile_clock *clock)
{
    const struct simd_kernels *kernels = plan->kernels;
    for (size_t i = plan->tile_start[thread]; i < plan->tile_start[thread + 1]; i++) {
        const struct plan_tiles *tiles = &plan->tiles[i];
        const struct plan_weight *weight = &plan->weights[tiles->weight];
        const int x = plan->weight_input[tiles->weight];
        const int dy = plan->weight_gradient[tiles->weight];
        const bool again = plan->gather_again && tiles->weight == 0;
        const size_t x_stride = plan->program.buffers[x].stride;
        const size_t dy_stride = plan->program.buffers[dy].stride;
        const size_t first_column = tiles->first_panel * weight->nr;
        const size_t padded = tiles->panels * weight->nr;
        const size_t columns =
            first_column + padded < weight->n ? padded : weight->n - first_column;
        const float *gradient = workspace->buffers[dy] + first_column;
        const size_t panel = weight->offset + tiles->first_panel * weight->k * weight->nr;
        kernels->weight_update(
            &(struct simd_weight_update){.batch = batch_rows,
                                         .k = weight->k,
                                         .nr = weight->nr,
                                         .columns = columns,
                                         .first_row = tiles->first_row,
                                         .rows = tiles->rows,
                                         .x = again ? NULL : workspace->buffers[x],
                                         .x_stride = x_stride,
                                         .x_rows = (const uint8_t *const *)workspace->samples,
                                         .x_scale = plan->program.steps[0].scale,
                                         .x_offset = plan->program.steps[0].offset,
                                         .dy = gradient,
                                         .dy_stride = dy_stride,
                                         .w = weights->values + panel,
                                         .slot1 = slot_at(weights, 0, panel),
                                         .slot2 = slot_at(weights, 1, panel),
                                         .scratch = scratch_of(weights, thread),
                                         .step = *step});
        profile_mark(clock, profile_tiles_part(plan, tiles->weight, PROFILE_UPDATE));
        if (tiles->first_row == 0 && model->layers[weight->layer].use_bias) {
            const size_t bias = weight->bias_offset + first_column;
            kernels->bias_update(batch_rows, padded, gradient, dy_stride, weights->values + bias,
                                 slot_at(weights, 0, bias), slot_at(weights, 1, bias), step);
            profile_mark(clock, profile_tiles_part(plan, tiles->weight, PROFILE_BIAS));
        }
        for (size_t p = 0; p < tiles->panels && weight->backward; p++) {
            kernels->transpose_panel(weight->k, weight->n, tiles->first_panel + p, tiles->first_row,
                                     tiles->rows, weights->values + weight->offset,
                                     weights->transposed + weight->transposed_offset);
        }
        profile_mark(clock, profile_tiles_part(plan, tiles->weight, PROFILE_TRANSPOSE));
    }
}
