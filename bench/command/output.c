#include "bench/command/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/command/json_text.h"
#include "bench/command/shell.h"
#include "bench/machine/environment.h"
#include "engine/base/error.h"
#include "engine/format/atomic_file.h"
#include "simd/cpu.h"

static int argument_count;
static char *const *argument_list;

void output_remember_command_line(int count, char *const *arguments)
{
    argument_count = count;
    argument_list = arguments;
}

static json_t *command_line(void)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        return NULL;
    }
    fputs("pinion-bench", stream);
    for (int i = 1; i < argument_count; i++) {
        fputc(' ', stream);
        shell_write_word(stream, argument_list[i]);
    }
    json_t *json = fclose(stream) == 0 ? json_text(text) : NULL;
    free(text);
    return json;
}

static json_t *date(void)
{
    char text[sizeof "2026-01-01T00:00:00+00:00 and a year of more digits"];
    struct tm parts;
    const time_t now = time(NULL);
    if (gmtime_r(&now, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &parts) == 0) {
        return NULL;
    }
    return json_string(text);
}

static pn_status flush(struct output *output)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return PN_OK;
    }
    if (output->stdout_error == 0) {
        output->stdout_error = errno;
    }
    return error_set(PN_ERROR_IO, "standard output: writing the results failed: %s",
                     strerror(output->stdout_error));
}

/* A table that cannot be printed ends a run, unless a file waits for the results. */
static pn_status flush_table(struct output *output)
{
    const pn_status status = flush(output);
    return output->target.out == NULL ? status : PN_OK;
}

static void print_warning(const json_t *warning)
{
    printf("warning: %s\n", json_string_value(json_object_get(warning, "text")));
}

static void print_head(const struct output_head *head, const struct output *output,
                       const char *processor)
{
    printf("%s · ISA %s · %zu thread%s", processor, head->isa, head->threads,
           head->threads == 1 ? "" : "s");
    if (head->clock_ghz > 0) {
        printf(" · %.2f GHz measured", head->clock_ghz);
    }
    printf("\n%s\n", head->placement);
    size_t i;
    json_t *warning;
    json_array_foreach(output->warnings, i, warning)
    {
        print_warning(warning);
    }
    printf("\n%s\n", head->titles);
}

static void output_free(struct output *output)
{
    environment_end(output->environment, NULL);
    json_decref(output->root);
    free(output->last_line);
    *output = (struct output){0};
}

static pn_status look_at_machine(const struct output_head *head, struct output *output,
                                 json_t **card)
{
    pn_status status = environment_card(card);
    if (status == PN_OK) {
        status = environment_warnings(head->threads, "", &output->warnings);
    }
    if (status == PN_OK) {
        status = environment_begin(head->threads, "", &output->environment);
    }
    return status;
}

pn_status output_create_for(const struct output_head *head, const struct output_target *target,
                            struct output *output)
{
    *output = (struct output){.target = *target};
    json_t *card = NULL;
    pn_status status = target->out == NULL ? PN_OK : atomic_file_check(target->out);
    if (status == PN_OK) {
        status = look_at_machine(head, output, &card);
    }
    if (status != PN_OK) {
        json_decref(card);
        json_decref(output->warnings);
        output_free(output);
        return status;
    }
    char name[SIMD_CPU_NAME_SIZE];
    const char *processor = simd_cpu_name(name, sizeof name);
    output->rows = json_array();
    output->root =
        json_pack("{s:i, s:s, s:b, s:s, s:s, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "schema",
                  OUTPUT_SCHEMA, "command", head->command, "complete", 1, "version", pn_version(),
                  "processor", processor, "isa", head->isa, "threads", (int)head->threads,
                  "placement", head->placement, "date", date(), "command_line", command_line(),
                  "machine", card, "warnings", output->warnings, "rows", output->rows);
    if (output->root == NULL ||
        (head->clock_ghz > 0 &&
         json_object_set_new(output->root, "clock_ghz", json_real(head->clock_ghz)))) {
        output_free(output);
        return error_memory(0, "results");
    }
    if (target->document) {
        return PN_OK;
    }
    print_head(head, output, processor);
    status = flush_table(output);
    if (status != PN_OK) {
        output_free(output);
    }
    return status;
}

