/*
 * Seeded mutants of good files: each loads or is refused with a message, and what loads is whole.
 * PINION_TEST_SEED replays or varies a run.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/data/philox.h"
#include "tests/data/scratch.h"

TestSuite(idx_mutants, .init = scratch_create, .fini = scratch_remove);

static uint32_t seed = 1;

struct dice {
    uint32_t mutant, roll;
};

/* 0..n-1 */
static uint32_t roll(struct dice *dice, uint32_t n)
{
    const uint32_t key[] = {seed, 0};
    const uint32_t counter[] = {dice->mutant, dice->roll++, 0, 0};
    uint32_t words[4];
    philox(key, counter, words);
    return (uint32_t)(((uint64_t)words[0] * n) >> 32);
}

/* One to four changes: a bit, a byte, an interesting byte, a cut, a repetition. */
static void mutate(struct bytes *bytes, struct dice *dice)
{
    static const uint8_t interesting[] = {0x00, 0x01, 0x03, 0x08, 0x09, 0x7f, 0x80, 0xff};
    const uint32_t changes = 1 + roll(dice, 4);
    for (uint32_t i = 0; i < changes && bytes->size > 0; i++) {
        const uint32_t size = (uint32_t)bytes->size;
        /* Half of them in the headers. */
        const uint32_t at = roll(dice, roll(dice, 2) && size > 20 ? 20 : size);
        switch (roll(dice, 8)) {
        case 0:
        case 1:
            bytes->data[at] ^= (uint8_t)(1u << roll(dice, 8));
            break;
        case 2:
        case 3:
            bytes->data[at] = (uint8_t)roll(dice, 256);
            break;
        case 4:
        case 5:
            bytes->data[at] = interesting[roll(dice, sizeof interesting)];
            break;
        case 6:
            bytes->size = at;
            break;
        default: {
            const uint32_t length = 1 + roll(dice, size - at);
            memmove(bytes->data + at + length, bytes->data + at, size - at);
            bytes->size += length;
            break;
        }
        }
    }
}

struct outcome {
    int loaded, refused;
};

static void try(const char *images, const char *labels, uint32_t mutant, struct outcome *outcome)
{
    pn_dataset *dataset;
    const pn_status status = pn_dataset_load_idx(images, labels, &dataset);
    if (status != PN_OK) {
        cr_assert_eq(status, PN_ERROR_DATA, "seed %u mutant %u: status %d: %s", seed, mutant,
                     status, pn_error_message());
        cr_assert_null(dataset);
        expect_message(strstr(pn_error_message(), labels) ? labels : images);
        outcome->refused++;
        return;
    }
    size_t size = pn_dataset_count(dataset);
    for (size_t i = 0; i < dataset->rank; i++) {
        size *= dataset->shape[i];
    }
    cr_assert_leq(size, SCRATCH_MAX);
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += ((const uint8_t *)dataset->samples)[i];
    }
    for (size_t i = 0; i < pn_dataset_count(dataset); i++) {
        cr_assert_geq(pn_dataset_labels(dataset)[i], 0);
        cr_assert_lt(pn_dataset_labels(dataset)[i], (int32_t)pn_dataset_classes(dataset));
        sum += (unsigned)pn_dataset_labels(dataset)[i];
    }
    cr_assert_leq(sum, 255 * (size + pn_dataset_count(dataset)));
    pn_dataset_free(dataset);
    outcome->loaded++;
}

/* How a mutant comes to be. */
enum recipe { PLAIN, PACKED, MEMBERS, MUTATED_BEFORE_PACKING };

static void run(enum recipe recipe, bool of_labels, uint32_t first, uint32_t count)
{
    const char *const given = getenv("PINION_TEST_SEED");
    seed = given ? (uint32_t)strtoul(given, NULL, 0) : seed;
    struct bytes *const bytes = bytes_create();
    struct bytes *const packed = bytes_create();
    struct outcome outcome = {0, 0};

    put_images(bytes);
    char images[4096];
    char labels[4096];
    snprintf(images, sizeof images, "%s", scratch_write("images", bytes->data, bytes->size));
    bytes->size = 0;
    put_labels(bytes);
    snprintf(labels, sizeof labels, "%s", scratch_write("labels", bytes->data, bytes->size));

    for (uint32_t mutant = first; mutant < first + count; mutant++) {
        struct dice dice = {mutant, 0};
        bytes->size = packed->size = 0;
        (of_labels ? put_labels : put_images)(bytes);
        if (recipe == PLAIN || recipe == MUTATED_BEFORE_PACKING) {
            mutate(bytes, &dice);
        }
        if (recipe == PLAIN) {
            put(packed, bytes->data, bytes->size);
        } else if (recipe == MEMBERS) {
            const size_t cut = roll(&dice, (uint32_t)bytes->size);
            put_gzip(packed, bytes->data, cut);
            put_gzip(packed, bytes->data + cut, bytes->size - cut);
        } else {
            put_gzip(packed, bytes->data, bytes->size);
        }
        if (recipe == PACKED || recipe == MEMBERS) {
            mutate(packed, &dice);
        }
        const char *const path = scratch_write("mutant", packed->data, packed->size);
        try(of_labels ? images : path, of_labels ? path : labels, mutant, &outcome);
    }
    /* Both outcomes happen, or the mutations prove nothing. */
    cr_assert_gt(outcome.loaded, 0);
    cr_assert_gt(outcome.refused, (int)count / 4);
    free(bytes);
    free(packed);
}

Test(idx_mutants, plain_images)
{
    run(PLAIN, false, 0, 1500);
}

Test(idx_mutants, plain_labels)
{
    run(PLAIN, true, 10000, 1500);
}

Test(idx_mutants, gzip_images)
{
    run(PACKED, false, 20000, 1500);
}

Test(idx_mutants, gzip_labels)
{
    run(PACKED, true, 30000, 1500);
}

Test(idx_mutants, gzip_members)
{
    run(MEMBERS, false, 40000, 1500);
}

Test(idx_mutants, gzip_of_mutants)
{
    run(MUTATED_BEFORE_PACKING, false, 50000, 1500);
}
