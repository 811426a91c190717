/* model/summary.c: the table that Keras 2.9's summary() prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/layer.h"
#include "engine/model/names.h"
#include "engine/model/text.h"

enum { SUMMARY_COLUMNS = 3, SUMMARY_WIDTH = 65 };

static const size_t summary_ends[SUMMARY_COLUMNS] = {29, 55, 65};

/* Characters of `field` for one line of a column `width` wide. A field breaks early behind what
 * ends a Python tuple, dict, list or string. */
static size_t summary_cut(const char *field, size_t width)
{
    static const char *const breaks[] = {"),", "},", "],", "',"};
    const size_t length = strnlen(field, width);
    size_t cut = length;
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        const char *const found = strstr(field, breaks[i]);
        if (found && (size_t)(found - field) + 2 <= length && (size_t)(found - field) + 2 < cut) {
            cut = (size_t)(found - field) + 2;
        }
    }
    return cut;
}

/* One row, on as many lines as its fields need. The blank at the start is not counted, so that a
 * long first field pushes the others one place to the right, as in Keras. */
static void summary_row(struct text *text, const char *const fields[SUMMARY_COLUMNS])
{
    const char *left[SUMMARY_COLUMNS];
    memcpy(left, fields, sizeof left);
    while (*left[0] || *left[1] || *left[2]) {
        const size_t start = text->length;
        text_fill(text, ' ', 1);
        for (size_t column = 0; column < SUMMARY_COLUMNS; column++) {
            const size_t gap = column < SUMMARY_COLUMNS - 1 ? 2 : 0;
            const size_t begin = column > 0 ? summary_ends[column - 1] : 0;
            const size_t cut = summary_cut(left[column], summary_ends[column] - begin - gap);
            text_add(text, left[column], cut);
            text_fill(text, ' ', gap);
            left[column] += cut;
            const size_t written = text->length - start;
            if (written < summary_ends[column]) {
                text_fill(text, ' ', summary_ends[column] - written);
            }
        }
        text_fill(text, '\n', 1);
    }
}

static void summary_rule(struct text *text, char c)
{
    text_fill(text, c, SUMMARY_WIDTH);
    text_fill(text, '\n', 1);
}

static void summary_layer(struct text *text, const struct layer *layer)
{
    char name[MODEL_NAME_SIZE + 32], shape[SHAPE_TEXT_SIZE], count[32];
    snprintf(name, sizeof name, "%s (%s)", layer->name, layer_class_name(layer->kind));
    shape_text(layer->rank, layer->shape, true, shape);
    snprintf(count, sizeof count, "%zu", layer->kernel.count + layer->bias.count);
    summary_row(text, (const char *[SUMMARY_COLUMNS]){name, shape, count});
    summary_rule(text, ' ');
}

/* 203530 as "203,530". */
static void summary_total(struct text *text, const char *what, size_t count)
{
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%zu", count);
    text_format(text, "%s: ", what);
    for (int i = 0; i < length; i++) {
        text_format(text, "%s%c", i > 0 && (length - i) % 3 == 0 ? "," : "", digits[i]);
    }
    text_fill(text, '\n', 1);
}

pn_status pn_model_summary(const pn_model *model, char **text)
{
    struct text table = {0};
    size_t trainable = 0;
    text_format(&table, "Model: \"%s\"\n", model->name);
    summary_rule(&table, '_');
    summary_row(&table, (const char *[SUMMARY_COLUMNS]){"Layer (type)", "Output Shape", "Param #"});
    summary_rule(&table, '=');
    for (size_t i = 1; i < model->layer_count; i++) { /* Keras does not list the input */
        const struct layer *const layer = &model->layers[i];
        summary_layer(&table, layer);
        trainable += layer->frozen ? 0 : layer->kernel.count + layer->bias.count;
    }
    summary_rule(&table, '=');
    summary_total(&table, "Total params", model->parameters);
    summary_total(&table, "Trainable params", trainable);
    summary_total(&table, "Non-trainable params", model->parameters - trainable);
    summary_rule(&table, '_');
    const size_t length = table.length;
    *text = text_finish(&table);
    return *text ? PN_OK : error_memory(length, "the summary");
}
