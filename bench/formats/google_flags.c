#include "bench/formats/google_flags.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/base/error.h"

static const char prefix[] = "--benchmark_";
static const char verbosity[] = "--v=";

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_google(const char *argument)
{
    return starts_with(argument, prefix) || starts_with(argument, verbosity);
}

bool google_flags_are(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (is_google(arguments[i])) {
            return true;
        }
    }
    return false;
}

/* --- values. `flag` is what the user wrote, for messages ----------------------------------------
 */

static pn_status bad_value(const char *flag, const char *value, const char *advice)
{
    return error_set(PN_ERROR_USAGE, "%s '%s': %s", flag, value, advice);
}

static pn_status parse_bool(const char *flag, const char *value, bool *result)
{
    static const char *const words[] = {"true",  "1", "yes", "on",  "t", "y",
                                        "false", "0", "no",  "off", "f", "n"};
    enum { WORDS = sizeof words / sizeof words[0] };
    for (size_t i = 0; i < WORDS; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *result = i < WORDS / 2;
            return PN_OK;
        }
    }
    return bad_value(flag, value, "give true or false");
}

/* Digits only, from 1 to `most`; false otherwise. */
static bool parse_digits(const char *text, size_t length, size_t most, size_t *result)
{
    *result = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
        *result = 10 * *result + (size_t)(text[i] - '0');
        if (*result > most) {
            return false;
        }
    }
    return *result >= 1;
}

/* A decimal number with at most an s behind it; no hexadecimals, no infinity. */
static bool parse_seconds(const char *text, double *seconds)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) && text[0] != '.') {
        return false;
    }
    if (text[strspn(text, "0123456789.eE+-s")] != '\0') {
        return false;
    }
    *seconds = strtod(text, &end);
    end += end != text && *end == 's';
    return end != text && *end == '\0' && *seconds <= 1000;
}

/* --- flags --------------------------------------------------------------------------------------
 */

static pn_status parse_filter(const char *flag, const char *value, struct google_flags *flags)
{
    if (flags->filter != NULL) {
        regfree(&flags->regex);
        flags->filter = NULL;
    }
    flags->negative = value[0] == '-';
    flags->pattern = NULL;
    if (value[0] == '\0' || strcmp(value, "all") == 0) {
        return PN_OK;
    }
    const char *filter = value + flags->negative;
    const int error = regcomp(&flags->regex, filter, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        char why[128];
        regerror(error, &flags->regex, why, sizeof why);
        return error_set(PN_ERROR_USAGE, "%s '%s': %s; give a POSIX extended regular expression",
                         flag, value, why);
    }
    flags->filter = filter;
    flags->pattern = value;
    return PN_OK;
}

static pn_status parse_list(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_bool(flag, value, &flags->list_tests);
}

static pn_status parse_out(const char *flag, const char *value, struct google_flags *flags)
{
    flags->out = value;
    return value[0] != '\0' ? PN_OK : bad_value(flag, value, "give a file");
}

static pn_status parse_form(const char *flag, const char *value, enum google_form *form)
{
    if (strcmp(value, "json") == 0) {
        *form = GOOGLE_JSON;
        return PN_OK;
    }
    if (strcmp(value, "console") == 0) {
        *form = GOOGLE_CONSOLE;
        return PN_OK;
    }
    return bad_value(flag, value,
                     strcmp(value, "csv") == 0 ? "csv is not supported; give json or console"
                                               : "give json or console");
}

static pn_status parse_out_format(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_form(flag, value, &flags->out_format);
}

static pn_status parse_format(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_form(flag, value, &flags->format);
}

static pn_status parse_repetitions(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_digits(value, strlen(value), 1000, &flags->repetitions)
               ? PN_OK
               : bad_value(flag, value, "give a number from 1 to 1000");
}

