/* check/report.c: what a check shows, as a table and as a document. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/judged.h"
#include "bench/check/stages.h"
#include "bench/command/json_text.h"
#include "bench/command/shell.h"
#include "engine/base/error.h"

const char *check_titles(const struct check *check)
{
    if (check->options->save) {
        return "row                                                                 ns    ratio  "
               "spread %   % of limit";
    }
    if (check->foreign) {
        return "row                                                            here:  ratio  % of "
               "limit | the baseline:  ratio  % of limit";
    }
    return check->refusal[0] != '\0'
               ? ""
               : "row                                                                 ns    ratio  "
                 "   base  change % [95 % interval] margin  verdict";
}

const struct launches *row_launches(const struct check_row *row)
{
    return &row->stage[row->decided_by];
}

double launches_ratio(const struct launches *launches)
{
    return exp(launches_mean(launches));
}

/* Mean over launches. */
static double call_ns(const struct check_row *row)
{
    const struct launches *launches = row_launches(row);
    double sum = 0;
    for (size_t i = 0; i < launches->count; i++) {
        sum += row->ns[row->decided_by][i];
    }
    return sum / (double)launches->count;
}

bool row_is_wrong(const struct check_row *row)
{
    return row->meter.wrong[0] != '\0';
}

/* --- rows as JSON --------------------------------------------------------------------------------
 */

static json_t *ratios_json(const struct check_row *row)
{
    json_t *array = json_array();
    for (int stage = 0; stage < STAGES; stage++) {
        for (size_t i = 0; i < row->stage[stage].count; i++) {
            json_array_append_new(array, json_pack("{s:i, s:f, s:f}", "stage", stage + 1, "ratio",
                                                   exp(row->stage[stage].values[i]), "ns",
                                                   row->ns[stage][i]));
        }
    }
    return array;
}

/* The command that measures this row alone. */
static json_t *repro_json(const struct check *check, const struct meter_row *row)
{
    char *text = NULL, pattern[ROW_PATTERN_SIZE];
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        return NULL;
    }
    row_pattern(row->name, pattern);
    const bool unsaved = check->options->save && !check->saved; /* there may be no file */
    fputs(unsaved ? "pinion-bench check --save " : "pinion-bench check ", stream);
    shell_write_word(stream, check->options->path);
    if (check->options->library != NULL) {
        shell_write_option(stream, "--library", check->options->library);
    }
    shell_write_option(stream, "--isa", row->entry.isa);
    shell_write_option(stream, "--cache", cache_name(row->cache));
    fprintf(stream, " --threads %zu", check->meter->threads);
    shell_write_option(stream, "--filter", pattern);
    json_t *json = fclose(stream) == 0 ? json_text(text) : NULL;
    free(text);
    return json;
}

json_t *row_start_json(const struct check *check, const struct check_row *row)
{
    const struct meter_row *about = &row->meter;
    const struct bench_abi_problem *problem = &about->entry.about;
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:o}", "name", about->name,
                             "kernel", problem->kernel, "shape", problem->shape, "dtype",
                             problem->dtype, "isa", about->entry.isa, "cache",
                             cache_name(about->cache), "threads", (int)check->meter->threads,
                             "correct", !row_is_wrong(row), "repro", repro_json(check, about));
    if (json == NULL) {
        return NULL;
    }
    if (row_is_wrong(row)) {
        json_object_set_new(json, "wrong", json_string(about->wrong));
    }
    const struct launches *launches = row_launches(row);
    if (launches->count > 0) {
        const double ratio = launches_ratio(launches);
        json_t *measured = json_pack("{s:f, s:f, s:s, s:f, s:o}", "ns", call_ns(row), "ratio",
                                     ratio, "limit", yardstick_limit(&about->limb.yardstick),
                                     "percent_of_limit", 100 / ratio, "ratios", ratios_json(row));
        json_object_update(json, measured);
        json_decref(measured);
    }
    return json;
}

