#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "engine/data/registry.h"
#include "tests/data/scratch.h"

TestSuite(registry, .init = scratch_create, .fini = scratch_remove);

static const char *const train_files[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"};
static const char *const test_files[] = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* Puts the small set of scratch.h into a folder, plain or gzip. */
static void write_pair(const char *folder, const char *const names[2], bool gzip)
{
    for (int i = 0; i < 2; i++) {
        struct bytes *const bytes = bytes_create();
        struct bytes *const packed = bytes_create();
        (i == 0 ? put_images : put_labels)(bytes);
        put_gzip(packed, bytes->data, bytes->size);
        const struct bytes *const content = gzip ? packed : bytes;
        char name[256];
        snprintf(name, sizeof name, "%s/%s%s", folder, names[i], gzip ? ".gz" : "");
        scratch_write(name, content->data, content->size);
        free(bytes);
        free(packed);
    }
}

static void expect_three(const pn_dataset *dataset)
{
    cr_assert_not_null(dataset);
    cr_assert_eq(pn_dataset_count(dataset), 3);
    cr_assert_eq(pn_dataset_classes(dataset), 3);
}

Test(registry, folder_of_plain_and_gzip_files)
{
    const char *const folder = scratch_folder("set");
    write_pair("set", train_files, false);
    write_pair("set", test_files, true);
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_load(folder, &train, &test), PN_OK, "%s", pn_error_message());
    expect_three(train);
    expect_three(test);
    pn_dataset_free(train);
    pn_dataset_free(test);
}

Test(registry, reads_only_what_is_asked_for)
{
    const char *const folder = scratch_folder("set");
    write_pair("set", train_files, true);
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_load(folder, &train, NULL), PN_OK, "%s", pn_error_message());
    expect_three(train);
    pn_dataset_free(train);

    cr_assert_eq(pn_dataset_load(folder, &train, &test), PN_ERROR_NOT_FOUND);
    cr_assert_null(train);
    cr_assert_null(test);
    expect_message("t10k-images-idx3-ubyte");
    expect_message(folder);

    const char *const other = scratch_folder("other");
    write_pair("other", test_files, true);
    cr_assert_eq(pn_dataset_load(other, NULL, &test), PN_OK, "%s", pn_error_message());
    expect_three(test);
    pn_dataset_free(test);
}

Test(registry, empty_folder)
{
    const char *const folder = scratch_folder("set");
    pn_dataset *train;
    cr_assert_eq(pn_dataset_load(folder, &train, NULL), PN_ERROR_NOT_FOUND);
    expect_message(folder);
    expect_message("train-images-idx3-ubyte");
}

Test(registry, bad_test_files_free_the_training_part)
{
    const char *const folder = scratch_folder("set");
    write_pair("set", train_files, false);
    write_pair("set", test_files, false);
    scratch_write("set/t10k-labels-idx1-ubyte", "\0\0\10\1\0\0\0\2\0\1", 10);
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_load(folder, &train, &test), PN_ERROR_DATA);
    cr_assert_null(train);
    cr_assert_null(test);
    expect_message("3 images, but 2 labels");
}

Test(registry, unknown_name_lists_the_known)
{
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_load("fashion-minst", &train, &test), PN_ERROR_NOT_FOUND);
    cr_assert_null(train);
    cr_assert_null(test);
    expect_message("fashion-minst:");
    expect_message("fashion-mnist, synthetic");
}

Test(registry, file_instead_of_a_folder)
{
    pn_dataset *train;
    const char *const file = scratch_write("file", "x", 1);
    cr_assert_eq(pn_dataset_load(file, &train, NULL), PN_ERROR_NOT_FOUND);
    expect_message(file);
    expect_message("folder");
}

Test(registry, folder_with_too_long_a_name)
{
    char *const name = malloc(4001);
    memset(name, '/', 4000);
    name[4000] = 0;
    pn_dataset *train;
    cr_assert_eq(pn_dataset_load(name, &train, NULL), PN_ERROR_NOT_FOUND); /* the root folder */
    char longer[4096];
    memset(longer, '/', 4090);
    longer[4090] = 0;
    cr_assert_eq(pn_dataset_load(longer, &train, NULL), PN_ERROR_USAGE);
    free(name);
}

