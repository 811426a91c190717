/* apply.c: the commands that use a trained model: evaluate, predict, summary, config. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/pinion/commands.h"
#include "tools/pinion/model_file.h"
#include "tools/pinion/report.h"
#include "tools/pinion/say.h"

struct subject {
    pn_model *model;
    bool from_config;
    pn_dataset *test; /* NULL for commands that look at the model alone */
};

/* The test samples, for a model whose weights mean something. */
static int load_test(const char *command, const struct settings *settings, struct subject *subject)
{
    if (subject->from_config) {
        return say_error(command, PN_ERROR_DATA,
                         "%s: is a config, which has no weights; train it with pinion train "
                         "--model %s --save FILE",
                         settings->model, settings->model);
    }
    pn_status status = pn_dataset_load(settings->data, NULL, &subject->test);
    if (status == PN_OK) {
        status = limit_samples(settings, &subject->test);
    }
    return status == PN_OK ? 0 : say_failed(command, status);
}

/* Opens the model, and the test samples if they are wanted, for `use`. */
static int apply(const char *command, const struct settings *settings, bool wants_test,
                 int (*use)(const struct settings *settings, const struct subject *subject))
{
    struct subject subject = {.model = NULL};
    int status = model_file_open(command, settings->model, 0, &subject.from_config, &subject.model);
    if (status == 0 && wants_test) {
        status = load_test(command, settings, &subject);
    }
    if (status == 0) {
        status = use(settings, &subject);
    }
    pn_model_free(subject.model);
    pn_dataset_free(subject.test);
    return status;
}

static int evaluate(const struct settings *settings, const struct subject *subject)
{
    const char *command = "evaluate";
    const pn_run_options options = run_options(settings);
    double loss, accuracy;
    const pn_status status =
        pn_model_evaluate(subject->model, subject->test, &options, &loss, &accuracy);
    if (status != PN_OK) {
        return say_failed(command, status);
    }
    const size_t samples = pn_dataset_count(subject->test);
    if (settings->json) {
        return report_json(command,
                           json_pack("{s:o, s:o, s:I}", "loss", report_number(loss), "accuracy",
                                     report_number(accuracy), "samples", (json_int_t)samples));
    }
    printf("loss            %.4f\naccuracy        %.4f\nsamples         %zu\n",
           report_printable(loss), accuracy, samples);
    return 0;
}

int evaluate_run(const struct settings *settings)
{
    return apply("evaluate", settings, true, evaluate);
}

/* Keras's argmax: the first of equals. */
static size_t largest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (values[i] > values[best]) {
            best = i;
        }
    }
    return best;
}

static json_t *predictions_json(const float *outputs, size_t samples, size_t units)
{
    json_t *list = json_array();
    for (size_t i = 0; i < samples; i++) {
        const float *row = outputs + i * units;
        json_t *probabilities = json_array();
        for (size_t j = 0; j < units; j++) {
            json_array_append_new(probabilities, report_number((double)row[j]));
        }
        json_array_append_new(list,
                              json_pack("{s:I, s:o}", "class", (json_int_t)largest(row, units),
                                        "probabilities", probabilities));
    }
    return json_pack("{s:o}", "predictions", list);
}

static void print_predictions(const float *outputs, size_t samples, size_t units)
{
    printf("sample  class  probabilities\n");
    for (size_t i = 0; i < samples; i++) {
        const float *row = outputs + i * units;
        printf("%6zu  %5zu ", i, largest(row, units));
        for (size_t j = 0; j < units; j++) {
            printf(" %.4f", report_printable((double)row[j]));
        }
        putchar('\n');
    }
}

static int predict(const struct settings *settings, const struct subject *subject)
{
    const char *command = "predict";
    const size_t samples = pn_dataset_count(subject->test);
    const size_t units = pn_model_outputs(subject->model);
    const pn_run_options options = run_options(settings);
    float *outputs = calloc(samples * units, sizeof *outputs);
    if (!outputs) {
        return say_error(command, PN_ERROR_FAILED, "out of memory for %zu predictions", samples);
    }
    int status = (int)pn_model_predict(subject->model, subject->test, &options, outputs);
    if (status != PN_OK) {
        say_failed(command, (pn_status)status);
    } else if (settings->json) {
        status = report_json(command, predictions_json(outputs, samples, units));
    } else {
        print_predictions(outputs, samples, units);
    }
    free(outputs);
    return status;
}

int predict_run(const struct settings *settings)
{
    return apply("predict", settings, true, predict);
}

static int summary(const struct settings *settings, const struct subject *subject)
{
    const char *command = "summary";
    const pn_model *model = subject->model;
    char *text;
    const pn_status made = pn_model_summary(model, &text);
    if (made != PN_OK) {
        return say_failed(command, made);
    }
    int status = 0;
    if (settings->json) {
        char digest[33];
        pn_model_digest(model, digest);
        status = report_json(
            command, json_pack("{s:s, s:I, s:I, s:I, s:I, s:s}", "summary", text, "parameters",
                               (json_int_t)pn_model_parameters(model), "seed",
                               (json_int_t)pn_model_seed(model), "epochs",
                               (json_int_t)pn_model_epochs(model), "steps",
                               (json_int_t)pn_model_steps(model), "weights_digest", digest));
    } else {
        fputs(text, stdout);
    }
    pn_string_free(text);
    return status;
}

int summary_run(const struct settings *settings)
{
    return apply("summary", settings, false, summary);
}

static int config(const struct settings *settings, const struct subject *subject)
{
    char *json;
    const pn_status made = pn_model_config(subject->model, settings->json ? 0 : 2, &json);
    if (made != PN_OK) {
        return say_failed("config", made);
    }
    printf("%s\n", json);
    pn_string_free(json);
    return 0;
}

int config_run(const struct settings *settings)
{
    return apply("config", settings, false, config);
}
