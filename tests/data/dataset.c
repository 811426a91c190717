#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/data/scratch.h"

static pn_dataset *create(void)
{
    static const float samples[5][2][3] = {{{0, 1, 2}, {3, 4, 5}},
                                           {{10, 11, 12}, {13, 14, 15}},
                                           {{20, 21, 22}, {23, 24, 25}},
                                           {{30, 31, 32}, {33, 34, 35}},
                                           {{40, 41, 42}, {43, 44, 45}}};
    static const int32_t labels[] = {3, 0, 1, 7, 2};
    const size_t shape[] = {2, 3};
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_from_arrays(samples, PN_F32, 5, 2, shape, labels, &dataset), PN_OK);
    return dataset;
}

Test(dataset, copies_arrays)
{
    float samples[4] = {1.5f, NAN, -INFINITY, 4.0f}; /* what is not finite is the user's affair */
    int32_t labels[2] = {1, 0};
    const size_t shape[] = {2};
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_from_arrays(samples, PN_F32, 2, 1, shape, labels, &dataset), PN_OK);
    const float expected[] = {1.5f, NAN, -INFINITY, 4.0f};
    cr_assert_eq(memcmp(dataset->samples, samples, sizeof samples), 0);
    memset(samples, 0, sizeof samples);
    memset(labels, 0, sizeof labels);
    cr_assert_eq(memcmp(dataset->samples, expected, sizeof expected), 0);
    cr_assert_eq(pn_dataset_labels(dataset)[0], 1);
    cr_assert_eq(pn_dataset_dtype(dataset), PN_F32);
    cr_assert_eq((uintptr_t)dataset->samples % 64, 0);
    pn_dataset_free(dataset);
}

Test(dataset, without_labels)
{
    const uint8_t samples[] = {1, 2, 3};
    const size_t shape[] = {1};
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_from_arrays(samples, PN_U8, 3, 1, shape, NULL, &dataset), PN_OK);
    cr_assert_null(pn_dataset_labels(dataset));
    cr_assert_eq(pn_dataset_classes(dataset), 0);
    pn_dataset *slice;
    cr_assert_eq(pn_dataset_slice(dataset, 1, 2, &slice), PN_OK);
    cr_assert_null(pn_dataset_labels(slice));
    cr_assert_eq(((const uint8_t *)slice->samples)[1], 3);
    pn_dataset_free(slice);
    pn_dataset_free(dataset);
}

Test(dataset, largest_label_makes_the_classes)
{
    const uint8_t sample = 0;
    const int32_t label = INT32_MAX;
    const size_t shape[] = {1};
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_from_arrays(&sample, PN_U8, 1, 1, shape, &label, &dataset), PN_OK);
    cr_assert_eq(pn_dataset_classes(dataset), (size_t)INT32_MAX + 1);
    pn_dataset_free(dataset);
}

static void refuse(pn_status status, pn_dtype dtype, size_t count, size_t rank, const size_t *shape,
                   const int32_t *labels, const char *words)
{
    static const float samples[16];
    pn_dataset *dataset = (pn_dataset *)&status;
    cr_assert_eq(pn_dataset_from_arrays(samples, dtype, count, rank, shape, labels, &dataset),
                 status);
    cr_assert_null(dataset);
    expect_message(words);
}

Test(dataset, refuses_what_makes_no_sense)
{
    const size_t shape[PN_MAX_RANK + 1] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const size_t zero[] = {2, 0};
    const size_t vast[] = {SIZE_MAX / 2, 3};
    const size_t large[] = {SIZE_MAX / 4};
    const size_t floats[] = {SIZE_MAX / 2};
    const int32_t negative[] = {0, 1, -1};
    refuse(PN_ERROR_USAGE, PN_F32, 0, 1, shape, NULL, "0 samples");
    refuse(PN_ERROR_USAGE, PN_F32, (size_t)UINT32_MAX + 1, 1, shape, NULL, "4294967296 samples");
    refuse(PN_ERROR_USAGE, PN_F32, 1, 0, shape, NULL, "rank 0");
    refuse(PN_ERROR_USAGE, PN_F32, 1, PN_MAX_RANK + 1, shape, NULL, "rank 9");
    refuse(PN_ERROR_USAGE, PN_F32, 1, 2, zero, NULL, "size 1 of the samples' shape is 0");
    refuse(PN_ERROR_USAGE, PN_U8, 1, 2, vast, NULL, "shape has more elements");
    refuse(PN_ERROR_USAGE, PN_U8, 5, 1, large, NULL, "more than memory can address");
    refuse(PN_ERROR_USAGE, PN_F32, 1, 1, floats, NULL, "more than memory can address");
    refuse(PN_ERROR_USAGE, (pn_dtype)7, 1, 1, shape, NULL, "element type 7");
    refuse(PN_ERROR_DATA, PN_F32, 3, 1, shape, negative, "label -1 of sample 2");
}

Test(dataset, reports_memory_that_cannot_be_had)
{
    const size_t shape[] = {(size_t)1 << 60};
    refuse(PN_ERROR_FAILED, PN_U8, 1, 1, shape, NULL, "out of memory");
}

