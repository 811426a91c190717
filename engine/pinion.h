/*
 * pinion.h: trains dense neural networks on CPU cores. The whole public interface.
 *
 * The words are Keras's: a model is a stack of layers; compile it, fit it, evaluate it, predict.
 * Same seed, same bits: the trained weights do not depend on the number of threads, on where they
 * run, or on the instruction set.
 *
 * Every function that can fail returns a pn_status, which is also a sensible exit code for a
 * program; pn_error_message() then holds one line with what failed, where, and what to do. Nothing
 * here prints or exits. Handles belong to the caller: free them with the matching _free, which
 * takes NULL. A handle may be used by one thread at a time; different handles by different threads.
 *
 * Option structs start with struct_size: get one from its _default() function, then change fields.
 */
#ifndef PINION_H
#define PINION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PN_API __attribute__((visibility("default")))
#else
#define PN_API
#endif

/* --- errors ------------------------------------------------------------------------------------
 */

typedef enum pn_status {
    PN_OK = 0,
    PN_ERROR_FAILED = 1,     /* the work failed: out of memory, diverged where that was an error */
    PN_ERROR_USAGE = 2,      /* an argument makes no sense */
    PN_ERROR_DATA = 65,      /* a data set or model file holds something wrong */
    PN_ERROR_NOT_FOUND = 66, /* no such input */
    PN_ERROR_INTERNAL = 70,  /* a bug in pinion */
    PN_ERROR_IO = 74,        /* reading or writing failed */
    PN_ERROR_INTERRUPTED = 130 /* pn_interrupt() ended a fit early; what was learnt is kept */
} pn_status;

/* One line about the last failure in this thread: what, where, what to do. Never NULL. */
PN_API const char *pn_error_message(void);

/* "0.1.0", and the number of the numeric recipe: equal recipes give equal bits. */
PN_API const char *pn_version(void);
PN_API int pn_recipe(void);

typedef enum pn_log_level { PN_LOG_INFO, PN_LOG_WARNING } pn_log_level;

/* Where the library says things that are not errors (the placement line, a NaN loss). Without a
 * callback it stays silent. The callback may be called from the thread that called pinion only. */
typedef void (*pn_log_fn)(pn_log_level level, const char *message, void *user);
PN_API void pn_set_log(pn_log_fn log, void *user);

/* --- data sets ---------------------------------------------------------------------------------
 */

typedef struct pn_dataset pn_dataset;

typedef enum pn_dtype { PN_U8, PN_F32 } pn_dtype;

enum { PN_MAX_RANK = 8 };

/*
 * Loads a known data set ("fashion-mnist": in the folder that the environment's PINION_DATA_DIR
 * names, else where Debian's package dataset-fashion-mnist or Keras puts it;
 * "synthetic": 10 classes of 28x28 u8 images drawn by a generator, seed 1) or a folder that holds
 * {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz. Samples stay u8.
 * `train` or `test` may be NULL and is not read then. PN_ERROR_NOT_FOUND, PN_ERROR_DATA,
 * PN_ERROR_IO.
 */
PN_API pn_status pn_dataset_load(const char *name_or_folder, pn_dataset **train, pn_dataset **test);

/* Loads one pair of IDX files (.gz or plain): u8 samples of any rank, u8 labels.
 * labels NULL: data that is only predicted. */
PN_API pn_status pn_dataset_load_idx(const char *images, const char *labels, pn_dataset **dataset);

/* `count` u8 samples of `shape`, labels 0..classes-1, drawn from `seed`: each class is a smooth
 * pattern, each sample that pattern shifted, mixed with some of another class's, weakened and with
 * noise. The first samples do not depend on `count`; no network gets all of them right. */
PN_API pn_status pn_dataset_synthetic(size_t count, size_t rank, const size_t *shape,
                                      size_t classes, uint32_t seed, pn_dataset **dataset);

/* Copies `count` samples of `shape` (row-major, of `dtype`) and their labels (>= 0; NULL for data
 * that is only predicted). */