static json_t *row_json(const struct check *check, const struct check_row *row)
{
    json_t *json = row_start_json(check, row);
    if (json == NULL) {
        return NULL;
    }
    json_object_set_new(json, "verdict",
                        json_string(judged_word(row_is_wrong(row), row->judged, row->verdict)));
    if (!row->judged) {
        return json;
    }
    const double base = launches_ratio(&row->reference);
    json_t *judged =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:i, s:o}", "base_ratio", base,
                  "base_percent_of_limit", 100 / base, "change", change_share(row->change.change),
                  "low", change_share(row->change.low), "high", change_share(row->change.high),
                  "margin", change_share(row->margin), "base_runs", (int)row->runs, "stage",
                  row->decided_by + 1, "p", json_number(row->p));
    json_object_update(json, judged);
    json_decref(judged);
    return json;
}

/* --- the document's other members ----------------------------------------------------------------
 */

static json_t *left_out_json(const struct check *check)
{
    json_t *array = json_array();
    for (size_t i = 0; i < check->count; i++) {
        if (check->rows[i].left_out) {
            json_array_append_new(array, json_string(check->rows[i].meter.name));
        }
    }
    return array;
}

static json_t *key_json(const struct baseline_key *key)
{
    json_t *json = json_pack("{s:s, s:s, s:i}", "processor", key->processor, "isa", key->isa,
                             "threads", (int)key->threads);
    if (json != NULL && key->numbered) {
        json_object_set_new(json, "family", json_integer(key->family));
        json_object_set_new(json, "model", json_integer(key->model));
    }
    return json;
}

/* Mean change over rows. */
static double mean_change(const struct check *check)
{
    double sum = 0;
    for (size_t i = 0; i < check->count; i++) {
        sum += check->rows[i].judged ? check->rows[i].change.change : 0;
    }
    return sum / (double)check->judged;
}

static pn_status add_summary(const struct check *check, struct output *output)
{
    const struct meter *meter = check->meter;
    json_t *summary = json_pack(
        "{s:o, s:o, s:o, s:b, s:I, s:o, s:{s:I, s:I}}", "baseline", json_text(check->options->path),
        "library", json_text(check->options->library == NULL ? "" : check->options->library),
        "library_version", json_text(check->version), "saved", check->saved, "seed",
        (json_int_t)check->options->seed, "left_out", left_out_json(check), "blocks", "counted",
        (json_int_t)meter->blocks, "disturbed", (json_int_t)meter->disturbed);
    if (summary == NULL) {
        return error_memory(0, "the summary");
    }
    const struct baseline_key here = baseline_key_here(check_isa(check), meter->threads);
    json_object_set_new(summary, "key", key_json(&here));
    if (!check->saved) {
        json_object_set_new(summary, "only_old",
                            json_texts(check->only_old.list, check->only_old.count));
        json_object_set_new(summary, "only_new",
                            json_texts(check->only_new.list, check->only_new.count));
        json_object_set_new(summary, "not_compared",
                            json_texts(check->not_compared.list, check->not_compared.count));
        json_object_set_new(summary, "verdict", json_string(verdict_name(check->verdict)));
    }
    if (check->refusal[0] != '\0') {
        json_object_set_new(summary, "refusal", json_string(check->refusal));
    }
    if (check->foreign) {
        json_object_set_new(summary, "shown_key", key_json(&check->shown));
    }
    if (check->judged > 0) {
        json_object_set_new(summary, "suite",
                            json_pack("{s:f}", "change", change_share(mean_change(check))));
    }
    json_object_update(output->root, summary);
    json_decref(summary);
    return PN_OK;
}

/* --- a check -------------------------------------------------------------------------------------
 */

static void row_line(const struct check_row *row, char *line, size_t size)
{
    const char *name = row->meter.name;
    if (row_is_wrong(row)) {
        snprintf(line, size, "%-58s WRONG: %s", name, row->meter.wrong);
    } else if (!row->judged) {
        snprintf(line, size, "%-58s not %s", name,
                 row_launches(row)->count == 0 ? "measured" : "judged");
    } else {
        snprintf(line, size, "%-58s %11.1f %8.3f %8.3f %+8.2f [%+6.2f, %+6.2f] %6.2f  %s%s", name,
                 call_ns(row), launches_ratio(row_launches(row)), launches_ratio(&row->reference),
                 100 * change_share(row->change.change), 100 * change_share(row->change.low),
                 100 * change_share(row->change.high), 100 * change_share(row->margin),
                 verdict_name(row->verdict), row->decided_by == 1 ? " (measured again)" : "");
    }
}

