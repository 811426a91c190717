#include "engine/train/check.h"

#include "engine/base/error.h"
#include "engine/data/dataset.h"

pn_status check_labels(const pn_model *model, const pn_dataset *dataset)
{
    if (dataset->labels == NULL) {
        return error_set(PN_ERROR_DATA,
                         "the data set has no labels; training and evaluation need one a sample");
    }
    const size_t outputs = pn_model_outputs(model);
    if (dataset->classes <= outputs) {
        return PN_OK;
    }
    size_t sample = 0;
    while ((size_t)dataset->labels[sample] < outputs) {
        sample++;
    }
    const char *file = dataset->label_file;
    return error_set(PN_ERROR_DATA,
                     "%s%slabel %d of sample %zu is out of range: model %s has %zu outputs, so "
                     "labels go from 0 to %zu; give its last layer more units or mend the labels",
                     file ? file : "", file ? ": " : "", (int)dataset->labels[sample],
                     (file ? dataset->first : 0) + sample, model->name, outputs, outputs - 1);
}
