/*
 * pn_model_fit: the loop over epochs and batches, run by every thread of one team.
 *
 * Threads meet at two kinds of places. In a batch: the two barriers of the plan's phases; thread 0
 * does the batch's bookkeeping between them. Elsewhere: control points, where thread 0 works
 * (shuffle, callbacks, results) while the others wait, ready to help with a job such as an
 * evaluation.
 */
#include "engine/train/fit.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/error.h"
#include "engine/base/kernels.h"
#include "engine/data/dataset.h"
#include "engine/team/team.h"
#include "engine/train/best.h"
#include "engine/train/check.h"
#include "engine/train/clock.h"
#include "engine/train/history.h"
#include "engine/train/inference.h"

/* What thread 0 tells the others at a control point. Two of them alternate: a slow thread may still
 * read one while thread 0 writes the next. */
struct control {
    void (*job)(void *context, size_t thread);
    void *context;
    bool stop; /* leave the loop over epochs */
};

struct fit {
    pn_model *model;
    const pn_fit_options *options;
    const pn_dataset *dataset;
    pn_dataset *owned_validation; /* the split's, to be freed */
    pn_dataset *owned_training;
    const pn_dataset *training, *validation;

    struct plan plan;
    struct weights weights;
    struct workspace batch;
    struct inference inference; /* of the validation set */
    uint32_t *order;
    struct team *team;
    struct profile *profile; /* NULL unless a callback asked where the time goes */

    struct control controls[2];
    size_t generation;   /* thread 0's */
    size_t first_sample; /* of this epoch: not 0 where an interrupted one goes on */
    bool end_epoch;      /* written between the barriers of a batch, read after the second */

    /* Thread 0 alone. */
    pn_history *history;
    pn_status status;
    pn_epoch epoch;
    struct epoch_progress progress; /* of this epoch */
    size_t seen;
    bool begun, stop, interrupted, said_nan;
    bool ahead; /* the weights are newer than the model's tensors */
    unsigned interrupts_at_start;
    struct timespec epoch_start;
};

static atomic_uint interrupts;

void pn_interrupt(void)
{
    atomic_fetch_add(&interrupts, 1);
}

