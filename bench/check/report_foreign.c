/* check/report_foreign.c: this machine beside the one that a baseline is of. */
#include <stdio.h>

#include "bench/ab/judged.h"
#include "bench/check/stages.h"

static void foreign_line(const struct check_row *row, const struct saved_row *there, char *line,
                         size_t size)
{
    char here_text[64] = "not measured", there_text[64] = "has not this row";
    if (row_is_wrong(row)) {
        snprintf(line, size, "%-58s WRONG: %s", row->meter.name, row->meter.wrong);
        return;
    }
    if (row_launches(row)->count > 0) {
        const double ratio = launches_ratio(row_launches(row));
        snprintf(here_text, sizeof here_text, "%12.3f %7.1f %-6s", ratio, 100 / ratio,
                 yardstick_limit(&row->meter.limb.yardstick));
    }
    if (there != NULL) {
        const double ratio = launches_ratio(&there->ratios);
        snprintf(there_text, sizeof there_text, "%20.3f %7.1f %-6s", ratio, 100 / ratio,
                 yardstick_limit(&there->limb.yardstick));
    }
    snprintf(line, size, "%-58s %-27s | %s", row->meter.name, here_text, there_text);
}

static json_t *foreign_json(const struct check *check, const struct check_row *row,
                            const struct saved_row *there)
{
    json_t *json = row_start_json(check, row);
    if (json == NULL) {
        return NULL;
    }
    json_object_set_new(json, "verdict",
                        json_string(judged_word(row_is_wrong(row), true, VERDICT_INCONCLUSIVE)));
    if (there != NULL) {
        const double base = launches_ratio(&there->ratios);
        json_object_set_new(json, "base_ratio", json_real(base));
        json_object_set_new(json, "base_percent_of_limit", json_real(100 / base));
        json_object_set_new(json, "base_limit",
                            json_string(yardstick_limit(&there->limb.yardstick)));
    }
    return json;
}

void report_keys(const struct check *check)
{
    char here_text[BASELINE_KEY_TEXT], there_text[BASELINE_KEY_TEXT];
    const struct baseline_key here =
        baseline_key_here(check->rows[0].meter.entry.isa, check->meter->threads);
    printf("\nhere:         %s\nthe baseline: %s\nSide by side, not compared.\n",
           baseline_key_text(&here, here_text), baseline_key_text(&check->shown, there_text));
}

pn_status report_foreign(const struct check *check, struct output *output)
{
    for (size_t i = 0; i < check->count; i++) {
        const struct check_row *row = &check->rows[i];
        struct saved_row found;
        const bool there = check_find_shown(check, row, &found);
        char line[ROW_NAME_SIZE + REPLY_MESSAGE + 160];
        foreign_line(row, there ? &found : NULL, line, sizeof line);
        const pn_status status =
            output_row(output, foreign_json(check, row, there ? &found : NULL), line);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}
