/*
 * lesson.c: a short course on how a network learns, over the public interface of pinion.
 *
 * Ten steps: the data, a network, training it, looking inside it, and what the learning rate, early
 * stopping, the batch size, checkpoints and the optimizer change. Each step prints what there is to
 * see. It is also the example of how to use the library; install gives it along.
 *
 *   lesson [--data NAME|DIR] [--epochs N] [--limit N]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pinion.h>

struct lesson {
    const char *data;
    size_t epochs;
    size_t limit; /* training samples; 0: all */
    pn_dataset *train, *test;
};

static const char best_file[] = "best_model.hdf5";

/* Every call of the library returns a status, and the message says what, where and what to do. */
static void check(pn_status status)
{
    if (status != PN_OK) {
        fprintf(stderr, "lesson: %s\n", pn_error_message());
        exit((int)status);
    }
}

static void title(int step, const char *text)
{
    printf("\n%d. %s\n\n", step, text);
}

/* --- what several steps do ------------------------------------------------------------------- */

/* Flatten, Dense(256, relu), Dropout(0.2), Dense(10, softmax). The lesson feeds raw pixels, 0 to
 * 255; a scale other than 1 puts a Rescaling layer first. */
static pn_model *base_network(const struct lesson *lesson, double scale)
{
    size_t shape[PN_MAX_RANK];
    const size_t rank = pn_dataset_shape(lesson->train, shape);
    pn_model *model;
    check(pn_model_create(NULL, 42, &model));
    check(pn_model_add(model, pn_input(rank, shape)));
    if (scale != 1) {
        check(pn_model_add(model, pn_rescaling(scale, 0)));
    }
    check(pn_model_add(model, pn_flatten()));
    check(pn_model_add(model, pn_dense(256, "relu")));
    check(pn_model_add(model, pn_dropout(0.2)));
    check(pn_model_add(model, pn_dense(10, "softmax")));
    return model;
}

static void compile(pn_model *model, pn_optimizer optimizer)
{
    check(pn_model_compile(model, optimizer, "sparse_categorical_crossentropy", "accuracy"));
}

static void print_values(const pn_history *history, const char *name)
{
    printf("%-14s[", name);
    for (size_t i = 0; i < pn_history_count(history); i++) {
        printf("%s%.4f", i ? ", " : "", pn_history_value(history, name, i));
    }
    printf("]\n");
}

/* Trains and prints the history: one value of each metric for every epoch, as fit() returns it. */
static pn_history *fit(const struct lesson *lesson, pn_model *model, size_t batch_size,
                       pn_callback *callback)
{
    pn_fit_options options = pn_fit_options_default();
    options.epochs = lesson->epochs;
    options.batch_size = batch_size;
    options.validation_split = 0.2; /* the last fifth is only validated on */
    options.callbacks = callback;
    options.callback_count = callback ? 1 : 0;
    pn_history *history;
    check(pn_model_fit(model, lesson->train, &options, &history));
    print_values(history, "loss");
    print_values(history, "accuracy");
    print_values(history, "val_loss");
    print_values(history, "val_accuracy");
    return history;
}

static double mean_epoch_seconds(const pn_history *history)
{
    const size_t count = pn_history_count(history);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += pn_history_epochs(history)[i].seconds;
    }
    return count ? sum / (double)count : 0;
}

/* evaluate() returns [loss, accuracy]. */
static void evaluate(const struct lesson *lesson, const pn_model *model)
{
    double loss, accuracy;
    check(pn_model_evaluate(model, lesson->test, NULL, &loss, &accuracy));
    printf("evaluate      [%.4f, %.4f]\n", loss, accuracy);
}

/* One whole training of the base network on raw pixels. */
static void train_base(const struct lesson *lesson, double learning_rate, size_t batch_size,
                       pn_callback *callback)
{
    pn_model *model = base_network(lesson, 1);
    compile(model, pn_adam(learning_rate));
    pn_history *history = fit(lesson, model, batch_size, callback);
    evaluate(lesson, model);
    printf("an epoch took %.2f s at batch size %zu\n", mean_epoch_seconds(history), batch_size);
    pn_history_free(history);
    pn_model_free(model);
}

/* --- the steps ------------------------------------------------------------------------------- */

static void load_data(struct lesson *lesson)
{
    title(1, "Load the data: small grey images of clothes, each with the number of its class");
    check(pn_dataset_load(lesson->data, &lesson->train, &lesson->test));
    if (lesson->limit && lesson->limit < pn_dataset_count(lesson->train)) {
        pn_dataset *all = lesson->train;
        check(pn_dataset_slice(all, 0, lesson->limit, &lesson->train));
        pn_dataset_free(all); /* the slice keeps what it needs */
    }
    size_t shape[PN_MAX_RANK] = {0};
    pn_dataset_shape(lesson->train, shape);
    printf("train         %zu images of %zux%zu, %zu classes\n", pn_dataset_count(lesson->train),
           shape[0], shape[1], pn_dataset_classes(lesson->train));
    printf("test          %zu images\n", pn_dataset_count(lesson->test));
}

static pn_model *build(const struct lesson *lesson)
{
    title(2, "Build a network: Flatten, Dense(256, relu), Dropout(0.2), Dense(10, softmax)");
    pn_model *model = base_network(lesson, 1);
    printf("parameters    %zu\n", pn_model_parameters(model));
    return model;
}

static void train_and_evaluate(const struct lesson *lesson, pn_model *model)
{
    title(3, "Compile with Adam, fit on raw pixels, evaluate on images it has never seen");
    compile(model, pn_adam(0.001));
    pn_history_free(fit(lesson, model, 32, NULL));
    evaluate(lesson, model);
}