static pn_status parse_min_time(const char *flag, const char *value, struct google_flags *flags)
{
    const size_t length = strlen(value);
    double seconds = 0;
    flags->iterations = 0;
    flags->min_time_ns = 0;
    if (length > 0 && value[length - 1] == 'x') {
        return parse_digits(value, length - 1, 1000000000, &flags->iterations)
                   ? PN_OK
                   : bad_value(flag, value, "give a number of calls from 1x to 1000000000x");
    }
    if (!parse_seconds(value, &seconds) || seconds < 1e-9) {
        return bad_value(flag, value,
                         "give seconds, above 0 and at most 1000, as 0.5s, or calls, as 100x");
    }
    flags->min_time_ns = 1e9 * seconds;
    return PN_OK;
}

static pn_status parse_dry_run(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_bool(flag, value, &flags->dry_run);
}

static pn_status parse_report_only(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_bool(flag, value, &flags->report_aggregates_only);
}

static pn_status parse_display_only(const char *flag, const char *value, struct google_flags *flags)
{
    return parse_bool(flag, value, &flags->display_aggregates_only);
}

/* One K=V. */
static pn_status add_context(const char *flag, char *pair, struct google_flags *flags)
{
    char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair) {
        return bad_value(flag, pair, "give KEY=VALUE");
    }
    *equals = '\0';
    if (json_object_get(flags->context, pair) != NULL) {
        return bad_value(flag, pair, "this key is given twice");
    }
    if (!export_context_is_free(pair)) {
        return bad_value(flag, pair, "the format has a field of that name; choose another");
    }
    json_t *value = json_string(equals + 1);
    if (value == NULL || json_object_set_new(flags->context, pair, value) != 0) {
        return bad_value(flag, pair, "key and value must be UTF-8");
    }
    return PN_OK;
}

static pn_status parse_context(const char *flag, const char *value, struct google_flags *flags)
{
    flags->context = flags->context == NULL ? json_object() : flags->context;
    char *copy = strdup(value), *rest = copy;
    if (copy == NULL || flags->context == NULL) {
        free(copy);
        return error_memory(strlen(value), "context");
    }
    pn_status status = PN_OK;
    while (status == PN_OK && rest != NULL) {
        status = add_context(flag, strsep(&rest, ","), flags);
    }
    free(copy);
    return status;
}

static pn_status check_bool(const char *flag, const char *value, struct google_flags *flags)
{
    bool ignored;
    (void)flags;
    return parse_bool(flag, value, &ignored);
}

static pn_status check_color(const char *flag, const char *value, struct google_flags *flags)
{
    (void)flags;
    bool ignored;
    return strcmp(value, "auto") == 0 || parse_bool(flag, value, &ignored) == PN_OK
               ? PN_OK
               : bad_value(flag, value, "give auto, true or false");
}

static pn_status check_warmup(const char *flag, const char *value, struct google_flags *flags)
{
    (void)flags;
    double ignored;
    return parse_seconds(value, &ignored) ? PN_OK
                                          : bad_value(flag, value, "give seconds, from 0 to 1000");
}

static pn_status check_time_unit(const char *flag, const char *value, struct google_flags *flags)
{
    (void)flags;
    const bool known = strcmp(value, "ns") == 0 || strcmp(value, "us") == 0 ||
                       strcmp(value, "ms") == 0 || strcmp(value, "s") == 0;
    return known ? PN_OK : bad_value(flag, value, "give ns, us, ms or s");
}

static pn_status check_verbosity(const char *flag, const char *value, struct google_flags *flags)
{
    (void)flags;
    const char *digits = value + (value[0] == '-');
    const bool number = digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0';
    return number ? PN_OK : bad_value(flag, value, "give a number");
}

/* Names without their "benchmark_". Those that may stand alone are then true. */
static const struct {
    const char *name;
    bool alone;
    pn_status (*parse)(const char *flag, const char *value, struct google_flags *flags);
} known_flags[] = {
    {"filter", false, parse_filter},
    {"list_tests", true, parse_list},
    {"out", false, parse_out},
    {"out_format", false, parse_out_format},
    {"format", false, parse_format},
    {"repetitions", false, parse_repetitions},
    {"min_time", false, parse_min_time},
    {"dry_run", true, parse_dry_run},
    {"report_aggregates_only", true, parse_report_only},
    {"display_aggregates_only", true, parse_display_only},
    {"context", false, parse_context},
    {"enable_random_interleaving", true, check_bool},
    {"min_warmup_time", false, check_warmup},
    {"time_unit", false, check_time_unit},
    {"color", true, check_color},
    {"counters_tabular", true, check_bool},
};