static bool interrupt_asked(const struct fit *fit)
{
    return atomic_load(&interrupts) != fit->interrupts_at_start;
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

const struct weights *fit_weights(const struct fit *fit)
{
    return &fit->weights;
}

const struct simd_kernels *fit_kernels(const struct fit *fit)
{
    return fit->plan.kernels;
}

size_t fit_threads(const struct fit *fit)
{
    return fit->plan.threads;
}

size_t fit_count_subnormal(const struct fit *fit, size_t *floats)
{
    const struct simd_kernels *kernels = fit->plan.kernels;
    const struct program *program = &fit->plan.program;
    size_t count = kernels->count_subnormal(fit->plan.weights_size, fit->weights.values) +
                   kernels->count_subnormal(fit->plan.transposed_size, fit->weights.transposed);
    *floats = fit->plan.weights_size + fit->plan.transposed_size;
    for (size_t s = 0; s < fit->plan.slots; s++) {
        count += kernels->count_subnormal(fit->plan.weights_size, fit->weights.slot[s]);
        *floats += fit->plan.weights_size;
    }
    for (size_t i = 0; i < program->buffer_count; i++) {
        const size_t n = fit->batch.rows * program->buffers[i].stride;
        count += kernels->count_subnormal(n, fit->batch.buffers[i]);
        *floats += n;
    }
    return count;
}

void fit_set_profile(struct fit *fit, struct profile *profile)
{
    fit->profile = profile;
}

void fit_run_job(struct fit *fit, void (*job)(void *context, size_t thread), void *context)
{
    struct control *control = &fit->controls[fit->generation++ % 2];
    *control = (struct control){.job = job, .context = context};
    team_barrier(fit->team, 0);
    job(context, 0);
    team_barrier(fit->team, 0);
}

/* Thread 0 runs work(fit) while the others wait and do its jobs. Returns false when the fit shall
 * end. *generation is the thread's own count. */
static bool control_point(struct fit *fit, size_t thread, size_t *generation,
                          void (*work)(struct fit *fit))
{
    if (thread == 0) {
        work(fit);
        struct control *control = &fit->controls[fit->generation++ % 2];
        *control = (struct control){.stop = fit->stop};
        team_barrier(fit->team, 0);
        return !fit->stop;
    }
    for (;;) {
        team_barrier(fit->team, thread);
        const struct control control = fit->controls[(*generation)++ % 2];
        if (control.job == NULL) {
            return !control.stop;
        }
        control.job(control.context, thread);
        team_barrier(fit->team, thread);
    }
}

/* --- callbacks ------------------------------------------------------------------------------ */

typedef pn_status (*hook)(void *user, pn_fit_view *view);

enum event { TRAIN_BEGIN, EPOCH_BEGIN, BATCH_END, EPOCH_END, TRAIN_END };

static hook hook_of(const pn_callback *callback, enum event event)
{
    switch (event) {
    case TRAIN_BEGIN:
        return callback->on_train_begin;
    case EPOCH_BEGIN:
        return callback->on_epoch_begin;
    case BATCH_END:
        return callback->on_batch_end;
    case EPOCH_END:
        return callback->on_epoch_end;
    case TRAIN_END:
        return callback->on_train_end;
    }
    return NULL;
}

static bool has_hook(const struct fit *fit, enum event event)
{
    for (size_t i = 0; i < fit->options->callback_count; i++) {
        if (hook_of(&fit->options->callbacks[i], event) != NULL) {
            return true;
        }
    }
    return false;
}

static void sync_model(struct fit *fit)
{
    if (fit->ahead) {
        weights_export(&fit->weights, &fit->plan, fit->model);
        fit->ahead = false;
    }
}

/* Calls one hook of all callbacks, in order; a failure or a wish to stop ends the fit. */
static void call_hooks(struct fit *fit, enum event event)
{
    const size_t rows = fit->plan.batch;
    pn_fit_view view = {.model = fit->model,
                        .epoch = &fit->epoch,
                        .epochs = fit->options->epochs,
                        .batch = fit->progress.batches,
                        .batches = (fit->training->count + rows - 1) / rows,
                        .interrupted = fit->interrupted};
    for (size_t i = 0; i < fit->options->callback_count && fit->status == PN_OK; i++) {
        const pn_callback *callback = &fit->options->callbacks[i];
        const hook function = hook_of(callback, event);
        const size_t said = error_count();
        if (function != NULL) {
            fit->status = function(callback->user, &view);
        }
        if (fit->status != PN_OK && error_count() == said) {
            error_set(fit->status, "callback %zu ended the fit with status %d and gave no reason",
                      i, (int)fit->status);
        }
    }
    if (fit->status != PN_OK || view.stop) {
        fit->stop = true;
    }
}

/* The same while the team is up: an evaluate from a callback then runs on it, and who reads the
 * model's tensors has them brought up to date. */
static void call_hooks_running(struct fit *fit, enum event event)
{
    fit->model->running = fit;
    fit->model->sync = sync_model;
    call_hooks(fit, event);
    fit->model->running = NULL;
}

/* --- thread 0's part ------------------------------------------------------------------------ */

static void begin_training(struct fit *fit)
{
    fit->begun = true;
    call_hooks_running(fit, TRAIN_BEGIN);
}

/* Starts the epoch's sums, where an interrupted fit of the same samples stopped if there was one.
 */
static void resume_epoch(struct fit *fit)
{
    const struct epoch_progress start = {.batch_size = fit->options->batch_size,
                                         .samples = fit->training->count,
                                         .shuffled = fit->options->shuffle};
    fit->progress = fit->model->progress;
    if (fit->progress.batch_size != start.batch_size || fit->progress.samples != start.samples ||
        fit->progress.shuffled != start.shuffled) {
        fit->progress = start;
    }
    fit->first_sample = fit->seen = fit->progress.batches * fit->plan.batch;
}

static void begin_epoch(struct fit *fit)
{
    const size_t n = fit->training->count;
    if (fit->options->shuffle) {
        dataset_shuffle(fit->order, n, fit->model->seed, fit->model->epochs);
    } else {
        for (size_t i = 0; i < n; i++) {
            fit->order[i] = (uint32_t)i;
        }
    }
    fit->epoch = (pn_epoch){.epoch = fit->model->epochs + 1,
                            .loss = NAN,
                            .accuracy = NAN,
                            .val_loss = NAN,
                            .val_accuracy = NAN};
    resume_epoch(fit);
    fit->end_epoch = false;
    call_hooks_running(fit, EPOCH_BEGIN);
    clock_gettime(CLOCK_MONOTONIC, &fit->epoch_start);
}

/* Between the barriers of a batch: its losses are complete, and nobody else reads them. The model
 * learns at once how far the fit is, so that it is whole wherever the fit ends. */
static void count_batch(struct fit *fit, size_t rows, const struct optimizer_clock *clock)
{
    struct epoch_progress *progress = &fit->progress;
    for (size_t r = 0; r < rows; r++) {
        progress->loss_sum += fit->batch.losses[r];
        progress->hits += fit->batch.hits[r];
    }
    fit->seen += rows;
    progress->batches++;
    fit->ahead = true;
    optimizer_clock_store(clock, fit->model);
    const bool last = fit->seen == fit->training->count;
    fit->model->progress = last ? (struct epoch_progress){0} : *progress;
    if (isnan(progress->loss_sum) && !fit->said_nan) {
        fit->said_nan = true;
        log_say(PN_LOG_WARNING,
                "the loss became NaN at epoch %zu, batch %zu; training goes on as Keras does, but "
                "nothing more is learnt: try a lower learning rate or rescaled inputs",
                fit->epoch.epoch, (size_t)progress->batches);
    }
    /* Behind the last batch the epoch is whole: its end looks then. */
    fit->interrupted = fit->stop = fit->end_epoch = !last && interrupt_asked(fit);
}

static void update_running_values(struct fit *fit)
{
    fit->epoch.seconds = seconds_since(&fit->epoch_start);
    const double seen = (double)fit->seen;
    fit->epoch.loss = fit->progress.loss_sum / seen;
    fit->epoch.accuracy = fit->model->accuracy ? (double)fit->progress.hits / seen : NAN;
    fit->epoch.samples_per_second = (double)(fit->seen - fit->first_sample) / fit->epoch.seconds;
}

static void end_batch(struct fit *fit)
{
    update_running_values(fit);
    call_hooks_running(fit, BATCH_END);
}

static void validate_thread(void *context, size_t thread)
{
    struct fit *fit = context;
    inference_run(&fit->inference, &fit->weights, thread);
}

static void end_epoch(struct fit *fit)
{
    update_running_values(fit);
    if (fit->status != PN_OK || fit->interrupted) {
        return; /* a part of an epoch is no epoch */
    }
    if (fit->validation != NULL) {
        struct timespec start;
        clock_gettime(CLOCK_MONOTONIC, &start);
        fit_run_job(fit, validate_thread, fit);
        double accuracy;
        inference_result(&fit->inference, &fit->epoch.val_loss, &accuracy);
        fit->epoch.val_accuracy = fit->model->accuracy ? accuracy : NAN;
        fit->epoch.val_seconds = seconds_since(&start);
    }
    fit->model->epochs++;
    fit->model->progress = (struct epoch_progress){0};
    fit->status = history_add(fit->history, &fit->epoch);
    fit->stop = fit->stop || fit->status != PN_OK;
    call_hooks_running(fit, EPOCH_END);
    /* An interrupt that cuts nothing off is none. */
    if (fit->model->epochs >= fit->options->epochs) {
        fit->stop = true;
    } else if (fit->stop) {
        fit->history->stopped_epoch = fit->epoch.epoch;
    } else {
        fit->interrupted = fit->stop = interrupt_asked(fit);
    }
}

/* --- every thread's part -----------------------------------------------------------------------
 */

static void wait_for_team(struct fit *fit, size_t thread, struct profile_clock *profile)
{
    team_barrier(fit->team, thread);
    profile_mark(profile, profile_rest_part(&fit->plan, PROFILE_WAIT));
}

static void train_batch(struct fit *fit, size_t thread, size_t base, size_t rows,
                        struct optimizer_clock *clock)
{
    const struct plan *plan = &fit->plan;
    struct profile_clock *profile = profile_clock(fit->profile, thread);
    profile_start(profile);
    const struct simd_optimizer_step step = optimizer_clock_tick(clock, &fit->model->optimizer);
    const struct row_job job = {.plan = plan,
                                .model = fit->model,
                                .weights = &fit->weights,
                                .thread = thread,
                                .gradient_scale = 1.0f / (float)rows,
                                .step = clock->steps - 1,
                                .clock = profile};
    const size_t first = plan_first_row(rows, plan->threads, thread);
    const size_t count = plan_first_row(rows, plan->threads, thread + 1) - first;
    workspace_fill(&fit->batch, fit->training, fit->order + base, 0, first, count);
    profile_mark(profile, profile_rest_part(plan, PROFILE_FILL));
    for (size_t next = 0; next < plan->program.step_count;) {
        if (plan->program.steps[next].by_columns) {
            execute_columns(&job, &fit->batch, next++, rows);
        } else {
            next = execute_rows(&job, &fit->batch, next, first, count);
        }
        wait_for_team(fit, thread, profile);
    }
    if (thread == 0) {
        count_batch(fit, rows, clock);
        profile_mark(profile, profile_rest_part(plan, PROFILE_SUM));
    }
    execute_tiles(plan, &fit->weights, &fit->batch, rows, thread, &step, fit->model, profile);
    wait_for_team(fit, thread, profile);
}

static void train_epoch(struct fit *fit, size_t thread, size_t *generation,
                        struct optimizer_clock *clock)
{
    const bool hooked = has_hook(fit, BATCH_END);
    const size_t n = fit->training->count;
    for (size_t base = fit->first_sample; base < n; base += fit->plan.batch) {
        const size_t rows = n - base < fit->plan.batch ? n - base : fit->plan.batch;
        train_batch(fit, thread, base, rows, clock);
        if (fit->end_epoch || (hooked && !control_point(fit, thread, generation, end_batch))) {
            return;
        }
    }
}

static void fit_thread(void *context, size_t thread)
{
    struct fit *fit = context;
    struct optimizer_clock clock;
    optimizer_clock_load(&clock, fit->model);
    weights_touch(&fit->weights, &fit->plan, thread);
    team_barrier(fit->team, thread);
    if (thread == 0) {
        weights_import(&fit->weights, &fit->plan, fit->model);
    }
    size_t generation = 0;
    bool go_on = control_point(fit, thread, &generation, begin_training);
    while (go_on) {
        if (!control_point(fit, thread, &generation, begin_epoch)) {
            break;
        }
        train_epoch(fit, thread, &generation, &clock);
        go_on = control_point(fit, thread, &generation, end_epoch);
    }
    if (thread == 0) {
        sync_model(fit);
    }
}

/* --- setting up ---------------------------------------------------------------------------------
 */

static pn_status check_options(const struct fit *fit)
{
    const pn_fit_options *options = fit->options;
    const pn_status status =
        check_struct_size(options->struct_size, sizeof *options, "pn_fit_options");
    if (status != PN_OK) {
        return status;
    }
    if (!fit->model->compiled) {
        return error_set(PN_ERROR_USAGE, "model %s is not compiled; call pn_model_compile first",
                         fit->model->name);
    }
    if (options->batch_size == 0) {
        return error_set(PN_ERROR_USAGE, "batch size 0 trains nothing; give 1 or more");
    }
    if (options->epochs == 0) {
        return error_set(PN_ERROR_USAGE, "epochs 0 trains nothing; give 1 or more");
    }
    return model_check_idle(fit->model);
}

/* Chooses training and validation samples. */
static pn_status split(struct fit *fit)
{
    fit->training = fit->dataset;
    fit->validation = fit->options->validation_data;
    if (fit->validation != NULL || fit->options->validation_split == 0.0) {
        return PN_OK;
    }
    size_t count;
    pn_status status = dataset_split(fit->dataset->count, fit->options->validation_split, &count);
    if (status == PN_OK) {
        status = pn_dataset_slice(fit->dataset, 0, count, &fit->owned_training);
    }
    if (status == PN_OK) {
        status = pn_dataset_slice(fit->dataset, count, fit->dataset->count - count,
                                  &fit->owned_validation);
    }
    fit->training = fit->owned_training;
    fit->validation = fit->owned_validation;
    return status;
}

static pn_status check_data(const struct fit *fit)
{
    const pn_status status = model_check_input(fit->model, fit->dataset);
    return status == PN_OK ? check_labels(fit->model, fit->dataset) : status;
}

static pn_status check_callbacks(const struct fit *fit)
{
    pn_status status = PN_OK;
    for (size_t i = 0; i < fit->options->callback_count && status == PN_OK; i++) {
        status = callback_check(&fit->options->callbacks[i], fit->model, fit->validation != NULL);
    }
    return status;
}

/* Team, kernels and plan of the training part. */
static pn_status make_plan(struct fit *fit)
{
    const pn_run_options *run = &fit->options->run;
    const struct simd_kernels *kernels;
    pn_status status = kernels_select(run->isa, &kernels);
    if (status == PN_OK) {
        status = team_create(run, &fit->team);
    }
    if (status != PN_OK) {
        return status;
    }
    const size_t n = fit->training->count;
    const size_t rows = fit->options->batch_size < n ? fit->options->batch_size : n;
    if (run->threads == 0) {
        status = team_shrink(fit->team, plan_useful_threads(fit->model, rows));
    }
    if (status != PN_OK) {
        return status;
    }
    return plan_build(fit->model, PLAN_TRAIN, fit->training->dtype, rows, team_size(fit->team),
                      kernels, &fit->plan);
}

static pn_status prepare(struct fit *fit)
{
    pn_status status = check_options(fit);
    if (status == PN_OK) {
        status = check_data(fit);
    }
    if (status == PN_OK) {
        status = split(fit);
    }
    if (status == PN_OK) {
        status = check_callbacks(fit);
    }
    if (status == PN_OK) {
        status = make_plan(fit);
    }
    if (status != PN_OK) {
        return status;
    }
    fit->order = malloc(fit->training->count * sizeof *fit->order);
    fit->history = history_create();
    if (fit->order == NULL || fit->history == NULL) {
        return error_memory(fit->training->count * sizeof *fit->order, "the order of samples");
    }
    status = weights_map(&fit->weights, &fit->plan);
    if (status == PN_OK) {
        status = workspace_map(&fit->batch, &fit->plan, fit->plan.batch);
    }
    if (status == PN_OK && fit->validation != NULL) {
        status = inference_create(&fit->inference, fit->model, fit->validation, fit->plan.kernels,
                                  fit->plan.threads, PLAN_EVALUATE, NULL);
    }
    return status;
}

static void clean_up(struct fit *fit)
{
    inference_free(&fit->inference);
    workspace_free(&fit->batch);
    weights_free(&fit->weights);
    plan_free(&fit->plan);
    team_free(fit->team);
    free(fit->order);
    pn_dataset_free(fit->owned_training);
    pn_dataset_free(fit->owned_validation);
}

static void fill_history(struct fit *fit)
{
    pn_history *history = fit->history;
    history->threads = fit->plan.threads;
    history->requested = team_requested(fit->team);
    history->isa = fit->plan.kernels->name;
    snprintf(history->placement, sizeof history->placement, "%s", team_placement_line(fit->team));
}

/* The region, then the last callbacks, which see the finished model. */
static pn_status train(struct fit *fit)
{
    log_say(PN_LOG_INFO, "%s", team_placement_line(fit->team));
    pn_status status = PN_OK;
    if (fit->model->epochs < fit->options->epochs) {
        status = team_run(fit->team, fit_thread, fit);
    } else {
        log_say(PN_LOG_WARNING, "model %s has trained %zu epochs already; epochs %zu adds none",
                fit->model->name, fit->model->epochs, fit->options->epochs);
    }
    fill_history(fit);
    if (status == PN_OK && fit->status == PN_OK && fit->begun) {
        call_hooks(fit, TRAIN_END);
    }
    if (status != PN_OK) {
        return status;
    }
    if (fit->status != PN_OK) {
        return fit->status;
    }
    if (!fit->interrupted) {
        return PN_OK;
    }
    fit->history->interrupted_epoch = fit->epoch.epoch;
    fit->history->interrupted_batch = fit->progress.batches;
    return error_set(PN_ERROR_INTERRUPTED, "interrupted in epoch %zu, after batch %zu",
                     fit->history->interrupted_epoch, fit->history->interrupted_batch);
}

pn_status pn_model_fit(pn_model *model, const pn_dataset *dataset, const pn_fit_options *options,
                       pn_history **history)
{
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (history != NULL) {
        *history = NULL;
    }
    const pn_fit_options defaults = pn_fit_options_default();
    struct fit fit = {.model = model,
                      .options = options != NULL ? options : &defaults,
                      .dataset = dataset,
                      .interrupts_at_start = atomic_load(&interrupts)};
    pn_status status = prepare(&fit);
    if (status == PN_OK) {
        fit.history->plan_seconds = seconds_since(&start);
        status = train(&fit);
        fit.history->seconds = seconds_since(&start);
    }
    if (history != NULL && (status == PN_OK || status == PN_ERROR_INTERRUPTED)) {
        *history = fit.history;
    } else {
        pn_history_free(fit.history);
    }
    clean_up(&fit);
    return status;
}

pn_fit_options pn_fit_options_default(void)
{
    return (pn_fit_options){.struct_size = sizeof(pn_fit_options),
                            .epochs = 1,
                            .batch_size = 32,
                            .shuffle = true,
                            .run = pn_run_options_default()};
}

pn_status pn_model_explain(const pn_model *model, const pn_dataset *dataset,
                           const pn_fit_options *options, char **text)
{
    /* Setting up changes nothing in the model; only a fit would. */
    const pn_fit_options defaults = pn_fit_options_default();
    struct fit fit = {.model = (pn_model *)model,
                      .options = options != NULL ? options : &defaults,
                      .dataset = dataset};
    pn_status status = prepare(&fit);
    if (status == PN_OK) {
        status = plan_explain(model, &fit.plan, team_placement_line(fit.team), text);
    }
    pn_history_free(fit.history);
    clean_up(&fit);
    return status;
}