/* A place's first samples tell which one was read. */
static void make_place(const char *folder, uint8_t pixel)
{
    char name[256];
    struct bytes *const bytes = bytes_create();
    put_header(bytes, 0x00000803, 1, 1, 1, 0);
    put(bytes, &pixel, 1);
    snprintf(name, sizeof name, "%s/%s", folder, train_files[0]);
    scratch_write(name, bytes->data, bytes->size);
    bytes->size = 0;
    put_header(bytes, 0x00000801, 1, 0);
    put_zeros(bytes, 1);
    snprintf(name, sizeof name, "%s/%s", folder, train_files[1]);
    scratch_write(name, bytes->data, bytes->size);
    free(bytes);
}

static int place_read(const char *data, const char *system, const char *home)
{
    pn_dataset *train;
    const pn_status status = registry_load_fashion_mnist(data, system, home, &train, NULL);
    if (status == PN_ERROR_NOT_FOUND) {
        return -1;
    }
    cr_assert_eq(status, PN_OK, "%s", pn_error_message());
    const int pixel = *(const uint8_t *)train->samples;
    pn_dataset_free(train);
    return pixel;
}

Test(registry, searches_fashion_mnist_in_order)
{
    static const char *const folders[] = {"data",
                                          "data/fashion-mnist",
                                          "system",
                                          "system/fashion-mnist",
                                          "home",
                                          "home/.keras",
                                          "home/.keras/datasets",
                                          "home/.keras/datasets/fashion-mnist"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        scratch_folder(folders[i]);
    }
    make_place("data/fashion-mnist", 1);
    make_place("system/fashion-mnist", 2);
    make_place("home/.keras/datasets/fashion-mnist", 3);
    const char *const data = scratch_path("data");
    const char *const system = scratch_path("system");
    const char *const home = scratch_path("home");
    char nowhere[4096];
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", data);
    cr_assert_eq(place_read(data, system, home), 1);
    cr_assert_eq(place_read(NULL, system, home), 2);
    cr_assert_eq(place_read("", system, home), 2);
    cr_assert_eq(place_read(NULL, nowhere, home), 3);
    cr_assert_eq(place_read(nowhere, system, home), -1);
    expect_message("PINION_DATA_DIR is");
    expect_message(nowhere);
    expect_message("correct or unset it");
    cr_assert_eq(place_read(NULL, nowhere, NULL), -1);
    expect_message("apt install dataset-fashion-mnist");
    expect_message("--data synthetic");
    expect_message("PINION_DATA_DIR is not set");
}

Test(registry, takes_the_data_folder_of_the_environment)
{
    scratch_folder("data");
    scratch_folder("data/fashion-mnist");
    make_place("data/fashion-mnist", 7);
    setenv("PINION_DATA_DIR", scratch_path("data"), 1);
    pn_dataset *train;
    cr_assert_eq(pn_dataset_load("fashion-mnist", &train, NULL), PN_OK, "%s", pn_error_message());
    cr_assert_eq(*(const uint8_t *)train->samples, 7);
    pn_dataset_free(train);
}

static void expect_hash(const void *bytes, size_t size, const char *expected)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
    char digits[33];
    for (int i = 0; i < 16; i++) {
        snprintf(digits + 2 * i, 3, "%02x", canonical.digest[i]);
    }
    cr_assert_str_eq(digits, expected);
}

static uint64_t pixel_sum(const pn_dataset *dataset)
{
    const uint8_t *const pixels = dataset->samples;
    uint64_t sum = 0;
    for (size_t i = 0; i < dataset->count * dataset->sample_size; i++) {
        sum += pixels[i];
    }
    return sum;
}

static void expect_counts(const pn_dataset *dataset, const size_t expected[10])
{
    size_t counts[10] = {0};
    for (size_t i = 0; i < pn_dataset_count(dataset); i++) {
        counts[pn_dataset_labels(dataset)[i]]++;
    }
    cr_assert_arr_eq(counts, expected, sizeof counts);
}