PN_API pn_status pn_dataset_from_arrays(const void *samples, pn_dtype dtype, size_t count,
                                        size_t rank, const size_t *shape, const int32_t *labels,
                                        pn_dataset **dataset);

/* Samples [first, first + count) as a data set that shares the storage of `dataset`, which may be
 * freed before it. */
PN_API pn_status pn_dataset_slice(const pn_dataset *dataset, size_t first, size_t count,
                                  pn_dataset **slice);

PN_API void pn_dataset_free(pn_dataset *dataset);
PN_API size_t pn_dataset_count(const pn_dataset *dataset);
PN_API pn_dtype pn_dataset_dtype(const pn_dataset *dataset);
/* Rank of one sample; shape receives that many sizes. */
PN_API size_t pn_dataset_shape(const pn_dataset *dataset, size_t shape[PN_MAX_RANK]);
/* Largest label + 1; 0 without labels. */
PN_API size_t pn_dataset_classes(const pn_dataset *dataset);
/* [count], NULL without labels. */
PN_API const int32_t *pn_dataset_labels(const pn_dataset *dataset);

/* --- models ------------------------------------------------------------------------------------
 */

typedef struct pn_model pn_model;

typedef enum pn_layer_kind {
    PN_INPUT,
    PN_FLATTEN,
    PN_RESCALING,
    PN_DENSE,
    PN_DROPOUT,
    PN_ACTIVATION
} pn_layer_kind;

/* One layer to add. `name` NULL: Keras's automatic name (dense, dense_1, ...; an input is called
 * after the layer behind it); else letters, digits and _ . : / -, at most 255 bytes, unique in the
 * model. Fields that the kind does not use are ignored. */
typedef struct pn_layer {
    pn_layer_kind kind;
    const char *name;
    size_t rank;               /* input */
    size_t shape[PN_MAX_RANK]; /* input: shape of one sample */
    double scale, offset;      /* rescaling: x * scale + offset */
    size_t units;              /* dense */
    bool use_bias;             /* dense */
    const char *activation;    /* dense, activation: "relu", "softmax", ... NULL: linear */
    double rate;               /* dropout: share of elements dropped, 0 <= rate < 1 */
} pn_layer;

PN_API pn_layer pn_input(size_t rank, const size_t *shape);
PN_API pn_layer pn_flatten(void);
PN_API pn_layer pn_rescaling(double scale, double offset);
PN_API pn_layer pn_dense(size_t units, const char *activation);
PN_API pn_layer pn_dropout(double rate);
PN_API pn_layer pn_activation(const char *activation);

/* An empty Sequential model. `name` NULL: "sequential". `seed` decides initial weights, dropout and
 * shuffling. */
PN_API pn_status pn_model_create(const char *name, uint32_t seed, pn_model **model);
/* Adds a layer behind the last. The first must be an input; dense and softmax take flat samples;
 * softmax comes last. Dense weights are drawn at once: kernel Glorot uniform, bias zeros. The model
 * is unchanged on failure. PN_ERROR_USAGE, PN_ERROR_FAILED (memory). */
PN_API pn_status pn_model_add(pn_model *model, pn_layer layer);
/* A model from the JSON text of Keras's to_json() or get_config(), of Keras 2 or 3: Sequential, or
 * Functional if it is a chain. Layers, activations and initializers that pinion lacks are refused
 * by name; unknown keys are passed over. Regularizers, constraints, frozen weights and noise shapes
 * are kept in the config; such a model predicts, and evaluates without the penalties of
 * regularizers, but does not compile. PN_ERROR_DATA. */
PN_API pn_status pn_model_from_json(const char *json, uint32_t seed, pn_model **model);
PN_API void pn_model_free(pn_model *model);

PN_API size_t pn_model_parameters(const pn_model *model);
PN_API uint32_t pn_model_seed(const pn_model *model);
/* Epochs trained so far, and optimizer steps. */
PN_API size_t pn_model_epochs(const pn_model *model);
PN_API uint64_t pn_model_steps(const pn_model *model);

