#include "bench/ab/row_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/ab/judged.h"
#include "bench/command/json_text.h"
#include "bench/command/shell.h"

/* The command that compares this row alone. */
static json_t *repro_json(const struct suite *suite, const struct ab_row *row)
{
    char *text = NULL, pattern[ROW_PATTERN_SIZE];
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        return NULL;
    }
    row_pattern(row->name, pattern);
    fputs("pinion-bench ab ", stream);
    shell_write_word(stream, suite->session->libraries[ARM_OLD]);
    fputc(' ', stream);
    shell_write_word(stream, suite->session->libraries[ARM_NEW]);
    shell_write_option(stream, "--isa", row->isa);
    shell_write_option(stream, "--cache", cache_name(row->cache));
    fprintf(stream, " --threads %zu --margin %g", suite->session->threads,
            100 * suite->options->margin);
    shell_write_option(stream, "--filter", pattern);
    json_t *json = fclose(stream) == 0 ? json_text(text) : NULL;
    free(text);
    return json;
}

json_t *suite_row_json(const struct suite *suite, const struct suite_row *row)
{
    const struct evidence *evidence = &row->evidence;
    const struct ab_row *about = &row->row;
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:b, s:o, s:o}", "name", about->name, "kernel",
        about->about.kernel, "shape", about->about.shape, "dtype", about->about.dtype, "isa",
        about->isa, "cache", cache_name(about->cache), "threads", (int)suite->session->threads,
        "verdict", judged_word(about->wrong[0] != '\0', row->judged, row->verdict), "correct",
        about->wrong[0] == '\0', "repro", repro_json(suite, about), "launches",
        recording_json(&about->recording));
    if (json != NULL && about->wrong[0] != '\0') {
        json_object_set_new(json, "wrong", json_string(about->wrong));
    }
    if (json == NULL || !row->judged) {
        return json;
    }
    json_t *judged = json_pack(
        "{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:o}", "change",
        change_share(evidence->change), "low", change_share(evidence->low), "high",
        change_share(evidence->high), "placebo", change_share(evidence->placebo), "margin",
        change_share(suite->margin), "detectable",
        change_share(evidence_detectable(evidence, suite->margin)), "old_ns", evidence->old_ns,
        "new_ns", evidence->new_ns, "stage", row->stage, "p", json_number(row->p_adjusted));
    json_object_update(json, judged);
    json_decref(judged);
    return json;
}