enum { KNOWN_FLAGS = sizeof known_flags / sizeof known_flags[0] };

static pn_status parse_argument(const char *argument, struct google_flags *flags)
{
    if (starts_with(argument, verbosity)) {
        return check_verbosity("--v", argument + strlen(verbosity), flags);
    }
    const char *name = argument + strlen(prefix);
    const size_t length = strcspn(name, "=");
    for (size_t i = 0; i < KNOWN_FLAGS; i++) {
        if (strlen(known_flags[i].name) != length ||
            strncmp(name, known_flags[i].name, length) != 0) {
            continue;
        }
        if (name[length] == '\0' && !known_flags[i].alone) {
            return error_set(PN_ERROR_USAGE, "%s: needs a value: %s=VALUE", argument, argument);
        }
        char flag[64];
        snprintf(flag, sizeof flag, "%s%s", prefix, known_flags[i].name);
        return known_flags[i].parse(flag, name[length] == '=' ? name + length + 1 : "true", flags);
    }
    return error_set(PN_ERROR_USAGE, "%s: unknown option; see --help", argument);
}

/* Whether the arguments have that flag. */
static bool is_given(int count, char **arguments, const char *name)
{
    const size_t length = strlen(name);
    for (int i = 1; i < count; i++) {
        const char *given = arguments[i] + strlen(prefix);
        if (starts_with(arguments[i], prefix) && strncmp(given, name, length) == 0 &&
            (given[length] == '=' || given[length] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Variables stand in for flags that are not given. */
static pn_status parse_environment(int count, char **arguments, struct google_flags *flags)
{
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < KNOWN_FLAGS; i++) {
        char name[64];
        snprintf(name, sizeof name, "BENCHMARK_%s", known_flags[i].name);
        for (char *c = name; *c != '\0'; c++) {
            *c = (char)toupper((unsigned char)*c);
        }
        const char *value = getenv(name);
        if (value != NULL && value[0] != '\0' && !is_given(count, arguments, known_flags[i].name)) {
            status = known_flags[i].parse(name, value, flags);
        }
    }
    return status;
}

pn_status google_flags_parse(int count, char **arguments, struct google_flags *flags)
{
    *flags = (struct google_flags){.out_format = GOOGLE_JSON, .format = GOOGLE_CONSOLE};
    flags->rest = calloc((size_t)count + 1, sizeof *flags->rest);
    if (flags->rest == NULL) {
        return error_memory((size_t)count * sizeof *flags->rest, "arguments");
    }
    pn_status status = parse_environment(count, arguments, flags);
    for (int i = 0; status == PN_OK && i < count; i++) {
        if (i > 0 && is_google(arguments[i])) {
            status = parse_argument(arguments[i], flags);
        } else {
            flags->rest[flags->rest_count++] = arguments[i];
        }
    }
    if (status != PN_OK) {
        google_flags_free(flags);
        return status;
    }
    if (flags->dry_run) {
        flags->repetitions = 1;
        flags->iterations = 1;
        flags->min_time_ns = 0;
    }
    return PN_OK;
}

void google_flags_free(struct google_flags *flags)
{
    if (flags->filter != NULL) {
        regfree(&flags->regex);
    }
    json_decref(flags->context);
    free(flags->rest);
    *flags = (struct google_flags){0};
}

bool google_flags_selects(const struct google_flags *flags, const char *name)
{
    return flags->filter == NULL ||
           (regexec(&flags->regex, name, 0, NULL, 0) == 0) != flags->negative;
}

enum export_format google_flags_export(const struct google_flags *flags)
{
    if (flags->report_aggregates_only) {
        return EXPORT_GBENCH_AGGREGATES_ONLY;
    }
    return flags->display_aggregates_only ? EXPORT_GBENCH_AGGREGATES : EXPORT_GBENCH;
}
