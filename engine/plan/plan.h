/*
 * plan/plan.h: network + batch size + team -> what to compute, in which buffers, and who does it.
 * The only place that knows both a layer and a kernel.
 *
 * A training step is two phases with a barrier behind each:
 *
 * - rows: each thread takes its rows of the batch through gather, all forward steps, the loss, and
 *   back to the gradient of the first dense layer's output. Rows never meet. Wide dense steps of
 *   small batches go by columns instead, with a barrier before and behind each.
 *
 * - tiles: each thread takes its tiles of every weight matrix: gradient over the whole batch,
 *   optimizer applied while the tile is in registers.
 *
 * Which rows and tiles a thread takes changes no bit of the result.
 */
#ifndef PINION_PLAN_PLAN_H
#define PINION_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/model/model.h"
#include "engine/pinion.h"
#include "simd/simd.h"

/* A matrix of floats [rows, columns]; columns beyond the last are zero up to whole panels. The
 * stride is an odd number of cache lines, so that a column of a tile spreads over the cache's sets.
 */
struct plan_buffer {
    char name[48];
    size_t columns;
    size_t stride;
    bool passing; /* nobody reads a row once its block is through: a thread's blocks share it */
};

/* A dense layer's weights as kernels want them. Offsets count floats from the start of the arenas.
 */
struct plan_weight {
    size_t layer; /* index in the model */
    size_t k, n;  /* kernel [k, n] */
    size_t nr, panels;
    bool backward;      /* a gradient flows through: the transposed panels are kept too */
    bool by_columns;    /* its step goes by columns, and each panel's tiles have one owner */
    size_t offset;      /* panels [k, n], and its slots */
    size_t bias_offset; /* [n padded], and its slots, in the same arenas */
    size_t transposed_offset;
};

enum plan_op {
    PLAN_GATHER,         /* samples -> output, converted, scale and offset applied */
    PLAN_DENSE,          /* output = epilogue(input · W + b) */
    PLAN_ACTIVATION,     /* output = f(input) */
    PLAN_DROPOUT,        /* output = kept input * scale, or 0 */
    PLAN_RESCALE,        /* output = input * scale + offset */
    PLAN_SOFTMAX,        /* output = softmax(input) */
    PLAN_LOSS,           /* loss and hits of each row; output = gradient of the logits `input` */
    PLAN_DENSE_GRADIENT, /* output = epilogue(input · Wᵀ), `forward` the layer's input */
    PLAN_ACTIVATION_GRADIENT, /* output = input * f'(before, forward = f(before)) */
    PLAN_DROPOUT_GRADIENT,    /* the mask of PLAN_DROPOUT again */
    PLAN_OP_COUNT
};

struct plan_step {
    enum plan_op op;
    size_t layer;        /* index in the model that it belongs to */
    size_t weight;       /* of dense steps */
    int input, output;   /* buffers */
    int forward, before; /* gradients: buffers of the forward pass */
    enum simd_epilogue epilogue;
    enum simd_activation activation;
    float alpha;
    float scale, offset;
    uint32_t threshold; /* dropout: words below it drop the element */
    /* Dense: each thread takes all rows through its panels of W, which stay in its cache from one
     * update to the next; by rows every thread reads all of W, most of it from other caches. */
    bool by_columns;
};

/* Steps over rows, in order, and the buffers that they use. */
struct program {
    struct plan_buffer *buffers;
    size_t buffer_count;
    struct plan_step *steps;
    size_t step_count;
    int output;        /* buffer that holds logits (training, loss) or outputs (prediction) */
    size_t row_floats; /* sum of the buffers' strides */
};

/* Rows [first_row, first_row + rows) of consecutive panels of one weight. */
struct plan_tiles {
    size_t weight, first_panel, panels, first_row, rows;
};

enum plan_mode { PLAN_TRAIN, PLAN_EVALUATE, PLAN_PREDICT };

struct plan {
    const struct simd_kernels *kernels;
    size_t batch;
    size_t threads;
    pn_dtype dtype; /* of the samples */
    enum plan_mode mode;
    size_t row_block; /* rows that go through the whole program at a time */
    /* The first weight's tiles convert the samples once more. */
    bool gather_again;
    struct plan_weight *weights;
    size_t weight_count;
    /* For each weight, in ascending layers: buffers of the training program. */
    int *weight_input;      /* the layer's input X */
    int *weight_gradient;   /* dY */
    size_t weights_size;    /* floats of the panels and biases */
    size_t transposed_size; /* floats of the transposed panels */
    size_t slots;
    struct program program;
    struct plan_tiles *tiles; /* in order of memory */
    size_t *tile_start;       /* [threads + 1]: thread t has tiles [t], [t + 1) */
};

/* Plans for `mode`. The model must be compiled for PLAN_TRAIN and end in softmax for PLAN_TRAIN and
 * PLAN_EVALUATE. */
pn_status plan_build(const struct pn_model *model, enum plan_mode mode, pn_dtype dtype,
                     size_t batch, size_t threads, const struct simd_kernels *kernels,
                     struct plan *plan);
void plan_free(struct plan *plan);

/* Threads that pay for this network and batch: at least PLAN_GRAIN multiply-adds for each. */
size_t plan_useful_threads(const struct pn_model *model, size_t batch);

/* The first of rows that thread t of `threads` takes, of `rows`. t == threads gives rows. */
static inline size_t plan_first_row(size_t rows, size_t threads, size_t t)
{
    return rows * t / threads;
}

/* The same of a weight's panels, for steps by columns. */
static inline size_t plan_first_panel(const struct plan_weight *weight, size_t threads, size_t t)
{
    return weight->panels * t / threads;
}

/* The plan as text. *text is freed with pn_string_free. */
pn_status plan_explain(const struct pn_model *model, const struct plan *plan, const char *placement,
                       char **text);

#endif
