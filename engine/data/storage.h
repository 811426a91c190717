/* data/storage.h: how data sets come into being. */
#ifndef PINION_DATA_STORAGE_H
#define PINION_DATA_STORAGE_H

#include "engine/data/dataset.h"

/* Bytes before the first sample that belong to the storage too: room for a file's header that is
 * unpacked together with the samples. */
enum { DATASET_MARGIN = 64 };

/* What a new data set holds, and where to write it. */
struct dataset_content {
    pn_dtype dtype;
    size_t count;
    size_t rank;
    const size_t *shape; /* [rank], of one sample */
    bool labelled;
    const char *label_file; /* where the labels come from, copied; NULL: from memory */
    unsigned char *samples; /* set: [count, sample size], aligned, zeroed */
    int32_t *labels;        /* set: [count], or NULL */
};

/* A data set with storage of its own. PN_ERROR_USAGE for counts, ranks and sizes of zero or beyond
 * what can be addressed. */
pn_status dataset_create(struct dataset_content *content, pn_dataset **dataset);

/* Counts the classes, after labels were written. */
void dataset_count_classes(pn_dataset *dataset);

#endif
