#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/data/scratch.h"

TestSuite(idx, .init = scratch_create, .fini = scratch_remove);

/* The data set of put_images and put_labels. */
static void expect_small_set(const char *images, const char *labels)
{
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_load_idx(images, labels, &dataset), PN_OK, "%s", pn_error_message());
    cr_assert_eq(pn_dataset_count(dataset), 3);
    cr_assert_eq(pn_dataset_dtype(dataset), PN_U8);
    size_t shape[PN_MAX_RANK];
    cr_assert_eq(pn_dataset_shape(dataset, shape), 2);
    cr_assert_eq(shape[0], 2);
    cr_assert_eq(shape[1], 2);
    cr_assert_eq(dataset->sample_size, 4);
    const uint8_t *const pixels = dataset->samples;
    for (int i = 0; i < 12; i++) {
        cr_assert_eq(pixels[i], 20 * i);
    }
    if (labels) {
        const int32_t expected[] = {2, 0, 1};
        cr_assert_arr_eq(pn_dataset_labels(dataset), expected, sizeof expected);
        cr_assert_eq(pn_dataset_classes(dataset), 3);
    } else {
        cr_assert_null(pn_dataset_labels(dataset));
        cr_assert_eq(pn_dataset_classes(dataset), 0);
    }
    pn_dataset_free(dataset);
}

Test(idx, plain)
{
    struct bytes *const images = bytes_create();
    struct bytes *const labels = bytes_create();
    put_images(images);
    put_labels(labels);
    const char *const images_path = scratch_write("images", images->data, images->size);
    const char *const labels_path = scratch_write("labels", labels->data, labels->size);
    expect_small_set(images_path, labels_path);
    expect_small_set(images_path, NULL);
    free(images);
    free(labels);
}

/* A slice's labels can be found in the file, also when what it was cut from is gone. */
Test(idx, slices_know_their_place_in_the_label_file)
{
    struct bytes *const bytes = bytes_create();
    put_images(bytes);
    const char *const images = scratch_write("images", bytes->data, bytes->size);
    bytes->size = 0;
    put_labels(bytes);
    const char *const labels = scratch_write("labels", bytes->data, bytes->size);
    pn_dataset *dataset, *slice, *part;
    cr_assert_eq(pn_dataset_load_idx(images, labels, &dataset), PN_OK);
    cr_assert_eq(pn_dataset_slice(dataset, 1, 2, &slice), PN_OK);
    cr_assert_eq(pn_dataset_slice(slice, 1, 1, &part), PN_OK);
    pn_dataset_free(dataset);
    pn_dataset_free(slice);
    cr_assert_str_eq(part->label_file, labels);
    cr_assert_eq(part->first, 2);
    pn_dataset_free(part);
    free(bytes);
}

/* Whatever its name: gzip is known by its first bytes. */
Test(idx, gzip)
{
    struct bytes *const bytes = bytes_create();
    struct bytes *const packed = bytes_create();
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    const char *const images = scratch_write("images.gz", packed->data, packed->size);
    bytes->size = packed->size = 0;
    put_labels(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    const char *const labels = scratch_write("labels", packed->data, packed->size);
    expect_small_set(images, labels);
    free(bytes);
    free(packed);
}

/* Members cut in the magic number, in the header and in the data, empty ones, padding. */
Test(idx, gzip_of_several_members)
{
    struct bytes *const bytes = bytes_create();
    struct bytes *const packed = bytes_create();
    put_images(bytes);
    for (size_t first = 0; first < bytes->size; first++) {
        for (size_t second = first; second < bytes->size; second++) {
            packed->size = 0;
            put_gzip(packed, bytes->data, first);
            put_gzip(packed, bytes->data + first, second - first);
            put_gzip(packed, bytes->data + second, bytes->size - second);
            put_zeros(packed, first % 3);
            put_gzip(packed, NULL, 0);
            put_zeros(packed, second);
            expect_small_set(scratch_write("images.gz", packed->data, packed->size), NULL);
        }
    }
    free(bytes);
    free(packed);
}

Test(idx, samples_of_each_rank)
{
    struct bytes *const bytes = bytes_create();
    for (uint32_t rank = 1; rank <= PN_MAX_RANK; rank++) {
        bytes->size = 0;
        put_u32(bytes, 0x00000800 + rank + 1);
        put_u32(bytes, 5);
        size_t size = 1;
        for (uint32_t i = 0; i < rank; i++) {
            put_u32(bytes, i % 2 + 1);
            size *= i % 2 + 1;
        }
        for (size_t i = 0; i < 5 * size; i++) {
            const uint8_t value = (uint8_t)(i + rank);
            put(bytes, &value, 1);
        }
        pn_dataset *dataset;
        const char *const path = scratch_write("images", bytes->data, bytes->size);
        cr_assert_eq(pn_dataset_load_idx(path, NULL, &dataset), PN_OK, "%s", pn_error_message());
        size_t shape[PN_MAX_RANK];
        cr_assert_eq(pn_dataset_shape(dataset, shape), rank);
        for (uint32_t i = 0; i < rank; i++) {
            cr_assert_eq(shape[i], i % 2 + 1);
        }
        cr_assert_eq(pn_dataset_count(dataset), 5);
        for (size_t i = 0; i < 5 * size; i++) {
            cr_assert_eq(((const uint8_t *)dataset->samples)[i], i + rank);
        }
        pn_dataset_free(dataset);
    }
    free(bytes);
}

Test(idx, labels_up_to_255)
{
    struct bytes *const bytes = bytes_create();
    put_images(bytes);
    const char *const images = scratch_write("images", bytes->data, bytes->size);
    bytes->size = 0;
    put_header(bytes, 0x00000801, 3, 0);
    put(bytes, "\0\377\177", 3);
    const char *const labels = scratch_write("labels", bytes->data, bytes->size);
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_load_idx(images, labels, &dataset), PN_OK);
    const int32_t expected[] = {0, 255, 127};
    cr_assert_arr_eq(pn_dataset_labels(dataset), expected, sizeof expected);
    cr_assert_eq(pn_dataset_classes(dataset), 256);
    pn_dataset_free(dataset);
    free(bytes);
}
