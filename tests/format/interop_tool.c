/*
 * What the interop test asks of pinion, over the public API:
 *
 *   interop_tool train MODEL SCALE OPTIMIZER EPOCHS SAMPLES LABELS    the lesson's network, saved
 *   interop_tool step MODEL SAMPLES LABELS RESULT    one step over all samples, saved as RESULT
 *   interop_tool evaluate MODEL SAMPLES LABELS       one line of JSON
 *   interop_tool predict MODEL SAMPLES OUTPUTS       f32 [count, classes]
 *
 * SAMPLES is a file of u8 (name ends in .u8) or f32 values, each sample 28x28; LABELS of int32.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/pinion.h"

enum { SIDE = 28 };

static void check(pn_status status)
{
    if (status != PN_OK) {
        fprintf(stderr, "interop_tool: %s\n", pn_error_message());
        exit((int)status);
    }
}

static void *read_file(const char *path, size_t *size)
{
    struct stat facts;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &facts) != 0) {
        perror(path);
        exit(PN_ERROR_NOT_FOUND);
    }
    *size = (size_t)facts.st_size;
    void *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(PN_ERROR_IO);
    }
    fclose(file);
    return bytes;
}

static pn_dataset *data(const char *samples_path, const char *labels_path)
{
    const size_t length = strlen(samples_path);
    const bool u8 = length > 3 && strcmp(samples_path + length - 3, ".u8") == 0;
    size_t bytes, label_bytes;
    void *samples = read_file(samples_path, &bytes);
    int32_t *labels = labels_path ? read_file(labels_path, &label_bytes) : NULL;
    const size_t shape[] = {SIDE, SIDE};
    pn_dataset *dataset;
    check(pn_dataset_from_arrays(samples, u8 ? PN_U8 : PN_F32,
                                 bytes / (SIDE * SIDE * (u8 ? 1 : sizeof(float))), 2, shape, labels,
                                 &dataset));
    free(samples);
    free(labels);
    return dataset;
}

static pn_model *network(double scale)
{
    const size_t shape[] = {SIDE, SIDE};
    pn_model *model;
    check(pn_model_create(NULL, 42, &model));
    check(pn_model_add(model, pn_input(2, shape)));
    check(pn_model_add(model, pn_flatten()));
    if (scale != 1.0) {
        check(pn_model_add(model, pn_rescaling(scale, 0.0)));
    }
    check(pn_model_add(model, pn_dense(256, "relu")));
    check(pn_model_add(model, pn_dropout(0.2)));
    check(pn_model_add(model, pn_dense(10, "softmax")));
    return model;
}

static void train(char **arguments)
{
    pn_model *model = network(strtod(arguments[1], NULL));
    pn_dataset *dataset = data(arguments[4], arguments[5]);
    const pn_optimizer optimizer =
        strcmp(arguments[2], "adam") == 0 ? pn_adam(0.001) : pn_sgd(0.01, 0.9, true);
    check(pn_model_compile(model, optimizer, "sparse_categorical_crossentropy", "accuracy"));
    pn_fit_options options = pn_fit_options_default();
    options.epochs = strtoul(arguments[3], NULL, 10);
    check(pn_model_fit(model, dataset, &options, NULL));
    check(pn_model_save(model, arguments[0]));
    pn_dataset_free(dataset);
    pn_model_free(model);
}

static void step(char **arguments)
{
    pn_model *model;
    check(pn_model_load(arguments[0], &model));
    pn_dataset *dataset = data(arguments[1], arguments[2]);
    pn_fit_options options = pn_fit_options_default();
    options.epochs = pn_model_epochs(model) + 1;
    options.batch_size = pn_dataset_count(dataset);
    options.shuffle = false;
    check(pn_model_fit(model, dataset, &options, NULL));
    check(pn_model_save(model, arguments[3]));
    printf("{\"steps\": %llu}\n", (unsigned long long)pn_model_steps(model));
    pn_dataset_free(dataset);
    pn_model_free(model);
}

static void evaluate(char **arguments)
{
    pn_model *model;
    check(pn_model_load(arguments[0], &model));
    pn_dataset *dataset = data(arguments[1], arguments[2]);
    double loss, accuracy;
    check(pn_model_evaluate(model, dataset, NULL, &loss, &accuracy));
    pn_optimizer optimizer;
    printf("{\"loss\": %.17g, \"accuracy\": %.17g, \"steps\": %llu, \"compiled\": %s}\n", loss,
           accuracy, (unsigned long long)pn_model_steps(model),
           pn_model_optimizer(model, &optimizer) ? "true" : "false");
    pn_dataset_free(dataset);
    pn_model_free(model);
}

static void predict(char **arguments)
{
    pn_model *model;
    check(pn_model_load(arguments[0], &model));
    pn_dataset *dataset = data(arguments[1], NULL);
    const size_t count = pn_dataset_count(dataset) * pn_model_outputs(model);
    float *outputs = calloc(count, sizeof *outputs);
    check(pn_model_predict(model, dataset, NULL, outputs));
    FILE *file = fopen(arguments[2], "wb");
    if (!file || fwrite(outputs, sizeof *outputs, count, file) != count || fclose(file) != 0) {
        perror(arguments[2]);
        exit(PN_ERROR_IO);
    }
    free(outputs);
    pn_dataset_free(dataset);
    pn_model_free(model);
}

static void say(pn_log_level level, const char *message, void *user)
{
    (void)user;
    if (level == PN_LOG_WARNING) {
        fprintf(stderr, "interop_tool: %s\n", message);
    }
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        int arguments;
        void (*run)(char **arguments);
    } commands[] = {
        {"train", 6, train}, {"step", 4, step}, {"evaluate", 3, evaluate}, {"predict", 3, predict}};
    pn_set_log(say, NULL);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (argc == commands[i].arguments + 2 && strcmp(argv[1], commands[i].name) == 0) {
            commands[i].run(argv + 2);
            return 0;
        }
    }
    fprintf(stderr, "interop_tool: see the comment at the top of its source\n");
    return PN_ERROR_USAGE;
}
