#include "support.h"

#include <stdlib.h>
#include <string.h>

/* Expected tables: print_summary() of Keras 2.9 itself, over stand-ins for the layers. */
static void expect(const pn_model *model, const char *file)
{
    char *text;
    char *const expected = sample(file);
    must(pn_model_summary(model, &text));
    cr_assert_str_eq(text, expected);
    pn_string_free(text);
    free(expected);
}

Test(summary, is_the_lesson_s_table)
{
    pn_model *const model = lesson_model();
    expect(model, "summary_lesson.txt");
    pn_model_free(model);
}

Test(summary, wraps_long_names_and_shapes_as_keras_does)
{
    char model_name[81], name[101];
    pn_model *model;
    memset(model_name, 'a', 80);
    memset(name, 'f', 100);
    model_name[80] = name[100] = '\0';
    pn_layer layers[] = {pn_input(7, (const size_t[]){1, 1, 1, 1, 12, 28, 28}),
                         pn_rescaling(1, 0),
                         pn_flatten(),
                         pn_dense(3, NULL),
                         pn_dense(1, NULL),
                         pn_activation("relu")};
    const char *const names[] = {
        NULL, "pixels_between_zero_and_one", name, "exactly_nineteen_ch", "dense_layer_with_20_",
        "x"};
    must(pn_model_create(model_name, 1, &model));
    for (size_t i = 0; i < 6; i++) {
        layers[i].name = names[i];
        must(pn_model_add(model, layers[i]));
    }
    model->layers[3].frozen = true;
    expect(model, "summary_long.txt");
    pn_model_free(model);
}

Test(summary, of_a_lone_input)
{
    pn_model *model;
    char *text;
    must(pn_model_create("empty", 1, &model));
    must(pn_model_add(model, vector(3)));
    must(pn_model_summary(model, &text));
    cr_assert_not_null(strstr(text, "Total params: 0\n"));
    cr_assert_null(strstr(text, "input"));
    pn_string_free(text);
    pn_model_free(model);
}
