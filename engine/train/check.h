/* train/check.h: whether a data set can go through a model. */
#ifndef PINION_TRAIN_CHECK_H
#define PINION_TRAIN_CHECK_H

#include "engine/model/model.h"

/* Labels must exist and lie below the model's outputs. PN_ERROR_DATA naming the sample. */
pn_status check_labels(const pn_model *model, const pn_dataset *dataset);

#endif
