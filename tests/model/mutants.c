/* Damaged configs: each one is read or refused with a message; nothing crashes, nothing leaks (the
 * sanitizer build tells). The seed is fixed, so a failing mutant is found again by its number. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { MUTANTS = 5000 };

static uint64_t mutant_state;

static size_t draw(size_t bound)
{
    mutant_state ^= mutant_state << 13; /* xorshift64 */
    mutant_state ^= mutant_state >> 7;
    mutant_state ^= mutant_state << 17;
    return (size_t)(mutant_state % bound);
}

/* Pieces that mean something in JSON or to the parser. */
static const char *const pieces[] = {"null",
                                     "-1",
                                     "0",
                                     "1e308",
                                     "4294967296",
                                     "[]",
                                     "{}",
                                     "NaN",
                                     "\"",
                                     "[",
                                     "}",
                                     ",",
                                     "true",
                                     "\"relu\"",
                                     ":",
                                     "]",
                                     "{\"a\": 1}",
                                     "1.5",
                                     "\"\\u0000\"",
                                     "[[[[",
                                     "\\",
                                     "\xff",
                                     "99999999999999999999"};

/* One change of text[0, length), which has room for 64 bytes more. Returns the new length. */
static size_t mutate(char *text, size_t length)
{
    const size_t at = draw(length), span = 1 + draw(12);
    const size_t end = at + span < length ? at + span : length;
    switch (draw(5)) {
    case 0: /* a byte */
        text[at] = (char)draw(256);
        return length;
    case 1: /* a bit */
        text[at] ^= (char)(1 << draw(8));
        return length;
    case 2: /* a cut */
        memmove(text + at, text + end, length - end);
        return length - (end - at);
    case 3: /* a copy of another place */
        memmove(text + draw(length - (end - at) + 1), text + at, end - at);
        return length;
    default: { /* a piece instead of what was there */
        const char *const piece = pieces[draw(sizeof pieces / sizeof *pieces)];
        const size_t size = strlen(piece);
        memmove(text + at + size, text + end, length - end);
        memcpy(text + at, piece, size);
        return length + size - (end - at);
    }
    }
}

/* What a model that was read must be fit for. */
static void use(pn_model *model)
{
    char *text, digest[33];
    must(pn_model_summary(model, &text));
    pn_string_free(text);
    must(config_model_json(model, &text));
    pn_string_free(text);
    pn_model_digest(model, digest);
    cr_assert_eq(strlen(digest), 32);
    cr_assert_gt(pn_model_outputs(model), 0);
}

static bool read_model(const char *text, size_t length, const struct config_options *options)
{
    pn_model *model = NULL;
    const pn_status status = config_model_parse(text, length, 1, options, &model);
    if (status == PN_OK) {
        use(model);
        pn_model_free(model);
        return true;
    }
    cr_assert_null(model);
    cr_assert_eq(status, PN_ERROR_DATA, "%s", pn_error_message());
    cr_assert_gt(strlen(pn_error_message()), 20);
    cr_assert_null(strchr(pn_error_message(), '\n'));
    return false;
}

static bool read_training(const char *text, size_t length, const struct config_options *options)
{
    (void)options;
    size_t four = 4;
    pn_model *model;
    must(pn_model_create(NULL, 1, &model));
    must(pn_model_add(model, pn_input(1, &four)));
    must(pn_model_add(model, pn_dense(2, "softmax")));
    const pn_status status = config_training_parse(model, text, length);
    cr_assert(status == PN_OK || (status == PN_ERROR_DATA && !model->compiled));
    cr_assert(status == PN_OK || strlen(pn_error_message()) > 20);
    pn_model_free(model);
    return status == PN_OK;
}

static void damage(const char *file, bool (*read)(const char *text, size_t length,
                                                  const struct config_options *options))
{
    char *const whole = sample(file);
    const size_t length = strlen(whole);
    size_t fine = 0;
    mutant_state = 0x9e3779b97f4a7c15U;
    for (size_t i = 0; i < MUTANTS; i++) {
        /* Behind the last byte of this block lies memory that a sanitizer guards. */
        char *const work = malloc(length + 64 * 4);
        memcpy(work, whole, length);
        size_t mutated = length;
        for (size_t changes = 1 + draw(4); changes > 0 && mutated > 16; changes--) {
            mutated = mutate(work, mutated);
        }
        char *const text = malloc(mutated + !mutated);
        memcpy(text, work, mutated);
        free(work);
        const struct config_options options = {.weights_follow = i % 2 == 0,
                                               .max_parameters = 1 << 19};
        fine += read(text, mutated, &options);
        free(text);
    }
    /* Some changes hit names or the like; most do harm. */
    cr_assert(fine > MUTANTS / 100 && fine < MUTANTS / 2, "%zu of %d mutants of %s read", fine,
              MUTANTS, file);
    free(whole);
}

Test(mutants, of_model_configs)
{
    static const char *const files[] = {"lesson_k2_model_config.json",
                                        "lesson_k3_config_written_by_3.16.json",
                                        "lesson_k3_portable_config.json",
                                        "functional_k2.json",
                                        "functional_k3.json",
                                        "leaky_k3.json",
                                        "sequential_k2_1.json",
                                        "sequential_k2_13.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        damage(files[i], read_model);
    }
}

Test(mutants, of_training_configs)
{
    static const char *const files[] = {"lesson_k2_training_config.json",
                                        "lesson_portable_training_config.json",
                                        "lesson_k3_config_written_by_3.16.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        damage(files[i], read_training);
    }
}
