#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void says(const char *words)
{
    cr_assert_not_null(strstr(pn_error_message(), words), "\"%s\" says nothing of \"%s\"",
                       pn_error_message(), words);
}

char *sample(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/samples/%s", TESTS_DIR, name);
    FILE *const file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    char *const text = calloc(1, 1 << 20);
    const size_t length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    cr_assert_gt(length, 0);
    return text;
}

char *replaced(char *text, const char *old, const char *new)
{
    const char *const at = strstr(text, old);
    cr_assert_not_null(at, "no \"%s\" in the text", old);
    const size_t size = strlen(text) + strlen(new) + 1;
    char *const result = malloc(size);
    snprintf(result, size, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    free(text);
    return result;
}

pn_layer vector(size_t size)
{
    return pn_input(1, &size);
}

pn_model *lesson_model(void)
{
    pn_model *model;
    pn_layer layers[] = {pn_input(2, (const size_t[]){28, 28}), pn_flatten(), pn_dense(256, "relu"),
                         pn_dropout(0.2), pn_dense(10, "softmax")};
    const char *const names[] = {NULL, "flatten_4", "dense_8", "dropout_4", "dense_9"};
    must(pn_model_create("sequential_4", 42, &model));
    for (size_t i = 0; i < 5; i++) {
        layers[i].name = names[i];
        must(pn_model_add(model, layers[i]));
    }
    return model;
}

pn_model *sample_model(const char *name)
{
    pn_model *model;
    char *const text = sample(name);
    must(pn_model_from_json(text, 42, &model));
    free(text);
    return model;
}