static int rank(const struct check_row *row)
{
    return judged_rank(row_is_wrong(row), row->judged, row->verdict);
}

static pn_status print_rows(const struct check *check, struct output *output)
{
    for (int wanted = 0; wanted < JUDGED_RANKS; wanted++) {
        for (size_t i = 0; i < check->count; i++) {
            const struct check_row *row = &check->rows[i];
            if (rank(row) != wanted || row->left_out) {
                continue;
            }
            char line[ROW_NAME_SIZE + REPLY_MESSAGE + 160];
            row_line(row, line, sizeof line);
            const pn_status status = output_row(output, row_json(check, row), line);
            if (status != PN_OK) {
                return status;
            }
        }
    }
    return PN_OK;
}

static pn_status print_summary(const struct check *check, struct output *output)
{
    if (check->foreign) {
        report_keys(check);
    }
    judged_print_names("only in the baseline:", check->only_old.list, check->only_old.count);
    judged_print_names("only in the build:", check->only_new.list, check->only_new.count);
    judged_print_names("only in runs that cannot be compared with:", check->not_compared.list,
                       check->not_compared.count);
    if (check->left_out > 0) {
        printf("%zu rows whose calls take too long were left out (--quick)\n", check->left_out);
    }
    if (check->judged > 0) {
        printf("\nmean over rows %+.2f %%\n", 100 * change_share(mean_change(check)));
    }
    if (check->refusal[0] != '\0') {
        char wrong[48] = "";
        if (check->wrong > 0) {
            snprintf(wrong, sizeof wrong, "%zu wrong; ", check->wrong);
        }
        putchar('\n');
        return output_last_line(output, "VERDICT %s %s%s", verdict_name(check->verdict), wrong,
                                check->refusal);
    }
    return judged_last_line(output, check->verdict, check->verdicts, check->wrong, check->left_out);
}

/* --- a check as a whole -------------------------------------------------------------------------
 */

pn_status check_report(const struct check *check, struct output *output)
{
    pn_status status = check->foreign ? report_foreign(check, output) : print_rows(check, output);
    if (status == PN_OK) {
        status = add_summary(check, output);
    }
    if (status == PN_OK && !output->target.document) {
        status = print_summary(check, output);
    }
    return status;
}

/* --- a saved run ---------------------------------------------------------------------------------
 */

/* Half of the range of the launches, in percent of their mean. */
static double spread(const struct launches *launches)
{
    double low = launches->values[0], high = launches->values[0];
    for (size_t i = 1; i < launches->count; i++) {
        low = fmin(low, launches->values[i]);
        high = fmax(high, launches->values[i]);
    }
    return 100 * change_share((high - low) / 2);
}

pn_status check_report_saved(const struct check *check, struct output *output)
{
    pn_status status = PN_OK;
    for (size_t i = 0; i < check->count && status == PN_OK; i++) {
        const struct check_row *row = &check->rows[i];
        const struct launches *launches = row_launches(row);
        char line[ROW_NAME_SIZE + REPLY_MESSAGE + 160];
        if (row->left_out) {
            continue;
        }
        if (launches->count == 0) {
            row_line(row, line, sizeof line);
        } else {
            const double ratio = launches_ratio(launches);
            snprintf(line, sizeof line, "%-58s %11.1f %8.3f %9.2f %8.1f %s", row->meter.name,
                     call_ns(row), ratio, spread(launches), 100 / ratio,
                     yardstick_limit(&row->meter.limb.yardstick));
        }
        status = output_row(output, row_start_json(check, row), line);
    }
    return status == PN_OK ? add_summary(check, output) : status;
}
