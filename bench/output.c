#include "bench/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"
#include "simd/cpu.h"

enum { OUTPUT_SCHEMA = 1 };

pn_status output_create(const char *command, bool json, const char *isa, size_t threads,
                        const char *placement, double clock_ghz, const char *titles,
                        struct output *output)
{
    char name[SIMD_CPU_NAME_SIZE];
    const char *processor = simd_cpu_name(name, sizeof name);
    *output = (struct output){.json = json};
    if (!json) {
        printf("%s · ISA %s · %zu thread%s", processor, isa, threads, threads == 1 ? "" : "s");
        if (clock_ghz > 0) {
            printf(" · %.2f GHz measured", clock_ghz);
        }
        printf("\n%s\n\n%s\n", placement, titles);
        return PN_OK;
    }
    output->rows = json_array();
    output->root =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:i, s:s, s:O}", "schema", OUTPUT_SCHEMA, "command",
                  command, "version", pn_version(), "processor", processor, "isa", isa, "threads",
                  (int)threads, "placement", placement, "rows", output->rows);
    if (output->root == NULL ||
        (clock_ghz > 0 && json_object_set_new(output->root, "clock_ghz", json_real(clock_ghz)))) {
        output_discard(output);
        return error_memory(0, "results");
    }
    return PN_OK;
}

static pn_status flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return error_set(PN_ERROR_IO, "standard output: writing the results failed: %s",
                         strerror(errno));
    }
    return PN_OK;
}

pn_status output_row(struct output *output, json_t *row, const char *line)
{
    if (!output->json) {
        json_decref(row);
        puts(line);
        return flush();
    }
    if (row == NULL || json_array_append_new(output->rows, row) != 0) {
        return error_memory(0, "a row of results");
    }
    return PN_OK;
}

pn_status output_finish(struct output *output)
{
    if (output->json) {
        json_dumpf(output->root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    output_discard(output);
    return flush();
}

void output_discard(struct output *output)
{
    json_decref(output->root);
    json_decref(output->rows);
    *output = (struct output){0};
}
