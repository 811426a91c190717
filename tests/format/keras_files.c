/* Files of Keras load with the weights, the optimizer's state and the outputs that Keras had. */
#include <fcntl.h>
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "engine/format/hdf5_attributes.h"
#include "engine/model/model.h"
#include "tests/format/support.h"

TestSuite(keras_files, .fini = scratch_remove);

static json_t *expected;

static void load_expected(void)
{
    expected = json_load_file(SAMPLE("tiny_expected.json"), 0, NULL);
    cr_assert(expected);
}

static double number(const json_t *list, size_t index)
{
    return json_number_value(json_array_get(list, index));
}

static void near(double found, double wanted, double relative, const char *what, size_t index)
{
    cr_assert(fabs(found - wanted) <= relative * fabs(wanted) + 1e-12, "%s[%zu] is %.9g, not %.9g",
              what, index, found, wanted);
}

static void check_weights(const pn_model *model)
{
    const json_t *weights = json_object_get(expected, "weights");
    for (size_t t = 0; t < 4; t++) {
        const json_t *wanted = json_array_get(weights, t);
        const float *values;
        size_t rank, shape[PN_MAX_RANK], count = 1;
        must(pn_model_weights(model, t, &values, &rank, shape));
        for (size_t d = 0; d < rank; d++) {
            count *= shape[d];
        }
        cr_assert_eq(count, json_array_size(wanted));
        for (size_t i = 0; i < count; i++) {
            near(values[i], number(wanted, i), 1e-7, "weight", i);
        }
    }
}

static void check_results(const pn_model *model)
{
    const json_t *x = json_object_get(expected, "x");
    const json_t *y = json_object_get(expected, "y");
    const json_t *outputs = json_object_get(expected, "predict");
    const json_t *result = json_object_get(expected, "evaluate_loss_accuracy");
    float samples[5 * 16];
    int32_t labels[5];
    for (size_t i = 0; i < 5 * 16; i++) {
        samples[i] = (float)number(x, i);
    }
    for (size_t i = 0; i < 5; i++) {
        labels[i] = (int32_t)number(y, i);
    }
    const size_t shape[] = {4, 4};
    pn_dataset *dataset;
    must(pn_dataset_from_arrays(samples, PN_F32, 5, 2, shape, labels, &dataset));
    float found[5 * 3];
    must(pn_model_predict(model, dataset, NULL, found));
    for (size_t i = 0; i < 5 * 3; i++) {
        cr_assert(fabs(found[i] - number(outputs, i)) < 1e-6, "output %zu is %.9g", i,
                  (double)found[i]);
    }
    double loss, accuracy;
    must(pn_model_evaluate(model, dataset, NULL, &loss, &accuracy));
    near(loss, number(result, 0), 1e-5, "loss", 0);
    near(accuracy, number(result, 1), 1e-6, "accuracy", 0);
    pn_dataset_free(dataset);
}

/* Variables 2 + 2 i and 3 + 2 i are m and v of weight i. */
static void check_slots(const pn_model *model)
{
    const json_t *variables = json_object_get(expected, "optimizer_variables_in_order");
    const struct parameter *parameters[] = {&model->layers[2].kernel, &model->layers[2].bias,
                                            &model->layers[4].kernel, &model->layers[4].bias};
    for (size_t p = 0; p < 4; p++) {
        for (size_t s = 0; s < 2; s++) {
            const json_t *values =
                json_object_get(json_array_get(variables, 2 + 2 * p + s), "value");
            cr_assert_eq(json_array_size(values), parameters[p]->count);
            for (size_t i = 0; i < parameters[p]->count; i++) {
                near(parameters[p]->slot[s][i], number(values, i), 1e-7, "slot", i);
            }
        }
    }
    cr_assert_eq(model->steps, 2);
    const double beta_1 = 0.9f, beta_2 = 0.999f;
    near(model->beta_1_power, beta_1 * beta_1, 1e-15, "beta_1_power", 0);
    near(model->beta_2_power, beta_2 * beta_2, 1e-15, "beta_2_power", 0);
}

