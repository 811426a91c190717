/* What is saved is what is loaded, and training goes on as if nothing had happened. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/model/model.h"
#include "tests/format/support.h"

TestSuite(round_trip, .fini = scratch_remove);

static const char loss[] = "sparse_categorical_crossentropy";

static pn_model *compiled(pn_optimizer optimizer)
{
    pn_model *model = tiny_network(7);
    must(pn_model_compile(model, optimizer, loss, "accuracy"));
    return model;
}

static pn_model *through_file(const pn_model *model)
{
    const char *path = scratch("model.hdf5");
    must(pn_model_save(model, path));
    pn_model *loaded;
    must(pn_model_load(path, &loaded));
    return loaded;
}

static void same_floats(const float *a, const float *b, size_t count, const char *what)
{
    cr_assert_eq(a == NULL, b == NULL, "%s", what);
    cr_assert(!a || memcmp(a, b, count * sizeof *a) == 0, "%s differs", what);
}

static void same_parameter(const struct parameter *a, const struct parameter *b)
{
    cr_assert_eq(a->rank, b->rank);
    cr_assert_arr_eq(a->shape, b->shape, sizeof a->shape);
    same_floats(a->values, b->values, a->count, "values");
    same_floats(a->slot[0], b->slot[0], a->count, "slot 0");
    same_floats(a->slot[1], b->slot[1], a->count, "slot 1");
}

static void same_model(const pn_model *a, const pn_model *b)
{
    cr_assert_str_eq(a->name, b->name);
    cr_assert_eq(a->seed, b->seed);
    cr_assert_eq(a->layer_count, b->layer_count);
    for (size_t i = 0; i < a->layer_count; i++) {
        cr_assert_str_eq(a->layers[i].name, b->layers[i].name);
        same_parameter(&a->layers[i].kernel, &b->layers[i].kernel);
        same_parameter(&a->layers[i].bias, &b->layers[i].bias);
    }
    char *text_a, *text_b;
    must(pn_model_config(a, 2, &text_a));
    must(pn_model_config(b, 2, &text_b));
    cr_assert_str_eq(text_a, text_b);
    pn_string_free(text_a);
    pn_string_free(text_b);
    cr_assert_eq(a->compiled, b->compiled);
    if (a->compiled) {
        cr_assert_eq(a->optimizer.kind, b->optimizer.kind);
        cr_assert_eq(a->optimizer.learning_rate, b->optimizer.learning_rate);
        cr_assert_eq(a->optimizer.momentum, b->optimizer.momentum);
        cr_assert_eq(a->optimizer.nesterov, b->optimizer.nesterov);
        cr_assert_eq(a->optimizer.beta_1, b->optimizer.beta_1);
        cr_assert_eq(a->optimizer.beta_2, b->optimizer.beta_2);
        cr_assert_eq(a->optimizer.epsilon, b->optimizer.epsilon);
        cr_assert_eq(a->accuracy, b->accuracy);
    }
    cr_assert_eq(a->steps, b->steps);
    cr_assert_eq(a->epochs, b->epochs);
    cr_assert_eq(a->beta_1_power, b->beta_1_power);
    cr_assert_eq(a->beta_2_power, b->beta_2_power);
    cr_assert_eq(a->progress.batches, b->progress.batches);
    cr_assert_eq(a->progress.batch_size, b->progress.batch_size);
    cr_assert_eq(a->progress.samples, b->progress.samples);
    cr_assert_eq(a->progress.shuffled, b->progress.shuffled);
    cr_assert_eq(a->progress.hits, b->progress.hits);
    cr_assert_eq(a->progress.loss_sum, b->progress.loss_sum);
}

Test(round_trip, keeps_a_model_that_was_never_compiled)
{
    pn_model *model = tiny_network(3);
    pn_model *loaded = through_file(model);
    cr_assert_not(loaded->compiled);
    same_model(model, loaded);
    pn_model_free(model);
    pn_model_free(loaded);
}

Test(round_trip, keeps_all_state_of_a_trained_model)
{
    const pn_optimizer optimizers[] = {pn_adam(0.0017), pn_sgd(0.03, 0.9, false),
                                       pn_sgd(0.03, 0.8, true), pn_sgd(0.1, 0.0, false)};
    pn_dataset *dataset = tiny_data(100, 1);
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        pn_model *model = compiled(optimizers[i]);
        train(model, dataset, 2);
        cr_assert_eq(model->steps, 8);
        /* As if an epoch had been interrupted. */
        model->progress = (struct epoch_progress){2, 32, 100, true, 1.25, 40};
        pn_model *loaded = through_file(model);
        same_model(model, loaded);
        pn_model_free(model);
        pn_model_free(loaded);
    }
    pn_dataset_free(dataset);
}

