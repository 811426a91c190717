/* What the tests of models share. */
#ifndef TESTS_MODEL_SUPPORT_H
#define TESTS_MODEL_SUPPORT_H

#include <criterion/criterion.h>

#include "engine/model/config.h"

/* Fails the test with pinion's own message. */
#define must(call) cr_assert((call) == PN_OK, "%s", pn_error_message())

/* The call fails with this status and a message that holds these words. */
#define refuses(call, status, words)                                                               \
    do {                                                                                           \
        cr_assert_eq((call), (status), "%s", pn_error_message());                                  \
        says(words);                                                                               \
    } while (0)

/* The last message holds these words. */
void says(const char *words);

/* A file of samples/ as a string to free. */
char *sample(const char *name);

/* `text` with the first `old` replaced; frees `text`. Fails the test where there is none. */
char *replaced(char *text, const char *old, const char *new);

/* The lesson's network with the lesson's names, seed 42. */
pn_model *lesson_model(void);

/* An input of one size. */
pn_layer vector(size_t size);

/* The model of a sample of samples/. */
pn_model *sample_model(const char *name);

#endif