pn_status output_spare(const char *out, const char *input, const char *what)
{
    return out == NULL || !atomic_file_same(out, input)
               ? PN_OK
               : error_set(PN_ERROR_USAGE,
                           "--out '%s': is %s, which the results would replace; name another file",
                           out, what);
}

pn_status output_create(const struct output_head *head, const struct output_options *options,
                        struct output *output)
{
    enum export_format format = EXPORT_JSON;
    if (options->format != NULL) {
        const pn_status status = export_parse_format(options->format, &format);
        if (status != PN_OK) {
            return status;
        }
    }
    const struct output_target target = {
        .document = options->out == NULL && (options->json || options->format != NULL),
        .format = format,
        .out = options->out,
        .out_format = format,
    };
    return output_create_for(head, &target, output);
}

pn_status output_row(struct output *output, json_t *row, const char *line)
{
    if (row == NULL || json_array_append_new(output->rows, row) != 0) {
        return error_memory(0, "a row of results");
    }
    if (output->target.document) {
        return PN_OK;
    }
    puts(line);
    return flush_table(output);
}

pn_status output_warn(struct output *output, const char *code, const char *text)
{
    json_t *warning = json_pack("{s:s, s:s}", "code", code, "text", text);
    if (warning == NULL || json_array_append_new(output->warnings, warning) != 0) {
        return error_memory(0, "a warning");
    }
    if (!output->target.document) {
        print_warning(warning);
    }
    return PN_OK;
}

pn_status output_last_line(struct output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&output->last_line, format, arguments);
    va_end(arguments);
    if (length < 0) {
        output->last_line = NULL;
        return error_memory(0, "the last line");
    }
    return PN_OK;
}

static pn_status write_file(const struct output *output)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        return error_memory(0, "the results' text");
    }
    pn_status status = export_write(output->root, output->target.out_format, stream);
    if (fclose(stream) != 0 && status == PN_OK) {
        status = error_memory(size, "the results' text");
    }
    if (status == PN_OK) {
        status = atomic_file_write(output->target.out, text, size);
    }
    free(text);
    return status;
}

static bool is_among(const json_t *warnings, const json_t *warning)
{
    size_t i;
    const json_t *other;
    json_array_foreach(warnings, i, other)
    {
        if (json_equal(other, warning)) {
            return true;
        }
    }
    return false;
}

/* What became known of the machine during the run. */
static pn_status add_late_warnings(struct output *output)
{
    json_t *shown = json_copy(output->warnings);
    const pn_status status = environment_end(output->environment, output->warnings);
    output->environment = NULL;
    size_t i;
    json_t *warning;
    json_array_foreach(output->warnings, i, warning)
    {
        if (!output->target.document && !is_among(shown, warning)) {
            print_warning(warning);
        }
    }
    json_decref(shown);
    return status;
}

static pn_status write_document(struct output *output)
{
    const pn_status status = export_write(output->root, output->target.format, stdout);
    return status == PN_ERROR_IO ? flush(output) : status;
}

static pn_status write_results(struct output *output)
{
    if (!output->target.document && output->last_line != NULL) {
        puts(output->last_line);
    }
    const pn_status shown = output->target.document ? write_document(output) : flush(output);
    const pn_status kept = output->target.out == NULL ? PN_OK : write_file(output);
    return kept != PN_OK ? kept : shown;
}

pn_status output_end(struct output *output, pn_status status)
{
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED) {
        output_free(output);
        return status;
    }
    pn_status written = PN_OK;
    if (status == PN_ERROR_INTERRUPTED) {
        json_object_set_new(output->root, "complete", json_false());
        written =
            output_warn(output, "interrupted",
                        "the measurement was interrupted: rows or rounds are missing, what is "
                        "here is whole");
    }
    if (written == PN_OK) {
        written = add_late_warnings(output);
    }
    if (written == PN_OK) {
        written = write_results(output);
    }
    output_free(output);
    return written != PN_OK ? written : status;
}
