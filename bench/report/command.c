/* report/command.c: the command that shows a result document. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command/commands.h"
#include "bench/report/document.h"
#include "bench/report/report.h"
#include "engine/base/error.h"
#include "engine/format/atomic_file.h"

struct report_options {
    const char *output; /* NULL: standard output */
    bool text, markdown;
};

#define AT(MEMBER) offsetof(struct report_options, MEMBER)

static const struct option_spec report_option_list[] = {
    {"output", "FILE", "into this file, whole or not at all (standard output)", option_text,
     AT(output), 0, 0, 'o'},
    {"text", NULL, "tables for a terminal", option_flag, AT(text), 0, 0, 0},
    {"md", NULL, "Markdown tables for a pull request", option_flag, AT(markdown), 0, 0, 0},
    {0},
};

static const struct report_options report_defaults = {0};

static pn_status deliver(const char *path, const char *bytes, size_t size)
{
    if (path != NULL) {
        return atomic_file_write(path, bytes, size);
    }
    if (fwrite(bytes, 1, size, stdout) != size || fflush(stdout) != 0) {
        return error_set(PN_ERROR_IO, "standard output: writing the report failed: %s",
                         strerror(errno));
    }
    return PN_OK;
}

static pn_status write_report(const struct report_options *options, const struct report *report)
{
    char *bytes = NULL;
    size_t size;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL) {
        return error_memory(0, "a report");
    }
    if (options->text) {
        report_text(out, report);
    } else if (options->markdown) {
        report_markdown(out, report);
    } else {
        report_page(out, report);
    }
    const bool written = !ferror(out);
    const pn_status status = fclose(out) == 0 && written ? deliver(options->output, bytes, size)
                                                         : error_memory(0, "a report");
    free(bytes);
    return status;
}

static pn_status run_report(const void *values, const struct option_words *words)
{
    const struct report_options *options = values;
    if (options->text && options->markdown) {
        return error_set(PN_ERROR_USAGE, "report: --text and --md exclude each other; choose one");
    }
    if (options->output != NULL && options->output[0] == '\0') {
        return error_set(PN_ERROR_USAGE, "report: -o '' names no file; give one");
    }
    json_t *document;
    pn_status status = document_load(words->list[0], &document);
    if (status != PN_OK) {
        return status;
    }
    struct report report;
    status = report_create(document, &report);
    if (status == PN_OK) {
        status = write_report(options, &report);
        report_free(&report);
    }
    json_decref(document);
    return status;
}

const struct command command_report = {
    .name = "report",
    .words = "FILE",
    .summary = "results as one page with plots, for a terminal, or for a pull request",
    .examples = "  pinion-bench run --out run.json && pinion-bench report run.json -o run.html\n"
                "  pinion-bench report ab.json --md >> pull-request.md\n",
    .details =
        "Shows what another command wrote with --json or --out, or selftest with --scorecard, as\n"
        "one HTML page that needs no network, with a table beside each plot, or as plain or\n"
        "Markdown tables.\n",
    .options = report_option_list,
    .defaults = &report_defaults,
    .size = sizeof report_defaults,
    .run = run_report,
};
