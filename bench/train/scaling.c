#include "bench/train/scaling.h"

#include <stdlib.h>

#include "bench/train/rows.h"
#include "engine/base/error.h"

const char scaling_titles[] =
    "network                                              input   batch isa     thr   samples/s "
    "    us/step % of roofline  efficiency   ceiling/s  its efficiency";

size_t scaling_counts(size_t most, size_t counts[SCALING_MOST])
{
    size_t count = 0;
    counts[count++] = 1;
    /* 2, 3, 4, 6, 8, 12, ...: powers of two and the middle between two of them. */
    for (size_t next = 2; next < most && count < SCALING_MOST - 1;) {
        counts[count++] = next;
        const bool power = (next & (next - 1)) == 0;
        next = power ? next + next / 2 : next + next / 3;
    }
    if (most > 1) {
        counts[count++] = most;
    }
    return count;
}

/* What of `threads` times the rate of one thread is there. */
static double efficiency(double rate, double alone, size_t threads)
{
    return rate / (alone * (double)threads);
}

static pn_status report_row(const struct contender *contender, const struct train_row *row,
                            const struct train_row *alone, struct output *output)
{
    const size_t threads = contender->plan.threads;
    const double own = efficiency(row->samples_per_second, alone->samples_per_second, threads);
    const double ceiling =
        efficiency(row->ceiling_samples_per_second, alone->ceiling_samples_per_second, threads);
    char *line = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);
    if (out == NULL) {
        return error_memory(0, "a row of results");
    }
    train_row_print(out, contender, row);
    fprintf(out, " %13.3f %11.0f %15.3f", own, row->ceiling_samples_per_second, ceiling);
    train_notes_print(out, contender);
    fclose(out);
    json_t *json = train_row_json("scaling", contender, row);
    if (json != NULL) {
        json_object_set_new(json, "efficiency", json_real(own));
        json_object_set_new(json, "ceiling_samples_per_second",
                            json_real(row->ceiling_samples_per_second));
        json_object_set_new(json, "ceiling_efficiency", json_real(ceiling));
    }
    const pn_status status =
        line == NULL ? error_memory(length, "a row of results") : output_row(output, json, line);
    free(line);
    return status;
}

pn_status scaling_report(struct contender *contenders, size_t count, struct output *output)
{
    if (contenders[0].finished == 0) {
        return PN_OK;
    }
    const struct train_row alone = train_row_of(&contenders[0]);
    pn_status status = report_row(&contenders[0], &alone, &alone, output);
    for (size_t i = 1; i < count && status == PN_OK && contenders[i].finished > 0; i++) {
        const struct train_row row = train_row_of(&contenders[i]);
        status = report_row(&contenders[i], &row, &alone, output);
    }
    return status;
}