static void check_sample(const char *path, bool optimizer)
{
    load_expected();
    pn_model *model;
    must(pn_model_load(path, &model));
    check_weights(model);
    check_results(model);
    cr_assert(model->compiled);
    cr_assert_eq(model->optimizer.kind, PN_ADAM);
    cr_assert_float_eq(model->optimizer.learning_rate, 0.001, 1e-9);
    if (optimizer) {
        check_slots(model);
    } else {
        cr_assert_eq(model->steps, 0);
    }
    pn_model_free(model);
    json_decref(expected);
}

Test(keras_files, of_keras_3)
{
    check_sample(SAMPLE("tiny_k3.h5"), true);
}

Test(keras_files, of_keras_2_with_fixed_strings)
{
    check_sample(SAMPLE("tiny_keras2_layout_fixedstr.h5"), true);
}

Test(keras_files, of_keras_2_with_variable_strings)
{
    check_sample(SAMPLE("tiny_keras2_layout_vlenstr.hdf5"), true);
}

Test(keras_files, portable_without_optimizer)
{
    check_sample(SAMPLE("tiny_portable_no_optimizer.h5"), false);
}

Test(keras_files, names_in_parts)
{
    const hid_t file = H5Fopen(SAMPLE("chunked_attribute_demo.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert(file >= 0);
    struct hdf5_names names;
    must(hdf5_read_names(file, "/", "layer_names", 1 << 20, &names));
    cr_assert_eq(names.count, 700);
    for (size_t i = 0; i < names.count; i++) {
        cr_assert_eq(strlen(names.items[i]), 101);
        cr_assert(i == 0 || strcmp(names.items[i - 1], names.items[i]) != 0);
    }
    hdf5_names_free(&names);
    H5Fclose(file);
}

/* --- forms that other writers use --------------------------------------------------------------
 */

static const char sample[] = SAMPLE("tiny_portable_no_optimizer.h5");
static const char kernel[] = "/model_weights/dense_8/dense_8/kernel:0";

static hid_t half_type(void)
{
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

/* Replaces the first kernel by one of another type and layout with the same values. */
static const char *rewritten(hid_t type, hid_t creation)
{
    const char *path = scratch("rewritten.h5");
    copy_file(sample, path);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    float values[16 * 8];
    hid_t dataset = H5Dopen2(file, kernel, H5P_DEFAULT);
    cr_assert(H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Ldelete(file, kernel, H5P_DEFAULT);
    const hsize_t dims[] = {16, 8};
    const hid_t space = H5Screate_simple(2, dims, NULL);
    dataset = H5Dcreate2(file, kernel, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    cr_assert(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
    return path;
}

Test(keras_files, weights_in_double)
{
    check_sample(rewritten(H5T_IEEE_F64LE, H5P_DEFAULT), false);
}

Test(keras_files, weights_in_big_endian)
{
    check_sample(rewritten(H5T_IEEE_F32BE, H5P_DEFAULT), false);
}

Test(keras_files, weights_in_half)
{
    const char *path = rewritten(half_type(), H5P_DEFAULT);
    pn_model *model, *whole;
    must(pn_model_load(path, &model));
    must(pn_model_load(sample, &whole));
    const float *rounded, *exact;
    size_t rank, shape[PN_MAX_RANK];
    must(pn_model_weights(model, 0, &rounded, &rank, shape));
    must(pn_model_weights(whole, 0, &exact, &rank, shape));
    for (size_t i = 0; i < 16 * 8; i++) {
        cr_assert(fabsf(rounded[i] - exact[i]) <= 0x1p-11f * fabsf(exact[i]) + 0x1p-24f);
    }
    pn_model_free(model);
    pn_model_free(whole);
}

Test(keras_files, weights_in_compressed_chunks)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {5, 3};
    H5Pset_chunk(creation, 2, chunk);
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 6);
    H5Pset_fletcher32(creation);
    check_sample(rewritten(H5T_IEEE_F32LE, creation), false);
}

Test(keras_files, weights_in_the_object_header)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(creation, H5D_COMPACT);
    check_sample(rewritten(H5T_IEEE_F32LE, creation), false);
}

Test(keras_files, behind_a_user_block)
{
    size_t size;
    unsigned char *bytes = bytes_of(sample, &size);
    unsigned char *shifted = calloc(size + 1024, 1);
    memcpy(shifted + 1024, bytes, size);
    const char *path = scratch("user_block.h5");
    write_bytes_to(path, shifted, size + 1024);
    check_sample(path, false);
    free(shifted);
    free(bytes);
}

Test(keras_files, without_what_readers_can_do_without)
{
    const char *path = scratch("bare.h5");
    copy_file(sample, path);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Adelete(file, "backend");
    H5Adelete(file, "keras_version");
    const hid_t weights = H5Gopen2(file, "model_weights", H5P_DEFAULT);
    H5Adelete(weights, "backend");
    H5Adelete(weights, "keras_version");
    H5Adelete_by_name(weights, "flatten_4", "weight_names", H5P_DEFAULT);
    H5Adelete_by_name(weights, "dropout_4", "weight_names", H5P_DEFAULT);
    H5Ldelete(weights, "top_level_model_weights", H5P_DEFAULT);
    H5Gclose(weights);
    H5Fclose(file);
    check_sample(path, false);
}

Test(keras_files, an_optimizer_state_of_no_known_form_is_left_out)
{
    const char *path = scratch("odd.h5");
    copy_file(SAMPLE("tiny_k3.h5"), path);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t group = H5Gopen2(file, "optimizer_weights", H5P_DEFAULT);
    H5Adelete(group, "weight_names");
    const char *names[] = {"adam/iteration", "adam/learning_rate"};
    const hsize_t dims[] = {2};
    const hid_t space = H5Screate_simple(1, dims, NULL);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t attribute =
        H5Acreate2(group, "weight_names", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, names);
    H5Aclose(attribute);
    H5Gclose(group);
    H5Fclose(file);
    log_catch();
    check_sample(path, false);
    cr_assert(strstr(log_last(), "starts the optimizer anew"), "%s", log_last());
}

/* --- what is no such file ----------------------------------------------------------------------
 */

Test(keras_files, other_files_are_told_apart)
{
    pn_model *model;
    must_refuse(pn_model_load(SAMPLE("tiny_k3.keras"), &model), SAMPLE("tiny_k3.keras"),
                "is a .keras archive");
    must_refuse(pn_model_load(SAMPLE("tiny_k3.weights.h5"), &model), SAMPLE("tiny_k3.weights.h5"),
                "no attribute model_config");
    must_refuse(pn_model_load(SAMPLE("chunked_attribute_demo.h5"), &model),
                SAMPLE("chunked_attribute_demo.h5"), "no attribute model_config");
    must_refuse(pn_model_load(SAMPLE("tiny_expected.json"), &model), SAMPLE("tiny_expected.json"),
                "no HDF5 signature");
    const char *empty = scratch("empty.h5");
    write_bytes_to(empty, "", 0);
    must_refuse(pn_model_load(empty, &model), empty, "no HDF5 signature in its 0 bytes");
    cr_assert_eq(pn_model_load(scratch("missing.h5"), &model), PN_ERROR_NOT_FOUND);
    cr_assert_eq(pn_model_load(scratch_folder(), &model), PN_ERROR_IO);
    cr_assert_null(model);
}

Test(keras_files, a_missing_helper_is_named)
{
    setenv("PINION_HELPER_DIR", scratch_folder(), 1);
    pn_model *model;
    cr_assert_eq(pn_model_load(sample, &model), PN_ERROR_FAILED);
    cr_assert(strstr(pn_error_message(), "there is no pinion-read-model in it"), "%s",
              pn_error_message());
}

Test(keras_files, a_program_that_ignores_its_children_can_read)
{
    signal(SIGCHLD, SIG_IGN);
    check_sample(sample, false);
}

Test(keras_files, a_program_with_closed_standard_streams_can_read)
{
    const int kept = fcntl(2, F_DUPFD, 100);
    close(0);
    close(1);
    close(2);
    pn_model *model;
    const pn_status status = pn_model_load(sample, &model);
    dup2(kept, 0);
    dup2(kept, 1);
    dup2(kept, 2);
    cr_assert_eq(status, PN_OK, "%s", pn_error_message());
    pn_model_free(model);
}
