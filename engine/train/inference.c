#include "engine/train/inference.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/train/check.h"

pn_status inference_create(struct inference *inference, const pn_model *model,
                           const pn_dataset *dataset, const struct simd_kernels *kernels,
                           size_t threads, enum plan_mode mode, float *outputs)
{
    const bool evaluates = mode == PLAN_EVALUATE;
    *inference = (struct inference){.model = model, .dataset = dataset, .outputs = outputs};
    pn_status status = model_check_input(model, dataset);
    if (status == PN_OK && evaluates) {
        status = check_labels(model, dataset);
    }
    if (status == PN_OK) {
        status = plan_build(model, mode, dataset->dtype, dataset->count, threads, kernels,
                            &inference->plan);
    }
    if (status != PN_OK) {
        return status;
    }
    inference->workspaces = calloc(threads, sizeof *inference->workspaces);
    if (evaluates) {
        inference->losses = calloc(dataset->count, sizeof *inference->losses);
        inference->hits = calloc(dataset->count, sizeof *inference->hits);
    }
    if (inference->workspaces == NULL ||
        (evaluates && (inference->losses == NULL || inference->hits == NULL))) {
        inference_free(inference);
        return error_memory(dataset->count * sizeof *inference->losses, "the evaluation");
    }
    for (size_t t = 0; t < threads && status == PN_OK; t++) {
        status =
            workspace_map(&inference->workspaces[t], &inference->plan, inference->plan.row_block);
    }
    if (status != PN_OK) {
        inference_free(inference);
    }
    return status;
}

void inference_free(struct inference *inference)
{
    for (size_t t = 0; inference->workspaces != NULL && t < inference->plan.threads; t++) {
        workspace_free(&inference->workspaces[t]);
    }
    free(inference->workspaces);
    free(inference->losses);
    free(inference->hits);
    plan_free(&inference->plan);
    *inference = (struct inference){0};
}

static void keep_results(struct inference *inference, const struct workspace *workspace,
                         size_t first, size_t rows)
{
    if (inference->plan.mode == PLAN_EVALUATE) {
        memcpy(inference->losses + first, workspace->losses, rows * sizeof *inference->losses);
        memcpy(inference->hits + first, workspace->hits, rows * sizeof *inference->hits);
        return;
    }
    const struct program *program = &inference->plan.program;
    const size_t columns = program->buffers[program->output].columns;
    const size_t stride = program->buffers[program->output].stride;
    for (size_t r = 0; r < rows; r++) {
        memcpy(inference->outputs + (first + r) * columns,
               workspace->buffers[program->output] + r * stride, columns * sizeof(float));
    }
}

void inference_run(struct inference *inference, const struct weights *weights, size_t thread)
{
    const struct plan *plan = &inference->plan;
    struct workspace *workspace = &inference->workspaces[thread];
    const struct row_job job = {
        .plan = plan, .model = inference->model, .weights = weights, .thread = thread};
    const size_t count = inference->dataset->count;
    const size_t end = plan_first_row(count, plan->threads, thread + 1);
    for (size_t first = plan_first_row(count, plan->threads, thread); first < end;
         first += plan->row_block) {
        const size_t rows = end - first < plan->row_block ? end - first : plan->row_block;
        workspace_fill(workspace, inference->dataset, NULL, first, 0, rows);
        execute_rows(&job, workspace, 0, 0, rows);
        keep_results(inference, workspace, first, rows);
    }
}

void inference_result(const struct inference *inference, double *loss, double *accuracy)
{
    const size_t count = inference->dataset->count;
    double sum = 0.0;
    size_t hits = 0;
    for (size_t i = 0; i < count; i++) {
        sum += inference->losses[i];
        hits += inference->hits[i];
    }
    *loss = sum / (double)count;
    *accuracy = (double)hits / (double)count;
}
