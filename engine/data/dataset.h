/* data/dataset.h: samples as they came (u8 stays u8) with their labels. */
#ifndef PINION_DATA_DATASET_H
#define PINION_DATA_DATASET_H

#include "engine/pinion.h"

struct dataset_storage; /* reference-counted; shared by slices */

struct pn_dataset {
    struct dataset_storage *storage;
    const void *samples;    /* [count, sample_size] of dtype */
    const int32_t *labels;  /* [count] or NULL */
    const char *label_file; /* where the labels were read, in the storage; NULL: from memory */
    size_t first;           /* number of the first sample in that file */
    pn_dtype dtype;
    size_t count; /* 1 to UINT32_MAX, which dataset_shuffle can number */
    size_t rank;
    size_t shape[PN_MAX_RANK]; /* of one sample */
    size_t sample_size;        /* elements of one sample */
    size_t classes;            /* largest label of these samples + 1 */
};

/* Number of training samples that validation_split leaves: floor(count * (1.0 - split)) in double,
 * as Keras computes it; all of them for split 0. PN_ERROR_USAGE where a split above 0 leaves either
 * part empty, or split is not in [0, 1). */
pn_status dataset_split(size_t count, double validation_split, size_t *train_count);

/* order = the permutation of 0..n-1 of this epoch (from 0): Fisher-Yates from the end, j = (word *
 * (i + 1)) >> 32 with the Philox word of element i, purpose RANDOM_SHUFFLE, step = epoch. */
void dataset_shuffle(uint32_t *order, size_t n, uint32_t seed, uint64_t epoch);

#endif