/* Sums, counts and labels: the set's published values. Hashes: python-xxhash's xxh3_128 over the
 * pixels of the files whose unpacked SHA-256 begin c59f468a (train) and 5b4141f0 (test). */
Test(registry, fashion_mnist_is_what_it_should_be)
{
    pn_dataset *train, *test;
    const pn_status status = pn_dataset_load("fashion-mnist", &train, &test);
    if (status == PN_ERROR_NOT_FOUND) {
        cr_skip("%s", pn_error_message());
    }
    cr_assert_eq(status, PN_OK, "%s", pn_error_message());
    cr_assert_eq(pn_dataset_count(train), 60000);
    cr_assert_eq(pn_dataset_count(test), 10000);
    size_t shape[PN_MAX_RANK];
    cr_assert_eq(pn_dataset_shape(train, shape), 2);
    cr_assert(shape[0] == 28 && shape[1] == 28);
    cr_assert_eq(pn_dataset_classes(train), 10);
    cr_assert_eq(pn_dataset_classes(test), 10);
    cr_assert_eq(pixel_sum(train), 3431114169);
    cr_assert_eq(pixel_sum(test), 573469082);
    expect_hash(train->samples, 47040000, "88873690894f7298c11b6543ae1530f3");
    expect_hash(test->samples, 7840000, "0f6eafffbba70588acf1cd2c87a40a9b");
    const int32_t first_train[] = {9, 0, 0, 3, 0, 2, 7, 2, 5, 5};
    const int32_t first_test[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
    cr_assert_arr_eq(pn_dataset_labels(train), first_train, sizeof first_train);
    cr_assert_arr_eq(pn_dataset_labels(test), first_test, sizeof first_test);
    const size_t each_train[] = {6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000};
    const size_t each_test[] = {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000};
    expect_counts(train, each_train);
    expect_counts(test, each_test);

    /* The lesson's split. */
    size_t train_count;
    cr_assert_eq(dataset_split(60000, 0.2, &train_count), PN_OK);
    pn_dataset *fit, *validation;
    cr_assert_eq(pn_dataset_slice(train, 0, train_count, &fit), PN_OK);
    cr_assert_eq(pn_dataset_slice(train, train_count, 60000 - train_count, &validation), PN_OK);
    pn_dataset_free(train);
    const size_t each_fit[] = {4764, 4794, 4768, 4796, 4785, 4806, 4851, 4820, 4820, 4796};
    const size_t each_validation[] = {1236, 1206, 1232, 1204, 1215, 1194, 1149, 1180, 1180, 1204};
    expect_counts(fit, each_fit);
    expect_counts(validation, each_validation);
    pn_dataset_free(fit);
    pn_dataset_free(validation);
    pn_dataset_free(test);
}

Test(registry, synthetic_has_the_measures_of_fashion_mnist)
{
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_load("synthetic", &train, &test), PN_OK, "%s", pn_error_message());
    cr_assert_eq(pn_dataset_count(train), 60000);
    cr_assert_eq(pn_dataset_count(test), 10000);
    cr_assert_eq(train->sample_size, 784);
    cr_assert_eq(pn_dataset_classes(train), 10);
    cr_assert_eq(pn_dataset_classes(test), 10);

    /* The training part does not depend on whether the test part is asked for, and vice versa. */
    pn_dataset *train_only, *test_only;
    cr_assert_eq(pn_dataset_load("synthetic", &train_only, NULL), PN_OK);
    cr_assert_eq(pn_dataset_load("synthetic", NULL, &test_only), PN_OK);
    cr_assert_eq(memcmp(train->samples, train_only->samples, 47040000), 0);
    cr_assert_eq(memcmp(test->samples, test_only->samples, 7840000), 0);
    cr_assert_eq(memcmp(test->labels, test_only->labels, 40000), 0);
    pn_dataset_free(train);
    pn_dataset_free(test);
    pn_dataset_free(train_only);
    pn_dataset_free(test_only);
}
