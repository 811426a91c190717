#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engine/data/dataset.h"
#include "simd/cpu.h"
#include "simd/simd.h"
#include "tests/data/scratch.h"

static const size_t image[] = {28, 28};

static pn_dataset *create(size_t count, size_t rank, const size_t *shape, size_t classes,
                          uint32_t seed)
{
    pn_dataset *dataset;
    cr_assert_eq(pn_dataset_synthetic(count, rank, shape, classes, seed, &dataset), PN_OK, "%s",
                 pn_error_message());
    return dataset;
}

static bool equal_samples(const pn_dataset *a, const pn_dataset *b, size_t count)
{
    return memcmp(a->samples, b->samples, count * a->sample_size) == 0 &&
           memcmp(a->labels, b->labels, count * sizeof *a->labels) == 0;
}

Test(synthetic, is_what_was_asked_for)
{
    const size_t shape[] = {3, 5, 7};
    pn_dataset *const dataset = create(1000, 3, shape, 4, 9);
    cr_assert_eq(pn_dataset_count(dataset), 1000);
    cr_assert_eq(pn_dataset_dtype(dataset), PN_U8);
    cr_assert_eq(pn_dataset_classes(dataset), 4);
    size_t got[PN_MAX_RANK];
    cr_assert_eq(pn_dataset_shape(dataset, got), 3);
    cr_assert_arr_eq(got, shape, sizeof shape);
    pn_dataset_free(dataset);
}

/* Pinned: a change of these bytes is a change of every result on synthetic data. */
static void expect_golden_bytes(void)
{
    pn_dataset *const dataset = create(1000, 2, image, 10, 1);
    const XXH128_hash_t samples = XXH3_128bits(dataset->samples, 784000);
    const XXH128_hash_t labels = XXH3_128bits(dataset->labels, 4000);
    char digits[2][33];
    snprintf(digits[0], 33, "%016llx%016llx", (unsigned long long)samples.high64,
             (unsigned long long)samples.low64);
    snprintf(digits[1], 33, "%016llx%016llx", (unsigned long long)labels.high64,
             (unsigned long long)labels.low64);
    cr_assert_str_eq(digits[0], "ad9937568efdc3f9a257439344afca81");
    cr_assert_str_eq(digits[1], "0144f14d765eec4078344efd917813dc");
    pn_dataset_free(dataset);
}

/* With each table of kernels that this machine can run. */
Test(synthetic, has_the_same_bytes_everywhere)
{
    const uint32_t hidden[] = {0, SIMD_CPU_AVX512, SIMD_CPU_AVX512 | SIMD_CPU_AVX2, UINT32_MAX};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        simd_cpu_hide(hidden[i]);
        expect_golden_bytes();
    }
    cr_assert_str_eq(simd_best()->name, "scalar"); /* features were hidden indeed */
}

Test(synthetic, first_samples_do_not_depend_on_the_count)
{
    pn_dataset *const few = create(10, 2, image, 10, 1);
    pn_dataset *const many = create(100, 2, image, 10, 1);
    cr_assert(equal_samples(few, many, 10));
    pn_dataset_free(few);
    pn_dataset_free(many);
}

Test(synthetic, depends_on_the_seed)
{
    pn_dataset *const one = create(100, 2, image, 10, 1);
    pn_dataset *const two = create(100, 2, image, 10, 2);
    cr_assert_neq(memcmp(one->samples, two->samples, 78400), 0);
    cr_assert_neq(memcmp(one->labels, two->labels, 400), 0);
    pn_dataset_free(one);
    pn_dataset_free(two);
}

Test(synthetic, draws_classes_evenly)
{
    const size_t shape[] = {1};
    pn_dataset *const dataset = create(10000, 1, shape, 10, 1);
    int counts[10] = {0};
    for (size_t i = 0; i < 10000; i++) {
        cr_assert_geq(dataset->labels[i], 0);
        cr_assert_lt(dataset->labels[i], 10);
        counts[dataset->labels[i]]++;
    }
    for (int i = 0; i < 10; i++) {
        cr_assert(counts[i] > 900 && counts[i] < 1100, "class %d: %d samples", i, counts[i]);
    }
    pn_dataset_free(dataset);
}