/* The look of Keras 2.9's summary(). *text is freed with pn_string_free. */
PN_API pn_status pn_model_summary(const pn_model *model, char **text);
/* get_config() as JSON text, with the keys of Keras 2.9. indent 0: one line. */
PN_API pn_status pn_model_config(const pn_model *model, int indent, char **json);
PN_API void pn_string_free(char *text);

/*
 * Weights in Keras's order (kernel [inputs, units], bias [units] of each layer in turn).
 * pn_model_weights gives tensor `index`: its values (valid until the model changes), rank and
 * shape; PN_ERROR_USAGE past the last. pn_model_set_weights replaces the values of one.
 */
PN_API pn_status pn_model_weights(const pn_model *model, size_t index, const float **values,
                                  size_t *rank, size_t shape[PN_MAX_RANK]);
PN_API pn_status pn_model_set_weights(pn_model *model, size_t index, const float *values,
                                      size_t count);
/* XXH3-128 over all weights in Keras's order as little-endian f32: 32 hexadecimal digits. Empty if
 * memory ran out. */
PN_API void pn_model_digest(const pn_model *model, char digest[33]);

/* --- compile -----------------------------------------------------------------------------------
 */

typedef enum pn_optimizer_kind { PN_SGD, PN_ADAM } pn_optimizer_kind;

typedef struct pn_optimizer {
    pn_optimizer_kind kind;
    double learning_rate;
    double momentum;                /* sgd */
    bool nesterov;                  /* sgd */
    double beta_1, beta_2, epsilon; /* adam */
} pn_optimizer;

/* Keras's defaults otherwise: beta_1 0.9, beta_2 0.999, epsilon 1e-7. */
PN_API pn_optimizer pn_adam(double learning_rate);
PN_API pn_optimizer pn_sgd(double learning_rate, double momentum, bool nesterov);

/* loss: "sparse_categorical_crossentropy"; it is computed from the logits, fused with the model's
 * closing softmax, which it must have. metrics: NULL or "accuracy". Numbers of the optimizer are
 * rounded to 32-bit floats: learning_rate >= 0, 0 <= momentum <= 1 (nesterov counts with momentum
 * only), 0 <= beta < 1, epsilon > 0. Compiling starts the optimizer anew. PN_ERROR_USAGE. */
PN_API pn_status pn_model_compile(pn_model *model, pn_optimizer optimizer, const char *loss,
                                  const char *metrics);
/* The optimizer of the compiled model; false if it was never compiled. */
PN_API bool pn_model_optimizer(const pn_model *model, pn_optimizer *optimizer);
/* Changes the rate, keeps the optimizer's state. */
PN_API pn_status pn_model_set_learning_rate(pn_model *model, double learning_rate);

/* --- fit, evaluate, predict --------------------------------------------------------------------
 */

typedef enum pn_bind { PN_BIND_AUTO, PN_BIND_NONE } pn_bind;

/* How to run. None of it changes a bit of the result. */
typedef struct pn_run_options {
    size_t struct_size;
    size_t threads;  /* 0: one for each usable core */
    pn_bind bind;    /* auto: each thread on its own core, unless the user's OpenMP settings say */
    const char *isa; /* NULL: PINION_ISA of the environment, else the best */
} pn_run_options;

PN_API pn_run_options pn_run_options_default(void);

/* What was known at the end of an epoch. */
typedef struct pn_epoch {
    size_t epoch;                  /* from 1 */
    double loss, accuracy;         /* accuracy: NaN if not compiled with it, as val_accuracy */
    double val_loss, val_accuracy; /* NaN without validation */
    double seconds;                /* of the training part */
    double samples_per_second;     /* of the training part */
    double val_seconds;
} pn_epoch;

typedef struct pn_history pn_history;

PN_API size_t pn_history_count(const pn_history *history);
PN_API const pn_epoch *pn_history_epochs(const pn_history *history);
/* A metric by Keras's name ("loss", "val_accuracy", ...) at an index of the history; NaN if it does
 * not exist. */
