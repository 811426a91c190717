/* pn_model_evaluate and pn_model_predict. */
#include "engine/base/error.h"
#include "engine/base/kernels.h"
#include "engine/team/team.h"
#include "engine/train/fit.h"
#include "engine/train/inference.h"

struct run {
    struct inference *inference;
    const struct weights *weights;
};

static void run_thread(void *context, size_t thread)
{
    const struct run *run = context;
    inference_run(run->inference, run->weights, thread);
}

/* Inside a callback of a fit: on the fit's own team and weights. */
static pn_status run_in_fit(const pn_model *model, struct inference *inference)
{
    struct run run = {inference, fit_weights(model->running)};
    fit_run_job(model->running, run_thread, &run);
    return PN_OK;
}

static pn_status run_alone(const pn_model *model, struct inference *inference, struct team *team)
{
    struct weights weights;
    pn_status status = weights_map(&weights, &inference->plan);
    if (status != PN_OK) {
        return status;
    }
    weights_import(&weights, &inference->plan, model);
    struct run run = {inference, &weights};
    status = team_run(team, run_thread, &run);
    weights_free(&weights);
    return status;
}

static pn_status infer_alone(const pn_model *model, const pn_dataset *dataset,
                             const pn_run_options *options, enum plan_mode mode, float *outputs,
                             struct inference *inference)
{
    const struct simd_kernels *kernels;
    pn_status status = kernels_select(options->isa, &kernels);
    struct team *team = NULL;
    if (status == PN_OK) {
        status = team_create(options, &team);
    }
    if (status != PN_OK) {
        return status;
    }
    if (options->threads == 0) {
        status = team_shrink(team, plan_useful_threads(model, dataset->count));
    }
    if (status == PN_OK) {
        status =
            inference_create(inference, model, dataset, kernels, team_size(team), mode, outputs);
    }
    if (status == PN_OK) {
        status = run_alone(model, inference, team);
        if (status != PN_OK) {
            inference_free(inference);
        }
    }
    team_free(team);
    return status;
}

static pn_status infer(const pn_model *model, const pn_dataset *dataset,
                       const pn_run_options *options, enum plan_mode mode, float *outputs,
                       struct inference *inference)
{
    const pn_run_options defaults = pn_run_options_default();
    options = options != NULL ? options : &defaults;
    pn_status status = check_struct_size(options->struct_size, sizeof *options, "pn_run_options");
    if (status != PN_OK) {
        return status;
    }
    if (model->running == NULL) {
        return infer_alone(model, dataset, options, mode, outputs, inference);
    }
    status = inference_create(inference, model, dataset, fit_kernels(model->running),
                              fit_threads(model->running), mode, outputs);
    return status == PN_OK ? run_in_fit(model, inference) : status;
}

pn_status pn_model_evaluate(const pn_model *model, const pn_dataset *dataset,
                            const pn_run_options *options, double *loss, double *accuracy)
{
    struct inference inference;
    const pn_status status = infer(model, dataset, options, PLAN_EVALUATE, NULL, &inference);
    if (status != PN_OK) {
        return status;
    }
    double mean_loss, share;
    inference_result(&inference, &mean_loss, &share);
    inference_free(&inference);
    if (loss != NULL) {
        *loss = mean_loss;
    }
    if (accuracy != NULL) {
        *accuracy = share;
    }
    return PN_OK;
}

pn_status pn_model_predict(const pn_model *model, const pn_dataset *dataset,
                           const pn_run_options *options, float *outputs)
{
    if (outputs == NULL) {
        return error_set(PN_ERROR_USAGE, "there is no place for the predictions; give outputs for "
                                         "pn_dataset_count() * pn_model_outputs() floats");
    }
    struct inference inference;
    const pn_status status = infer(model, dataset, options, PLAN_PREDICT, outputs, &inference);
    if (status == PN_OK) {
        inference_free(&inference);
    }
    return status;
}