Test(dataset, slices_share_storage_and_outlive_their_origin)
{
    pn_dataset *const dataset = create();
    pn_dataset *slice, *part;
    cr_assert_eq(pn_dataset_slice(dataset, 1, 4, &slice), PN_OK);
    cr_assert_eq(pn_dataset_slice(slice, 1, 2, &part), PN_OK);
    cr_assert_eq((const float *)part->samples, (const float *)dataset->samples + 12);
    pn_dataset_free(dataset);
    pn_dataset_free(slice);
    cr_assert_eq(pn_dataset_count(part), 2);
    cr_assert_eq(((const float *)part->samples)[0], 20.0f);
    cr_assert_eq(((const float *)part->samples)[11], 35.0f);
    const int32_t labels[] = {1, 7};
    cr_assert_arr_eq(pn_dataset_labels(part), labels, sizeof labels);
    size_t shape[PN_MAX_RANK];
    cr_assert_eq(pn_dataset_shape(part, shape), 2);
    cr_assert(shape[0] == 2 && shape[1] == 3);
    pn_dataset_free(part);
}

Test(dataset, slices_count_their_own_classes)
{
    pn_dataset *const dataset = create();
    cr_assert_eq(pn_dataset_classes(dataset), 8);
    pn_dataset *slice;
    cr_assert_eq(pn_dataset_slice(dataset, 1, 2, &slice), PN_OK);
    cr_assert_eq(pn_dataset_classes(slice), 2);
    pn_dataset_free(slice);
    cr_assert_eq(pn_dataset_slice(dataset, 0, 5, &slice), PN_OK);
    cr_assert_eq(pn_dataset_classes(slice), 8);
    pn_dataset_free(slice);
    pn_dataset_free(dataset);
}

Test(dataset, refuses_slices_beyond_its_ends)
{
    pn_dataset *const dataset = create();
    static const size_t bad[][2] = {{0, 0},       {0, 6},        {5, 1},        {5, 0},
                                    {4, 2},       {SIZE_MAX, 2}, {2, SIZE_MAX}, {3, SIZE_MAX - 1},
                                    {6, SIZE_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pn_dataset *slice = dataset;
        cr_assert_eq(pn_dataset_slice(dataset, bad[i][0], bad[i][1], &slice), PN_ERROR_USAGE);
        cr_assert_null(slice);
        expect_message("of the 5 of the data set");
    }
    pn_dataset_free(dataset);
}

Test(dataset, free_takes_null)
{
    pn_dataset_free(NULL);
}

/* Expected counts: Python's math.floor(n * (1.0 - split)); 10 and 0.8, 1000 and 0.9 come out just
 * below a whole number. */
Test(split, follows_keras)
{
    static const struct {
        size_t count;
        double split;
        size_t train;
    } cases[] = {{60000, 0.2, 48000},
                 {4800, 0.2, 3840},
                 {10, 0.1, 9},
                 {10, 0.3, 7},
                 {10, 0.7, 3},
                 {10, 0.8, 1},
                 {10, 0.89, 1},
                 {3, 0.5, 1},
                 {1000, 0.7, 300},
                 {1000, 0.9, 99},
                 {100, 0.29, 71},
                 {1000, 0.001, 999},
                 {60000, 1.0 / 3.0, 40000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t train = 0;
        cr_assert_eq(dataset_split(cases[i].count, cases[i].split, &train), PN_OK);
        cr_assert_eq(train, cases[i].train, "%zu samples, split %g: %zu", cases[i].count,
                     cases[i].split, train);
    }
}

Test(split, of_0_keeps_all_for_training)
{
    size_t train = 0;
    cr_assert_eq(dataset_split(10, 0.0, &train), PN_OK);
    cr_assert_eq(train, 10);
    cr_assert_eq(dataset_split(10, -0.0, &train), PN_OK);
    cr_assert_eq(train, 10);
}

static void refuse_split(size_t count, double split, const char *words)
{
    size_t train = 77;
    cr_assert_eq(dataset_split(count, split, &train), PN_ERROR_USAGE);
    cr_assert_eq(train, 77);
    expect_message("validation split");
    expect_message(words);
}

Test(split, refuses_what_leaves_a_part_empty)
{
    refuse_split(60000, 1.0,
                 "validation split 1 leaves no training samples; give a number from 0 to "
                 "below 1");
    refuse_split(10, 0.9, "0.9 of 10 samples leaves no training samples");
    refuse_split(10, 0.95, "0.95 of 10 samples leaves no training samples");
    refuse_split(10, 1e-300, "1e-300 of 10 samples leaves no validation samples");
    refuse_split(1, 0.5, "leaves no training samples");
}

Test(split, refuses_what_is_no_share)
{
    refuse_split(10, -0.1, "-0.1 is not a share");
    refuse_split(10, NAN, "nan is not a share");
    refuse_split(10, INFINITY, "inf leaves no training samples");
    refuse_split(10, 1.5, "1.5 leaves no training samples");
}
