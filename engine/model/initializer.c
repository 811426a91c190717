#include "engine/model/initializer.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "engine/base/random.h"

struct initializer initializer_zeros(void)
{
    return (struct initializer){.kind = INITIALIZER_CONSTANT};
}

struct initializer initializer_glorot_uniform(void)
{
    return (struct initializer){.kind = INITIALIZER_SCALED, .fan = FAN_AVERAGE, .scale = 1.0};
}

/* Keras's defaults. "snake" is the name as a plain string. */
static const struct {
    const char *name, *snake;
    struct initializer initializer;
} initializer_names[] = {
    {"GlorotUniform", "glorot_uniform", {INITIALIZER_SCALED, FAN_AVERAGE, 1.0, 0.0, 0.0}},
    {"HeUniform", "he_uniform", {INITIALIZER_SCALED, FAN_IN, 2.0, 0.0, 0.0}},
    {"LecunUniform", "lecun_uniform", {INITIALIZER_SCALED, FAN_IN, 1.0, 0.0, 0.0}},
    {"VarianceScaling", "variance_scaling", {INITIALIZER_SCALED, FAN_IN, 1.0, 0.0, 0.0}},
    {"RandomUniform", "random_uniform", {INITIALIZER_UNIFORM, FAN_IN, 0.0, -0.05, 0.05}},
    {"Zeros", "zeros", {INITIALIZER_CONSTANT, FAN_IN, 0.0, 0.0, 0.0}},
    {"Ones", "ones", {INITIALIZER_CONSTANT, FAN_IN, 0.0, 1.0, 0.0}},
    {"Constant", "constant", {INITIALIZER_CONSTANT, FAN_IN, 0.0, 0.0, 0.0}},
};

const char *initializer_known(void)
{
    return "GlorotUniform, HeUniform, LecunUniform, VarianceScaling (uniform), RandomUniform, "
           "Zeros, Ones, Constant";
}

/* Reads a number that the config may leave out; false if it is something else, or no float. */
static bool initializer_number(const json_t *config, const char *key, double *value)
{
    const json_t *const number = json_object_get(config, key);
    if (!number) {
        return true;
    }
    *value = json_number_value(number);
    return json_is_number(number) && fabs(*value) <= 1e30;
}

static const char *initializer_scaling(const json_t *config, struct initializer *initializer)
{
    static const char *const modes[] = {"fan_in", "fan_out", "fan_avg"};
    const char *const distribution = json_string_value(json_object_get(config, "distribution"));
    if (!distribution || strcmp(distribution, "uniform") != 0) {
        initializer->kind = INITIALIZER_UNKNOWN; /* the truncated normal is the default */
        return NULL;
    }
    if (!initializer_number(config, "scale", &initializer->scale) || initializer->scale <= 0) {
        return "scale must be a number above 0";
    }
    const json_t *const mode = json_object_get(config, "mode");
    if (!mode) {
        return NULL;
    }
    for (enum initializer_fan fan = FAN_IN; fan <= FAN_AVERAGE; fan++) {
        if (json_is_string(mode) && strcmp(json_string_value(mode), modes[fan]) == 0) {
            initializer->fan = fan;
            return NULL;
        }
    }
    return "mode must be fan_in, fan_out or fan_avg";
}

const char *initializer_from_config(const char *class_name, const json_t *config,
                                    struct initializer *initializer)
{
    const size_t count = sizeof initializer_names / sizeof *initializer_names;
    size_t i = 0;
    while (i < count && strcmp(class_name, initializer_names[i].name) != 0 &&
           strcmp(class_name, initializer_names[i].snake) != 0) {
        i++;
    }
    if (i == count) {
        *initializer = (struct initializer){.kind = INITIALIZER_UNKNOWN};
        return NULL;
    }
    *initializer = initializer_names[i].initializer;
    const char *const name = initializer_names[i].name;
    if (strcmp(name, "VarianceScaling") == 0) {
        return initializer_scaling(config, initializer);
    }
    if (strcmp(name, "Constant") == 0) {
        return initializer_number(config, "value", &initializer->low) ? NULL
                                                                      : "value must be a number";
    }
    if (strcmp(name, "RandomUniform") == 0) {
        if (!initializer_number(config, "minval", &initializer->low) ||
            !initializer_number(config, "maxval", &initializer->high) ||
            initializer->low > initializer->high) {
            return "minval and maxval must be numbers, minval not above maxval";
        }
    }
    return NULL;
}

/* Keras's VarianceScaling; for Glorot sqrt(6 / (fan_in + fan_out)), exactly so in double. */
static float initializer_limit(const struct initializer *initializer, size_t fan_in, size_t fan_out)
{
    double fan = (double)fan_in;
    if (initializer->fan == FAN_OUT) {
        fan = (double)fan_out;
    } else if (initializer->fan == FAN_AVERAGE) {
        fan = ((double)fan_in + (double)fan_out) / 2;
    }
    return (float)sqrt(3.0 * initializer->scale / fan);
}

void initializer_fill(const struct initializer *initializer, uint32_t seed, uint32_t layer,
                      size_t fan_in, size_t fan_out, uint32_t first, size_t n, float *values)
{
    float low = (float)initializer->low;
    float high = (float)initializer->high;
    switch (initializer->kind) {
    case INITIALIZER_UNKNOWN:
    case INITIALIZER_CONSTANT:
        for (size_t i = 0; i < n; i++) {
            values[i] = low;
        }
        return;
    case INITIALIZER_SCALED:
        high = initializer_limit(initializer, fan_in, fan_out);
        low = -high;
        break;
    case INITIALIZER_UNIFORM:
        break;
    }
    const struct simd_random stream = random_stream(seed, RANDOM_INITIALIZER, layer, 0);
    simd_best()->random_uniform(&stream, first, n, low, high, values);
}