Test(round_trip, training_goes_on_with_the_same_bits)
{
    const pn_optimizer optimizers[] = {pn_adam(0.001), pn_sgd(0.01, 0.9, false),
                                       pn_sgd(0.01, 0.9, true), pn_sgd(0.01, 0.0, false)};
    pn_dataset *dataset = tiny_data(100, 2);
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        pn_model *whole = compiled(optimizers[i]);
        train(whole, dataset, 5);
        pn_model *first = compiled(optimizers[i]);
        train(first, dataset, 2);
        pn_model *second = through_file(first);
        train(second, dataset, 5);
        char expected[33], found[33];
        pn_model_digest(whole, expected);
        pn_model_digest(second, found);
        cr_assert_str_eq(expected, found);
        same_model(whole, second);
        pn_model_free(whole);
        pn_model_free(first);
        pn_model_free(second);
    }
    pn_dataset_free(dataset);
}

Test(round_trip, reading_in_this_process_gives_the_same)
{
    pn_model *model = compiled(pn_adam(0.001));
    const char *path = scratch("model.h5");
    must(pn_model_save(model, path));
    pn_model *loaded;
    must(pn_model_load_unsafe(path, &loaded));
    same_model(model, loaded);
    pn_model_free(model);
    pn_model_free(loaded);
}

/* The limit holds for the memory that the helper hands the content over in. */
Test(round_trip, a_limit_on_file_sizes_is_not_the_files_fault)
{
    pn_model *model = tiny_network(1);
    const char *path = scratch("model.h5");
    must(pn_model_save(model, path));
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, RLIM_INFINITY});
    pn_model *loaded;
    cr_assert_eq(pn_model_load(path, &loaded), PN_ERROR_IO);
    cr_assert(strstr(pn_error_message(), "ulimit -f"), "%s", pn_error_message());
    cr_assert_null(loaded);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    pn_model_free(model);
}

Test(round_trip, equal_models_are_equal_files)
{
    pn_model *model = compiled(pn_adam(0.001));
    must(pn_model_save(model, scratch("a.h5")));
    pn_model *loaded;
    must(pn_model_load(scratch("a.h5"), &loaded));
    sleep(1); /* HDF5 keeps times in seconds */
    must(pn_model_save(loaded, scratch("b.h5")));
    size_t size_a, size_b;
    unsigned char *a = bytes_of(scratch("a.h5"), &size_a);
    unsigned char *b = bytes_of(scratch("b.h5"), &size_b);
    cr_assert_eq(size_a, size_b);
    cr_assert_arr_eq(a, b, size_a);
    free(a);
    free(b);
    pn_model_free(model);
    pn_model_free(loaded);
}

