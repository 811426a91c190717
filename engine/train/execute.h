/* train/execute.h: runs the steps of a plan over rows, and the updates over tiles. */
#ifndef PINION_TRAIN_EXECUTE_H
#define PINION_TRAIN_EXECUTE_H

#include "engine/data/dataset.h"
#include "engine/plan/plan.h"
#include "engine/train/profile.h"
#include "engine/train/weights.h"

/* The buffers of a program for `rows` rows, and what each row brings and gives. */
struct workspace {
    struct arena arena;
    size_t rows;
    float **buffers;      /* [buffer_count], each [rows, stride] */
    const void **samples; /* [rows] where each row's sample lies */
    int32_t *labels;      /* [rows] */
    float *losses;        /* [rows] */
    uint8_t *hits;        /* [rows] 1: the largest output is the label's */
};

pn_status workspace_map(struct workspace *workspace, const struct plan *plan, size_t rows);
void workspace_free(struct workspace *workspace);

/* What a run over rows needs beside its workspace. */
struct row_job {
    const struct plan *plan;
    const struct pn_model *model;
    const struct weights *weights;
    size_t thread;               /* whose scratch memory to use, and whose columns to take */
    float gradient_scale;        /* 1 / rows of the batch */
    uint64_t step;               /* for dropout */
    struct profile_clock *clock; /* NULL: nobody asks where the time goes */
};

/* Points rows [first, first + count) at samples: sample of row r is indices[r], or r + base where
 * indices is NULL. */
void workspace_fill(struct workspace *workspace, const pn_dataset *dataset, const uint32_t *indices,
                    size_t base, size_t first, size_t count);

/* Takes rows [first, first + count) of the workspace through the plan's steps from `step` on, up to
 * the first that goes by columns. Returns its index, or the number of steps. */
size_t execute_rows(const struct row_job *job, struct workspace *workspace, size_t step,
                    size_t first, size_t count);

/* The thread's columns of a step that goes by columns, for all rows [0, rows). */
void execute_columns(const struct row_job *job, struct workspace *workspace, size_t step,
                     size_t rows);

/* Updates the tiles of thread `thread` from the gradients of rows [0, batch_rows). `clock` as in
 * row_job. */
void execute_tiles(const struct plan *plan, struct weights *weights,
                   const struct workspace *workspace, size_t batch_rows, size_t thread,
                   const struct simd_optimizer_step *step, const struct pn_model *model,
                   struct profile_clock *clock);

#endif