PN_API double pn_history_value(const pn_history *history, const char *name, size_t index);
/* The epoch (from 1) after which a callback stopped the fit, or 0. */
PN_API size_t pn_history_stopped_epoch(const pn_history *history);
/* The epoch (from 1) in which pn_interrupt() ended the fit, with the batches done of it, or 0. */
PN_API size_t pn_history_interrupted(const pn_history *history, size_t *batch);
/* The thread counts asked for and used, the table of kernels, the line about placement. */
PN_API size_t pn_history_threads(const pn_history *history, size_t *requested);
PN_API const char *pn_history_isa(const pn_history *history);
PN_API const char *pn_history_placement(const pn_history *history);
/* Seconds that planning and set-up took, and the whole fit. */
PN_API double pn_history_seconds(const pn_history *history, double *plan);
PN_API void pn_history_free(pn_history *history);

/* What a callback sees and may do. */
typedef struct pn_fit_view {
    pn_model *model;       /* read or saved, it is what the fit has learnt until then */
    const pn_epoch *epoch; /* on_epoch_end: values; on_batch_end: running loss and accuracy */
    size_t epochs;         /* index of the last epoch of this fit */
    size_t batch;          /* batches done of this epoch; where an interrupted one goes on, those of
                            * the fit before count too */
    size_t batches;        /* that an epoch has */
    bool interrupted;      /* on_train_end: pn_interrupt() ended the fit */
    bool stop;             /* set it to end the fit after this batch or epoch */
} pn_fit_view;

/* Hooks run on the calling thread, while the others wait. Each may be NULL. They may read the
 * model, save it, evaluate it (on the fit's threads) and change its learning rate. A status other
 * than PN_OK ends the fit with it, without on_train_end. The step that pn_interrupt() makes the
 * last one of an unfinished epoch has no on_batch_end and no on_epoch_end; on_train_end follows. */
typedef struct pn_callback {
    void *user;
    pn_status (*on_train_begin)(void *user, pn_fit_view *view);
    pn_status (*on_epoch_begin)(void *user, pn_fit_view *view);
    pn_status (*on_batch_end)(void *user, pn_fit_view *view);
    pn_status (*on_epoch_end)(void *user, pn_fit_view *view);
    pn_status (*on_train_end)(void *user, pn_fit_view *view);
    void (*free_user)(void *user);
} pn_callback;

/* Keras's EarlyStopping. monitor: "val_loss", "val_accuracy", "loss" or "accuracy". A fit that will
 * not know the metric is PN_ERROR_USAGE, here and for a checkpoint that saves the best only. */
typedef struct pn_early_stopping_options {
    size_t struct_size;
    const char *monitor; /* "val_loss" */
    size_t patience;     /* 0 */
    double min_delta;    /* 0 */
    bool restore_best_weights;
} pn_early_stopping_options;

PN_API pn_early_stopping_options pn_early_stopping_options_default(void);
PN_API pn_status pn_early_stopping(const pn_early_stopping_options *options, pn_callback *callback);

/* Keras's ModelCheckpoint: writes the whole model at the end of epochs. Where no epoch gave the
 * best a number, nothing is written and the log says so. */
typedef struct pn_checkpoint_options {
    size_t struct_size;
    const char *monitor; /* "val_loss" */
    bool save_best_only;
} pn_checkpoint_options;

PN_API pn_checkpoint_options pn_checkpoint_options_default(void);
/* Checks that `file` can be written before the first epoch. */
PN_API pn_status pn_model_checkpoint(const char *file, const pn_checkpoint_options *options,
                                     pn_callback *callback);
/* The epoch (from 1) that an early-stopping callback, or a checkpoint that saves the best only,
 * holds as best; else 0. */
PN_API size_t pn_callback_best_epoch(const pn_callback *callback);
PN_API void pn_callback_free(pn_callback *callback);

typedef struct pn_fit_options {
    size_t struct_size;
    size_t epochs;           /* index of the last epoch: a model that has trained 2 goes on at 3 */
    size_t batch_size;       /* 32 */
    double validation_split; /* the last part of the samples, taken before shuffling; 0 */
    const pn_dataset *validation_data; /* wins over validation_split */
    bool shuffle;                      /* true */
    pn_callback *callbacks;            /* called in this order */
    size_t callback_count;
    pn_run_options run;
} pn_fit_options;

