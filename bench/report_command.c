/* report_command.c: the command that shows a result document. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/document.h"
#include "bench/report.h"
#include "engine/base/error.h"
#include "engine/format/atomic_file.h"

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

static pn_status write_report(const struct bench_options *options, const struct report *report)
{
    char *bytes = NULL;
    size_t size;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL) {
        return error_memory(0, "a report");
    }
    if (options->report_text) {
        report_text(out, report);
    } else if (options->report_markdown) {
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

pn_status bench_report(const struct bench_options *options)
{
    if (options->document == NULL) {
        return error_set(PN_ERROR_USAGE,
                         "report: which results? give a file written with --json; see --help");
    }
    if (options->report_text && options->report_markdown) {
        return error_set(PN_ERROR_USAGE, "report: --text and --md exclude each other; choose one");
    }
    json_t *document;
    pn_status status = document_load(options->document, &document);
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
