/*
 * format/model_file.h: what a model file holds, whatever its format: the texts of Keras's configs,
 * named arrays in Keras's order, and pinion's own state. A format is one codec between bytes and
 * this; from_model.c and to_model.c stand between this and a model.
 */
#ifndef PINION_FORMAT_MODEL_FILE_H
#define PINION_FORMAT_MODEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/model/model.h"

enum {
    FILE_MAX_NAME = 1024, /* bytes of a layer's or an array's name */
    FILE_MAX_LAYERS = 10000,
    FILE_MAX_ARRAYS = 40000 /* of a layer, of an optimizer */
};

/* Floats of any width become f32, integers i64. */
enum file_dtype { FILE_F32 = 1, FILE_I64 = 2 };

struct file_array {
    char *name; /* as the file says: "dense_8/kernel:0" */
    enum file_dtype dtype;
    size_t rank; /* 0: a scalar */
    size_t shape[PN_MAX_RANK];
    size_t count;
    const void *values; /* row-major */
    void *storage;      /* what to free; NULL if the values belong to someone else */
};

struct file_arrays {
    struct file_array *items;
    size_t count, capacity;
};

struct file_layer {
    char *name;
    struct file_arrays weights;
};

/* What pinion needs to go on exactly, and Keras ignores. */
struct file_state {
    bool present;
    uint64_t recipe, seed, steps, epochs;
    double beta_1_power, beta_2_power;
    /* How far an interrupted epoch came: struct epoch_progress. */
    uint64_t batches, batch_size, samples, shuffled, hits;
    double loss_sum;
    char version[32];  /* of the pinion that wrote it */
    char checksum[33]; /* XXH3-128 over everything else here, see model_file_checksum */
};

/* The numbers of a state, by name: what a format stores. */
struct file_state_field {
    const char *name;
    size_t offset;
    bool real; /* double, else uint64_t */
};
enum { FILE_STATE_FIELDS = 12 };
extern const struct file_state_field file_state_fields[FILE_STATE_FIELDS];

struct model_file {
    char *model_config;
    char *training_config;     /* NULL: not compiled */
    struct file_layer *layers; /* in model order, with or without weights */
    size_t layer_count, layer_capacity;
    struct file_arrays optimizer; /* Keras's optimizer variables, in their order */
    struct file_state state;
    struct file_arrays slots; /* pinion's: for each parameter in order, each of its slots */
    void *mapping;            /* where arrays may point into, unmapped by model_file_free */
    size_t mapping_size;
};

void model_file_free(struct model_file *file);

/* Adds a layer, an array; names are copied. The array's values may be set later. NULL: out of
 * memory or over a limit above. */
struct file_layer *model_file_add_layer(struct model_file *file, const char *name);
struct file_array *file_arrays_add(struct file_arrays *arrays, const char *name,
                                   enum file_dtype dtype, size_t rank, const size_t *shape);

size_t file_dtype_size(enum file_dtype dtype);

/* Whether the array holds floats of the parameter's shape. */
bool file_array_fits(const struct file_array *array, const struct parameter *parameter);

/* 32 hexadecimal digits over configs, layers, arrays and state, but Keras's optimizer variables. */
pn_status model_file_checksum(const struct model_file *file, char digits[33]);

/* `file` borrows the model's arrays: it must not outlive them or see them change. */
pn_status model_file_from_model(const pn_model *model, struct model_file *file);

/* Builds the model. `path` is for messages. What cannot be used but is not needed (an optimizer of
 * another kind, its state) is left out with a warning through the log. */
pn_status model_file_to_model(const struct model_file *file, const char *path, pn_model **model);

/* Fills steps and slots of a compiled model from the optimizer variables that Keras 2 (both of its
 * optimizers) or Keras 3 wrote. False, with nothing changed, if they are not clearly its own. */
bool optimizer_state_restore(pn_model *model, const struct file_arrays *variables);

#endif
