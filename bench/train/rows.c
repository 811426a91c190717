#include "bench/train/rows.h"

#include "bench/stats/stats.h"

const char train_row_titles[] =
    "network                                              input   batch isa     thr   samples/s "
    "    us/step % of roofline";
const char train_part_titles[] =
    "  part                                    % of time     a step          roofline  % of it";

/* What is said of a part: nanoseconds of a step, of one thread, as means of the rounds' epochs. */
struct part_report {
    const char *name, *limit;
    double ns, least;
    double percent_of_time;
    struct work work; /* of all threads, in a whole step */
};

struct train_row train_row_of(struct contender *contender)
{
    const double samples = (double)contender->samples;
    const size_t rounds = contender->finished;
    const double seconds = stats_median(contender->seconds, rounds);
    return (struct train_row){.samples_per_second = samples / seconds,
                              .microseconds_per_step = seconds * 1e6 / (double)contender->steps,
                              .percent_of_roofline = stats_median(contender->percents, rounds),
                              .ceiling_samples_per_second =
                                  samples / stats_median(contender->least, rounds)};
}

/* Nanoseconds of all parts and threads. */
static double profiled_total(const struct contender *contender)
{
    double total = 0;
    for (size_t i = 0; i < contender->profile.parts; i++) {
        total += (double)contender->profiled[i];
    }
    return total;
}

static struct part_report report_part(const struct contender *contender, size_t index, double total)
{
    const struct part *part = &contender->parts.list[index];
    uint64_t ns = 0;
    for (size_t i = 0; i < contender->parts.of_count; i++) {
        ns += contender->parts.of[i] == index ? contender->profiled[i] : 0;
    }
    struct part_report report = {.name = part->name, .limit = contender->sums[index].limit};
    const double steps = (double)(contender->finished * contender->steps);
    report.ns = (double)ns / steps / (double)contender->plan.threads;
    report.least = contender->sums[index].least / steps;
    report.percent_of_time = 100 * (double)ns / total;
    for (size_t i = 0; i < PART_WORKS; i++) {
        report.work.flops += part->works[i].flops;
        report.work.divisions += part->works[i].divisions;
        report.work.roots += part->works[i].roots;
        report.work.read += part->works[i].read;
        report.work.written += part->works[i].written;
    }
    return report;
}

/* --- text ---------------------------------------------------------------------------------------
 */

void train_row_print(FILE *out, const struct contender *contender, const struct train_row *row)
{
    fprintf(out, "%-52s %5zu %7zu %-7s %3zu %11.0f %11.2f %10.1f", contender->network->spec,
            contender->network->input, contender->batch, contender->kernels->name,
            contender->plan.threads, row->samples_per_second, row->microseconds_per_step,
            row->percent_of_roofline);
}

void train_notes_print(FILE *out, const struct contender *contender)
{
    if (contender->preemptions > 0) {
        fprintf(out, "  preempted %ld times", contender->preemptions);
    }
    if (contender->finished < contender->rounds) {
        fprintf(out, "  %zu of %zu rounds", contender->finished, contender->rounds);
    }
}

static void print_part(FILE *out, const struct part_report *part)
{
    fprintf(out, "\n  %-40s %6.1f %% %11.2f us", part->name, part->percent_of_time,
            part->ns * 1e-3);
    if (part->limit != NULL) {
        fprintf(out, " %11.2f us %6.1f %% %s", part->least * 1e-3, 100 * part->least / part->ns,
                part->limit);
    }
}

void train_parts_print(FILE *out, const struct contender *contender)
{
    const double total = profiled_total(contender);
    for (size_t i = 0; i < contender->parts.count; i++) {
        const struct part_report part = report_part(contender, i, total);
        print_part(out, &part);
    }
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static json_t *part_json(const struct part_report *part)
{
    json_t *json =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "percent_of_time", part->percent_of_time,
                  "microseconds", part->ns * 1e-3, "roofline_microseconds", part->least * 1e-3,
                  "flops", part->work.flops, "divisions", part->work.divisions, "roots",
                  part->work.roots, "bytes", part->work.read + part->work.written);
    if (json != NULL && part->limit != NULL) {
        json_object_set_new(json, "limit", json_string(part->limit));
    }
    return json;
}

static json_t *parts_json(const struct contender *contender)
{
    json_t *parts = json_object();
    const double total = profiled_total(contender);
    for (size_t i = 0; i < contender->parts.count; i++) {
        const struct part_report part = report_part(contender, i, total);
        json_object_set_new(parts, part.name, part_json(&part));
    }
    return parts;
}

json_t *train_row_json(const char *kind, const struct contender *contender,
                       const struct train_row *row)
{
    const struct network *network = contender->network;
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:s, s:i, s:i, s:f, s:f, s:f, s:I, s:o}",
                     "kind", kind, "network", network->spec, "input", (int)network->input, "dtype",
                     network->dtype == PN_U8 ? "u8" : "f32", "optimizer",
                     network->model->optimizer.kind == PN_ADAM ? "adam" : "sgd", "batch",
                     (int)contender->batch, "threads", (int)contender->plan.threads, "isa",
                     contender->kernels->name, "samples", (int)contender->samples, "rounds",
                     (int)contender->finished, "samples_per_second", row->samples_per_second,
                     "microseconds_per_step", row->microseconds_per_step, "percent_of_roofline",
                     row->percent_of_roofline, "preemptions", (json_int_t)contender->preemptions,
                     "parts", parts_json(contender));
}
