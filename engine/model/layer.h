/* model/layer.h: one layer behind another: shapes, limits, first weights. */
#ifndef PINION_MODEL_LAYER_H
#define PINION_MODEL_LAYER_H

#include "engine/model/model.h"

/* What a config can say about a layer beyond pn_layer. */
struct layer_extras {
    const struct activation *activation; /* wins over the name in pn_layer; NULL: that name */
    struct initializer kernel_initializer, bias_initializer;
    bool frozen;
    bool weights_follow;   /* weights start as zeros: they will be set */
    size_t max_parameters; /* of the whole model */
    struct json_t *kept;   /* the layer takes a reference of its own; NULL: none */
};

/* The extras of a layer that the caller adds through the public interface. */
struct layer_extras layer_extras_default(void);

/* Adds a layer to the model, which is unchanged on failure. PN_ERROR_USAGE, PN_ERROR_FAILED. */
pn_status model_add_layer(struct pn_model *model, const pn_layer *layer,
                          const struct layer_extras *extras);

void layer_free(struct layer *layer);

/* "(28, 28)", or with a batch dimension as Keras prints it: "(None, 28, 28)". Cut where it would
 * not fit. */
enum { SHAPE_TEXT_SIZE = 192 };
void shape_text(size_t rank, const size_t *shape, bool batch, char text[SHAPE_TEXT_SIZE]);

/* Whether a double is a number that kernels can work with: as a float finite, zero or normal. */
bool float_is_plain(double value);

#endif
