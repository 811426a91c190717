#include "engine/model/names.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *class_name, *automatic;
} names_of_kinds[] = {
    [PN_INPUT] = {"InputLayer", "input"},        [PN_FLATTEN] = {"Flatten", "flatten"},
    [PN_RESCALING] = {"Rescaling", "rescaling"}, [PN_DENSE] = {"Dense", "dense"},
    [PN_DROPOUT] = {"Dropout", "dropout"},       [PN_ACTIVATION] = {"Activation", "activation"},
};

const char *layer_class_name(pn_layer_kind kind)
{
    return names_of_kinds[kind].class_name;
}

/* One part between slashes: "." and ".." mean something in paths. */
static const char *name_part_problem(const char *part, size_t length)
{
    if (length == 0) {
        return "has an empty part between slashes";
    }
    if ((length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.')) {
        return "has a part that is '.' or '..'";
    }
    return NULL;
}

const char *name_problem(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.:/-";
    const size_t length = strnlen(name, MODEL_NAME_SIZE);
    if (length == 0) {
        return "is empty";
    }
    if (length >= MODEL_NAME_SIZE) {
        return "is longer than 255 bytes";
    }
    if (name[strspn(name, allowed)]) {
        return "may hold only letters, digits and _ . : / -";
    }
    for (const char *part = name;; part++) {
        const size_t part_length = strcspn(part, "/");
        const char *const problem = name_part_problem(part, part_length);
        if (problem) {
            return problem;
        }
        part += part_length;
        if (!*part) {
            return NULL;
        }
    }
}

const struct layer *name_find(const struct pn_model *model, const char *name)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        if (strcmp(model->layers[i].name, name) == 0) {
            return &model->layers[i];
        }
    }
    return NULL;
}

void name_automatic(struct pn_model *model, pn_layer_kind kind, char name[MODEL_NAME_SIZE])
{
    const char *const base = names_of_kinds[kind].automatic;
    do {
        const size_t number = model->automatic_names[kind]++;
        if (kind == PN_INPUT) { /* Keras counts these from 1 */
            snprintf(name, MODEL_NAME_SIZE, "%s_%zu", base, number + 1);
        } else if (number == 0) {
            snprintf(name, MODEL_NAME_SIZE, "%s", base);
        } else {
            snprintf(name, MODEL_NAME_SIZE, "%s_%zu", base, number);
        }
    } while (name_find(model, name));
}
