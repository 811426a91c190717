/* model/config_value.h: single values out of a config, with messages that say where it is. */
#ifndef PINION_MODEL_CONFIG_VALUE_H
#define PINION_MODEL_CONFIG_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

/* What messages start with: "model config: layer 3 "dense_8" (Dense)". */
struct config_place {
    char where[256];
};

/* PN_ERROR_DATA: "<where>: <what>". */
pn_status config_fail(const struct config_place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The value of a key, NULL where it is missing or null. */
json_t *config_get(const json_t *object, const char *key);

/* Whether a value is this string. */
bool config_is_text(const json_t *value, const char *text);

/* Its string, or what kind of value it is, for messages. Never NULL. */
const char *config_describe(const json_t *value);

/* Each leaves *value as it is where the key is missing or null. Numbers may be written as integers
 * or floats. */
pn_status config_number(const struct config_place *place, const json_t *object, const char *key,
                        double *value);
pn_status config_size(const struct config_place *place, const json_t *object, const char *key,
                      size_t *value);
pn_status config_bool(const struct config_place *place, const json_t *object, const char *key,
                      bool *value);
pn_status config_string(const struct config_place *place, const json_t *object, const char *key,
                        const char **value);

/* A size written as an integer or a whole float; false for anything else. */
bool config_to_size(const json_t *value, size_t *size);

/* Whether an object {"class_name", "config", ...} is Keras's own: no module of somebody else, not
 * registered under another name. */
bool config_is_keras(const json_t *object);

/* A list as it is, or inside Keras 2's tagged form {"class_name": "__tuple__", "items": [...]};
 * NULL if it is none. */
const json_t *config_list(const json_t *value);

#endif