static void look_inside(const pn_model *model)
{
    title(4, "Look inside: summary() and get_config()");
    char *text;
    check(pn_model_summary(model, &text));
    fputs(text, stdout);
    pn_string_free(text);
    check(pn_model_config(model, 2, &text));
    printf("\n%s\n", text);
    pn_string_free(text);
}

static void learn_too_fast(const struct lesson *lesson)
{
    title(5, "A learning rate of 0.1 is too much: the network ends up guessing one class");
    train_base(lesson, 0.1, 32, NULL);
}

static void stop_early(const struct lesson *lesson)
{
    title(6, "EarlyStopping(val_loss, patience 1) ends such a training by itself");
    pn_early_stopping_options options = pn_early_stopping_options_default();
    options.monitor = "val_loss";
    options.patience = 1;
    pn_callback callback;
    check(pn_early_stopping(&options, &callback));
    pn_model *model = base_network(lesson, 1);
    compile(model, pn_adam(0.1));
    pn_history *history = fit(lesson, model, 32, &callback);
    if (pn_history_stopped_epoch(history)) {
        printf("stopped after epoch %zu\n", pn_history_stopped_epoch(history));
    } else {
        printf("not stopped: val_loss improved until the last epoch\n");
    }
    evaluate(lesson, model);
    pn_history_free(history);
    pn_model_free(model);
    pn_callback_free(&callback);
}

static void learn_a_little_faster(const struct lesson *lesson)
{
    title(7, "A learning rate of 0.002");
    train_base(lesson, 0.002, 32, NULL);
}

static void larger_batches(const struct lesson *lesson)
{
    title(8, "A batch size of 480: fewer, larger steps make the epoch faster");
    train_base(lesson, 0.002, 480, NULL);
}

static void keep_the_best(const struct lesson *lesson)
{
    title(9, "ModelCheckpoint keeps the best state in a file; loaded, it gives the same numbers");
    pn_checkpoint_options options = pn_checkpoint_options_default();
    options.monitor = "val_loss";
    options.save_best_only = true;
    pn_callback callback;
    check(pn_model_checkpoint(best_file, &options, &callback));
    train_base(lesson, 0.001, 480, &callback);
    printf("best          epoch %zu, in %s\n", pn_callback_best_epoch(&callback), best_file);
    pn_callback_free(&callback);

    pn_model *best;
    check(pn_model_load(best_file, &best));
    const size_t count = pn_dataset_count(lesson->train);
    const size_t trained_on = (size_t)((double)count * (1.0 - 0.2));
    pn_dataset *validation;
    check(pn_dataset_slice(lesson->train, trained_on, count - trained_on, &validation));
    double loss, accuracy;
    check(pn_model_evaluate(best, validation, NULL, &loss, &accuracy));
    printf("loaded        val_loss %.4f, val_accuracy %.4f\n", loss, accuracy);
    evaluate(lesson, best);
    pn_dataset_free(validation);
    pn_model_free(best);
}

static void other_optimizers(const struct lesson *lesson)
{
    title(10, "Plain gradient descent, with momentum, and with Nesterov's, on rescaled pixels");
    const struct {
        const char *name;
        pn_optimizer optimizer;
    } optimizers[] = {{"SGD(0.01)", pn_sgd(0.01, 0, false)},
                      {"SGD(0.01, momentum 0.9)", pn_sgd(0.01, 0.9, false)},
                      {"SGD(0.01, momentum 0.9, nesterov)", pn_sgd(0.01, 0.9, true)}};
    for (size_t i = 0; i < sizeof optimizers / sizeof optimizers[0]; i++) {
        printf("%s%s\n", i ? "\n" : "", optimizers[i].name);
        pn_model *model = base_network(lesson, 1.0 / 255);
        compile(model, optimizers[i].optimizer);
        pn_history_free(fit(lesson, model, 32, NULL));
        evaluate(lesson, model);
        pn_model_free(model);
    }
}

static size_t read_count(const char *option, const char *text)
{
    char *end;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value == 0 || errno != 0) {
        fprintf(stderr, "lesson: %s %s: must be a whole number from 1\n", option, text);
        exit(PN_ERROR_USAGE);
    }
    return value;
}

static struct lesson read_arguments(int argc, char **argv)
{
    struct lesson lesson = {.data = "fashion-mnist", .epochs = 5};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value && strcmp(argv[i], "--data") == 0) {
            lesson.data = value;
        } else if (value && strcmp(argv[i], "--epochs") == 0) {
            lesson.epochs = read_count(argv[i], value);
        } else if (value && strcmp(argv[i], "--limit") == 0) {
            lesson.limit = read_count(argv[i], value);
        } else {
            fprintf(stderr, "usage: lesson [--data NAME|DIR] [--epochs N] [--limit N]\n");
            exit(PN_ERROR_USAGE);
        }
    }
    return lesson;
}

int main(int argc, char **argv)
{
    struct lesson lesson = read_arguments(argc, argv);
    load_data(&lesson);
    pn_model *model = build(&lesson);
    train_and_evaluate(&lesson, model);
    look_inside(model);
    pn_model_free(model);
    learn_too_fast(&lesson);
    stop_early(&lesson);
    learn_a_little_faster(&lesson);
    larger_batches(&lesson);
    keep_the_best(&lesson);
    other_optimizers(&lesson);
    pn_dataset_free(lesson.train);
    pn_dataset_free(lesson.test);
    return 0;
}