/* More names than one attribute of HDF5 can hold: they go to layer_names0, layer_names1, ... */
Test(round_trip, keeps_many_layers_with_long_names)
{
    const size_t shape[] = {6};
    pn_model *model;
    must(pn_model_create("long", 1, &model));
    must(pn_model_add(model, pn_input(1, shape)));
    must(pn_model_add(model, pn_dense(4, "relu")));
    for (int i = 0; i < 700; i++) {
        char name[128];
        snprintf(name, sizeof name, "a_dropout_layer_whose_name_is_long_%065d", i);
        pn_layer layer = pn_dropout(0.0);
        layer.name = name;
        must(pn_model_add(model, layer));
    }
    pn_model *loaded = through_file(model);
    same_model(model, loaded);
    pn_model_free(model);
    pn_model_free(loaded);
}

Test(round_trip, keeps_a_layer_without_bias)
{
    const size_t shape[] = {6};
    pn_model *model;
    must(pn_model_create("unbiased", 1, &model));
    must(pn_model_add(model, pn_input(1, shape)));
    pn_layer layer = pn_dense(5, "tanh");
    layer.use_bias = false;
    must(pn_model_add(model, layer));
    must(pn_model_add(model, pn_dense(4, "softmax")));
    must(pn_model_compile(model, pn_adam(0.01), loss, NULL));
    pn_model *loaded = through_file(model);
    same_model(model, loaded);
    pn_model_free(model);
    pn_model_free(loaded);
}

Test(round_trip, loads_weights_that_are_no_numbers_and_says_so)
{
    pn_model *model = tiny_network(1);
    float kernel[16 * 8] = {0};
    kernel[5] = NAN;
    kernel[6] = INFINITY;
    must(pn_model_set_weights(model, 0, kernel, 16 * 8));
    log_catch();
    pn_model *loaded = through_file(model);
    cr_assert(strstr(log_last(), "2 weights are infinite or no numbers"), "%s", log_last());
    same_model(model, loaded);
    pn_model_free(model);
    pn_model_free(loaded);
}

/* Written by pinion 0.1.0 after 2 epochs of this network and data: files stay readable, and the
 * bits of recipe 1 stay. */
Test(round_trip, an_old_file_goes_on)
{
    pn_dataset *dataset = tiny_data(100, 1);
    pn_model *model;
    must(pn_model_load(SAMPLE("tiny_pinion.hdf5"), &model));
    char digest[33];
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, "65dee6b12523161aca64c18d11437c6d");
    cr_assert_eq(pn_model_epochs(model), 2);
    cr_assert_eq(pn_model_steps(model), 8);
    train(model, dataset, 4);
    pn_model_digest(model, digest);
    cr_assert_str_eq(digest, "c4bf61bb02afbf403761f1f0e40208c5");
    pn_model_free(model);
    pn_dataset_free(dataset);
}

Test(round_trip, a_changed_weight_is_noticed)
{
    pn_model *model = tiny_network(1);
    const float *values;
    size_t rank, shape[PN_MAX_RANK];
    must(pn_model_weights(model, 0, &values, &rank, shape));
    const char *path = scratch("model.hdf5");
    must(pn_model_save(model, path));
    size_t size;
    unsigned char *bytes = bytes_of(path, &size);
    unsigned char *at = memmem(bytes, size, values, 16 * 8 * sizeof *values);
    cr_assert(at);
    at[100] ^= 1;
    write_bytes_to(path, bytes, size);
    pn_model *loaded;
    must_refuse(pn_model_load(path, &loaded), path, "does not fit the checksum in /pinion");
    cr_assert_null(loaded);
    free(bytes);
    pn_model_free(model);
}

Test(round_trip, the_extension_decides)
{
    pn_model *model = tiny_network(1);
    const char *const names[] = {"model",       "model.hdf",    "model.keras",
                                 "model.h5.gz", "m.weights.h5", ".h5"};
    for (size_t i = 0; i < 5; i++) {
        const char *path = scratch(names[i]);
        cr_assert_eq(pn_model_save(model, path), PN_ERROR_USAGE, "%s", path);
        cr_assert(strstr(pn_error_message(), "name the file .hdf5 or .h5"));
    }
    cr_assert_eq(folder_entries(scratch_folder()), 0);
    pn_model_free(model);
}
