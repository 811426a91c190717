/* formats/export_context.c: what Google Benchmark's JSON says about the machine and the program. */
#include "bench/formats/export.h"
#include "bench/formats/export_row.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"

/* In this order; ours, behind them, begin with x_. */
static const char *const context_names[] = {
    "date",        "host_name",           "executable",         "num_cpus",
    "mhz_per_cpu", "cpu_scaling_enabled", "aslr_enabled",       "caches",
    "load_avg",    "library_version",     "library_build_type", "json_schema_version",
};
static const char own_prefix[] = "x_";

bool export_context_is_free(const char *name)
{
    for (size_t i = 0; i < sizeof context_names / sizeof context_names[0]; i++) {
        if (strcmp(name, context_names[i]) == 0) {
            return false;
        }
    }
    return name[0] != '\0' && strncmp(name, own_prefix, strlen(own_prefix)) != 0;
}

/* Takes `value`, which may be NULL: then there is no such field. */
static bool set_known(json_t *object, const char *key, json_t *value)
{
    return value == NULL || json_object_set_new(object, key, value) == 0;
}

static json_t *copy_text(const json_t *text)
{
    return json_is_string(text) ? json_string(json_string_value(text)) : NULL;
}

/* The first word of the command line. */
static json_t *executable(const json_t *document)
{
    const char *line = json_string_value(json_object_get(document, "command_line"));
    return line == NULL ? NULL : json_stringn(line, strcspn(line, " "));
}

static json_t *whole(const json_t *machine, const char *key, double otherwise)
{
    const json_t *number = json_object_get(machine, key);
    const double value = json_is_number(number) ? json_number_value(number) : otherwise;
    return value >= 0 && value < 1e15 ? json_integer((json_int_t)llround(value)) : json_integer(0);
}

static json_t *flag(const json_t *machine, const char *key)
{
    const json_t *value = json_object_get(machine, key);
    return json_is_boolean(value) ? json_boolean(json_is_true(value)) : NULL;
}

/* Unlike the rest of the context it must be there: Bencher reads no file without it. */
static json_t *caches(const json_t *machine)
{
    json_t *list = json_array();
    size_t i;
    json_t *cache;
    json_array_foreach(json_object_get(machine, "caches"), i, cache)
    {
        const char *type = json_string_value(json_object_get(cache, "type"));
        json_t *copy = json_pack("{s:s, s:o, s:o, s:o}", "type", type == NULL ? "Unified" : type,
                                 "level", whole(cache, "level", 0), "size", whole(cache, "size", 0),
                                 "num_sharing", whole(cache, "num_sharing", 1));
        json_array_append_new(list, copy);
    }
    return list;
}

static json_t *load_average(const json_t *machine)
{
    json_t *list = json_array();
    size_t i;
    json_t *load;
    json_array_foreach(json_object_get(machine, "load_average"), i, load)
    {
        json_array_append_new(list, json_real(json_number_value(load)));
    }
    return list;
}

static json_t *build_type(const json_t *machine)
{
    const char *build = json_string_value(json_object_get(machine, "build"));
    if (build == NULL) {
        return NULL;
    }
    return json_string(tolower((unsigned char)build[0]) == 'd' ? "debug" : "release");
}

/* All custom context is text. */
static json_t *as_text(const json_t *value)
{
    char number[32];
    if (json_is_string(value)) {
        return copy_text(value);
    }
    if (json_is_boolean(value)) {
        return json_string(json_is_true(value) ? "true" : "false");
    }
    if (json_is_number(value)) {
        snprintf(number, sizeof number, "%.9g", json_number_value(value));
        return json_string(number);
    }
    return NULL;
}

static bool set_own(json_t *context, const char *name, json_t *text)
{
    char key[64];
    snprintf(key, sizeof key, "%s%s", own_prefix, name);
    return set_known(context, key, text);
}

/* The codes of what was wrong with the machine. */
static json_t *warnings(const json_t *document)
{
    json_t *all = NULL;
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(document, "warnings"), i, warning)
    {
        const char *code = json_string_value(json_object_get(warning, "code"));
        if (code != NULL) {
            json_t *longer = all == NULL ? json_string(code)
                                         : json_sprintf("%s,%s", json_string_value(all), code);
            json_decref(all);
            all = longer;
        }
    }
    return all;
}

static bool set_own_context(json_t *context, const json_t *document, const json_t *machine)
{
    static const char *const of_document[] = {"processor", "isa",          "placement",
                                              "clock_ghz", "command_line", "complete"};
    static const char *const of_machine[] = {"kernel", "compiler", "virtual_machine"};
    bool stored = true;
    for (size_t i = 0; i < sizeof of_document / sizeof of_document[0]; i++) {
        stored =
            set_own(context, of_document[i], as_text(json_object_get(document, of_document[i]))) &&
            stored;
    }
    for (size_t i = 0; i < sizeof of_machine / sizeof of_machine[0]; i++) {
        stored =
            set_own(context, of_machine[i], as_text(json_object_get(machine, of_machine[i]))) &&
            stored;
    }
    return set_own(context, "warnings", warnings(document)) && stored;
}

/* What the user wants to find in the file. */
static pn_status set_user_context(json_t *context, json_t *user)
{
    const char *key;
    json_t *value;
    json_object_foreach(user, key, value)
    {
        if (!export_context_is_free(key)) {
            return error_set(PN_ERROR_USAGE,
                             "context '%.40s': the format has a field of that name; choose another",
                             key);
        }
        if (!set_known(context, key, as_text(value))) {
            return error_memory(0, "context");
        }
    }
    return PN_OK;
}

pn_status export_gbench_context(const json_t *document, json_t **result)
{
    const json_t *machine = json_object_get(document, "machine");
    const double clock = json_number_value(json_object_get(document, "clock_ghz"));
    json_t *context = json_object();
    const struct {
        const char *key;
        json_t *value;
    } fields[] = {
        {"date", copy_text(json_object_get(document, "date"))},
        {"host_name", copy_text(json_object_get(machine, "host_name"))},
        {"executable", executable(document)},
        {"num_cpus", whole(machine, "processors", 0)},
        {"mhz_per_cpu", whole(machine, "mhz", 1000 * clock)},
        {"cpu_scaling_enabled", flag(machine, "cpu_scaling_enabled")},
        {"aslr_enabled", flag(machine, "aslr_enabled")},
        {"caches", caches(machine)},
        {"load_avg", load_average(machine)},
        {"library_version", copy_text(json_object_get(document, "version"))},
        {"library_build_type", build_type(machine)},
        {"json_schema_version", json_integer(1)},
    };
    bool stored = context != NULL;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        stored = set_known(context, fields[i].key, fields[i].value) && stored;
    }
    pn_status status = stored && set_own_context(context, document, machine)
                           ? set_user_context(context, json_object_get(document, "context"))
                           : error_memory(0, "context");
    if (status != PN_OK) {
        json_decref(context);
        return status;
    }
    *result = context;
    return PN_OK;
}
