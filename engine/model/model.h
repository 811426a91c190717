/* model/model.h: what a network is: layers, their weights in Keras's order, the optimizer's state.
 */
#ifndef PINION_MODEL_MODEL_H
#define PINION_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/pinion.h"
#include "simd/simd.h"

enum { MODEL_MAX_SLOTS = 2, MODEL_NAME_SIZE = 256, MODEL_MAX_LAYERS = 10000 };

/* Of a tensor, a layer's output and the whole model: random streams count elements in 32 bits. */
#define MODEL_MAX_PARAMETERS ((size_t)INT32_MAX)

/* An activation as Keras names it; softmax is apart because it works on rows. */
struct activation {
    bool softmax;
    enum simd_activation kind; /* if not softmax */
    float alpha;               /* elu 1.0, leaky_relu 0.2 unless the config says otherwise */
};

/* Fills `activation` from Keras's name ("relu", "swish", ...; NULL: linear). PN_ERROR_USAGE with
 * the list of known names. */
pn_status activation_find(const char *name, struct activation *activation);
/* Keras's name for it, as Keras 2 writes it. */
const char *activation_name(const struct activation *activation);

/* How a tensor's values begin. */
enum initializer_kind {
    INITIALIZER_CONSTANT, /* every value is low */
    INITIALIZER_UNIFORM,  /* [low, high) */
    INITIALIZER_SCALED,   /* [-limit, limit), limit = sqrt(3 scale / fan): Glorot, He, LeCun */
    INITIALIZER_UNKNOWN   /* of a model file, whose values come from the file */
};

enum initializer_fan { FAN_IN, FAN_OUT, FAN_AVERAGE };

struct initializer {
    enum initializer_kind kind;
    enum initializer_fan fan;
    double scale, low, high;
};

/* A tensor of weights with the optimizer's slots, row-major, in Keras's order. slot[0]: Adam's m or
 * the velocity; slot[1]: Adam's v. Slots are NULL until the model is compiled with an optimizer
 * that has them; they start at zero. */
struct parameter {
    size_t rank;
    size_t shape[2];
    size_t count;
    float *values;
    float *slot[MODEL_MAX_SLOTS];
};

struct layer {
    pn_layer_kind kind;
    char name[MODEL_NAME_SIZE];
    size_t rank; /* of the output of one sample */
    size_t shape[PN_MAX_RANK];
    size_t size; /* elements of the output of one sample */
    double scale, offset;
    double rate;
    struct activation activation;
    bool use_bias;
    bool frozen;             /* "trainable": false; such a model does not compile */
    struct parameter kernel; /* dense: [inputs, units] */
    struct parameter bias;   /* dense: [units]; values NULL without bias */
    struct json_t *kept; /* what its config said beyond the defaults, to be written back; NULL */
};

/* How far an interrupted epoch came, so that a fit over the same samples goes on within it. */
struct epoch_progress {
    uint64_t batches;    /* 0: at the start of an epoch */
    uint64_t batch_size; /* it counts only for a fit with the same three */
    uint64_t samples;
    bool shuffled;
    double loss_sum;
    uint64_t hits;
};

struct fit;

struct pn_model {
    char name[MODEL_NAME_SIZE];
    uint32_t seed;
    /* The input came with the first layer, as in Flatten(input_shape=...): that layer's config
     * repeats the shape. */
    bool input_implied;
    size_t automatic_names[PN_ACTIVATION + 1]; /* given so far, by kind */
    struct layer *layers;                      /* layers[0] is the input */
    size_t layer_count;
    size_t parameters;

    bool compiled;
    pn_optimizer optimizer;
    bool accuracy; /* compiled with the metric */
    uint64_t steps;
    double beta_1_power, beta_2_power; /* running products of the betas rounded to f32 */
    size_t epochs;                     /* epochs trained */
    struct epoch_progress progress;

    struct fit *running; /* the fit whose callback is being called, else NULL */
    void (*sync)(struct fit *running);
};

/* Calls visit for each parameter in Keras's order (kernel, bias of each dense layer). Stops at and
 * returns the first false. */
bool model_each_parameter(struct pn_model *model,
                          bool (*visit)(void *context, struct layer *layer,
                                        struct parameter *parameter, const char *role),
                          void *context);

/* Number of slots that an optimizer keeps for each parameter: adam 2, sgd with momentum 1, else 0.
 */
size_t optimizer_slots(const pn_optimizer *optimizer);

/* Sets the optimizer steps done so far and the powers of the betas that belong to them. */
void model_set_steps(struct pn_model *model, uint64_t steps);

/* Checks that samples of this shape fit the model's input. PN_ERROR_DATA that names both shapes. */
pn_status model_check_input(const struct pn_model *model, const pn_dataset *dataset);

/* For who is about to read the tensors: where a fit of the model is calling a callback, they are
 * brought up to what it has learnt. */
void model_sync(const struct pn_model *model);

/* PN_ERROR_USAGE where a fit of the model is calling a callback: it would not see the change. */
pn_status model_check_idle(const struct pn_model *model);

#endif