PN_API pn_fit_options pn_fit_options_default(void);

/* Trains. `options` NULL: the defaults. `history` may be NULL; it is also set, with the epochs that
 * were finished, when the fit ends with PN_ERROR_INTERRUPTED.
 *
 * The next fit of an interrupted model, of one whose fit a hook ended with a status within an
 * epoch, or of one loaded from a file saved there, goes on within the epoch, behind the last step
 * done, if its batch_size, number of training samples and shuffle are those of that fit; else the
 * epoch begins anew, with the weights as they are. Nothing more is compared: that the samples are
 * the same is the caller's affair. */
PN_API pn_status pn_model_fit(pn_model *model, const pn_dataset *dataset,
                              const pn_fit_options *options, pn_history **history);
/* Asks running fits to end after the step they are in. A fit that has nothing left to do then ends
 * as if it had not been asked. Safe in a signal handler. */
PN_API void pn_interrupt(void);

/* The program that a fit with these options would run, as text: phases, steps, kernels, buffers,
 * and which thread computes what on which core. */
PN_API pn_status pn_model_explain(const pn_model *model, const pn_dataset *dataset,
                                  const pn_fit_options *options, char **text);

/* Mean loss over the samples and share of right answers, dropout off. NULL options: defaults. loss
 * and accuracy may be NULL. */
PN_API pn_status pn_model_evaluate(const pn_model *model, const pn_dataset *dataset,
                                   const pn_run_options *options, double *loss, double *accuracy);
/* outputs [count, units of the last layer]. */
PN_API pn_status pn_model_predict(const pn_model *model, const pn_dataset *dataset,
                                  const pn_run_options *options, float *outputs);
/* Units of the last layer. */
PN_API size_t pn_model_outputs(const pn_model *model);

/* --- model files -------------------------------------------------------------------------------
 */

/*
 * Writes Keras's whole-model HDF5: weights, model config, training config, and the optimizer's
 * state in a group of pinion's own, /pinion. Keras 2 and Keras 3 load it, predict and evaluate the
 * same, and train it on, with an optimizer that starts anew. Equal models give equal bytes. Atomic:
 * either the old file stays or the new one is whole. PN_ERROR_USAGE unless `file` ends in .hdf5 or
 * .h5; PN_ERROR_IO, with what to do, for a full disk and the like.
 */
PN_API pn_status pn_model_save(const pn_model *model, const char *file);
/*
 * Reads such a file, of pinion or of Keras, told by its content. A file of pinion's goes on exactly
 * where it stopped: seed, epochs, steps and the optimizer's state are in it. From a file of Keras 2
 * or 3 the state of Adam and SGD is taken over where its form is known, else the optimizer starts
 * anew and the log says so; its seed is 42 and no epoch counts as trained.
 *
 * The file is read by a process of its own (pinion-read-model, in the folder that the environment's
 * PINION_HELPER_DIR names; else near this library or program, which is where an installation has
 * it; else where the build was configured to install it, which is what a program of the static
 * library goes by) that can open nothing else, and what it hands over is checked: a hostile file is
 * PN_ERROR_DATA and no more. Where the system has no seccomp filters (a kernel built without, an
 * emulator) that rests on the process's limits alone: no further files, little memory and time.
 * PN_ERROR_NOT_FOUND, PN_ERROR_IO; PN_ERROR_FAILED without the helper, where it cannot lock itself
 * in although there are filters, or with a build without HDF5.
 */
PN_API pn_status pn_model_load(const char *file, pn_model **model);
/* As pn_model_load, reading in this process instead of in a sandboxed helper: libhdf5 can crash on
 * hostile files, so only for files you trust. */
PN_API pn_status pn_model_load_unsafe(const char *file, pn_model **model);

/* --- machine -----------------------------------------------------------------------------------
 */

/* Cores that a fit would use and why, as text; the instruction sets built in and which run here. */
PN_API pn_status pn_topology(const pn_run_options *options, char **text);

#ifdef __cplusplus
}
#endif

#endif
