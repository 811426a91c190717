#include "engine/model/config_value.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"

pn_status config_fail(const struct config_place *place, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return error_set(PN_ERROR_DATA, "%s: %s", place->where, what);
}

json_t *config_get(const json_t *object, const char *key)
{
    json_t *const value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

bool config_is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

const char *config_describe(const json_t *value)
{
    if (!value) {
        return "nothing";
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        const json_t *const class_name = json_object_get(value, "class_name");
        return json_is_string(class_name) ? json_string_value(class_name) : "an object";
    }
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    }
    return "a value";
}

pn_status config_number(const struct config_place *place, const json_t *object, const char *key,
                        double *value)
{
    const json_t *const found = config_get(object, key);
    if (!found) {
        return PN_OK;
    }
    if (!json_is_number(found)) {
        return config_fail(place, "%s must be a number, not %.64s", key, config_describe(found));
    }
    *value = json_number_value(found);
    return PN_OK;
}

bool config_to_size(const json_t *value, size_t *size)
{
    if (json_is_integer(value)) {
        *size = (size_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    const double real = json_real_value(value);
    if (!json_is_real(value) || !(real >= 0 && real < 0x1p53) || real != floor(real)) {
        return false;
    }
    *size = (size_t)real;
    return true;
}

pn_status config_size(const struct config_place *place, const json_t *object, const char *key,
                      size_t *value)
{
    const json_t *const found = config_get(object, key);
    if (!found || config_to_size(found, value)) {
        return PN_OK;
    }
    if (json_is_number(found)) {
        return config_fail(place, "%s must be a whole number of at least 0, not %g", key,
                           json_number_value(found));
    }
    return config_fail(place, "%s must be a whole number, not %.64s", key, config_describe(found));
}

pn_status config_bool(const struct config_place *place, const json_t *object, const char *key,
                      bool *value)
{
    const json_t *const found = config_get(object, key);
    if (!found) {
        return PN_OK;
    }
    if (!json_is_boolean(found)) {
        return config_fail(place, "%s must be true or false, not %.64s", key,
                           config_describe(found));
    }
    *value = json_is_true(found);
    return PN_OK;
}

pn_status config_string(const struct config_place *place, const json_t *object, const char *key,
                        const char **value)
{
    const json_t *const found = config_get(object, key);
    if (!found) {
        return PN_OK;
    }
    if (!json_is_string(found)) {
        return config_fail(place, "%s must be a string, not %.64s", key, config_describe(found));
    }
    *value = json_string_value(found);
    return PN_OK;
}

/* "keras", "keras.layers", "keras.src.layers.core.dense", "tf_keras...", but not "keras_contrib".
 */
static bool config_module_is_keras(const char *module)
{
    static const char *const roots[] = {"keras", "tf_keras", "keras_core", "tensorflow",
                                        "builtins"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        const size_t length = strlen(roots[i]);
        if (strncmp(module, roots[i], length) == 0 &&
            (module[length] == '.' || module[length] == '\0')) {
            return true;
        }
    }
    return false;
}

bool config_is_keras(const json_t *object)
{
    const json_t *const module = config_get(object, "module");
    const json_t *const registered = config_get(object, "registered_name");
    const json_t *const class_name = config_get(object, "class_name");
    if (module && !(json_is_string(module) && config_module_is_keras(json_string_value(module)))) {
        return false;
    }
    return !registered || json_equal(registered, class_name);
}

const json_t *config_list(const json_t *value)
{
    if (json_is_object(value)) {
        value = json_object_get(value, "items");
    }
    return json_is_array(value) ? value : NULL;
}