Test(synthetic, takes_any_shape)
{
    static const size_t shapes[][PN_MAX_RANK] = {{1, 1, 1, 1, 1, 1, 1, 1},
                                                 {2, 3, 1, 5, 2, 1, 3, 2},
                                                 {16, 1, 9, 8, 1, 1, 1, 1},
                                                 {1, 1, 1, 1, 1, 1, 1, 97}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        pn_dataset *const dataset = create(20, PN_MAX_RANK, shapes[i], 3, 1);
        pn_dataset_free(dataset);
        for (size_t rank = 1; rank < PN_MAX_RANK; rank++) {
            pn_dataset_free(create(20, rank, shapes[i], 1, 1));
        }
    }
}

Test(synthetic, refuses_what_makes_no_sense)
{
    static const struct {
        size_t count, rank, size, classes;
        pn_status status;
        const char *words;
    } bad[] = {{0, 1, 1, 10, PN_ERROR_USAGE, "0 samples"},
               {1, 0, 1, 10, PN_ERROR_USAGE, "rank 0"},
               {1, 1, 0, 10, PN_ERROR_USAGE, "is 0"},
               {1, 1, 1, 0, PN_ERROR_USAGE, "0 classes"},
               {1, 1, 1, (size_t)1 << 31, PN_ERROR_USAGE, "2147483648 classes"},
               {1, 1, (size_t)1 << 31, 10, PN_ERROR_USAGE, "2147483648 elements"},
               {1, 1, (size_t)1 << 30, INT32_MAX, PN_ERROR_FAILED, "out of memory"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pn_dataset *dataset = (pn_dataset *)&dataset;
        cr_assert_eq(pn_dataset_synthetic(bad[i].count, bad[i].rank, &bad[i].size, bad[i].classes,
                                          1, &dataset),
                     bad[i].status);
        cr_assert_null(dataset);
        expect_message(bad[i].words);
    }
}

/* Share of `test` that is nearest to the mean of its class in `train`. */
static double nearest_mean_accuracy(const pn_dataset *train, const pn_dataset *test)
{
    enum { SIZE = 784, CLASSES = 10 };
    static double means[CLASSES][SIZE];
    size_t counts[CLASSES] = {0};
    const uint8_t *pixels = train->samples;
    for (size_t i = 0; i < train->count; i++, pixels += SIZE) {
        counts[train->labels[i]]++;
        for (size_t j = 0; j < SIZE; j++) {
            means[train->labels[i]][j] += pixels[j];
        }
    }
    size_t right = 0;
    pixels = test->samples;
    for (size_t i = 0; i < test->count; i++, pixels += SIZE) {
        int best = -1;
        double best_distance = 0.0;
        for (int class = 0; class < CLASSES; class ++) {
            double distance = 0.0;
            for (size_t j = 0; j < SIZE; j++) {
                const double difference = pixels[j] - means[class][j] / (double)counts[class];
                distance += difference * difference;
            }
            if (best < 0 || distance < best_distance) {
                best = class;
                best_distance = distance;
            }
        }
        right += best == test->labels[i];
    }
    return (double)right / (double)test->count;
}

/* Something to learn, even for the simplest learner, and something no learner gets right. */
Test(synthetic, can_be_learnt_but_not_wholly)
{
    pn_dataset *const all = create(4000, 2, image, 10, 1);
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_slice(all, 0, 3000, &train), PN_OK);
    cr_assert_eq(pn_dataset_slice(all, 3000, 1000, &test), PN_OK);
    const double accuracy = nearest_mean_accuracy(train, test);
    cr_assert(accuracy > 0.5 && accuracy < 0.9, "accuracy %g", accuracy);
    pn_dataset_free(all);
    pn_dataset_free(train);
    pn_dataset_free(test);
}
