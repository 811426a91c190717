/* check/check.h: the rows of a check, or of a run that is saved, from the first launch to the
 * verdict. */
#ifndef PINION_BENCH_CHECK_CHECK_H
#define PINION_BENCH_CHECK_CHECK_H

#include "bench/check/baseline.h"
#include "bench/check/meter.h"
#include "bench/command/options.h"
#include "bench/command/output.h"

struct check_options {
    struct output_options output;
    const char *path;    /* of the baseline */
    const char *library; /* NULL: the program's own */
    const char *filter;  /* over row names; NULL: all */
    const char *isa;     /* NULL: the best that the build has; "all" */
    unsigned caches;     /* a bit for each enum cache_state */
    struct option_threads threads_option;
    size_t launches;   /* of the first stage, at most */
    double budget_s;   /* about how long it may take */
    double turn_ns;    /* a turn takes at least this long */
    double longest_ns; /* rows whose call takes longer are left out; 0: none is */
    size_t seed;
    bool save, quick, unchecked, progress;
};

enum { STAGES = 2 };

struct check_row {
    struct meter_row meter;
    bool known;                    /* the baseline has it, and meter.limb is the one from there */
    bool left_out;                 /* takes too long */
    struct launches stage[STAGES]; /* ln ratios */
    double ns[STAGES][JUDGE_LAUNCHES];
    /* Of the baseline. */
    struct launches reference;
    double margin; /* in ln */
    size_t runs;   /* that it rests on */
    /* What came of it. */
    bool judged;    /* false: there is no evidence, the run was cut short */
    int decided_by; /* stage 0 or 1 */
    double p;       /* Holm's, of rows of the second stage; else NAN */
    struct change change;
    enum verdict verdict;
};

struct names {
    char **list;
    size_t count;
};

struct check {
    const struct check_options *options;
    struct meter *meter;
    struct machine machine;
    struct listing *list; /* what the build has */
    size_t list_count;
    char version[REPLY_MESSAGE]; /* of the library */
    char best_isa[BENCH_ABI_TEXT];
    struct check_row *rows;
    size_t count;
    struct baseline baseline;
    struct names only_old, only_new; /* rows that only the baseline, or only the build has */
    struct names not_compared;       /* that the baseline has in runs that cannot be compared */
    /* Of another machine: what is shown beside this one's. */
    bool foreign;
    struct baseline_key shown;
    const json_t *shown_run;
    char refusal[3 * BASELINE_KEY_TEXT]; /* why nothing is compared; empty: it is */
    bool saved;                          /* a run was added to the file */
    enum verdict verdict;                /* a wrong result is a regression too */
    size_t verdicts[4], wrong, left_out, judged;
};

/* Launches and chooses the rows. PN_ERROR_USAGE if none is left; interrupted, there is none either.
 */
pn_status check_create(struct meter *meter, const struct check_options *options,
                       struct check *check);
void check_free(struct check *check);
/* The instruction set that was asked for, else the best. */
const char *check_isa(const struct check *check);

/* Gives the rows the yardsticks, references and margins that the baseline knows. Rows that it lacks
 * go to only_new or not_compared, names that the build lacks to only_old. Where nothing can be
 * compared sets check->refusal, and for another machine's baseline check->foreign: then all rows
 * stay. */
pn_status check_refer(struct check *check);

/* Measures the rows, suspects again with fresh launches, and judges. Another machine's baseline is
 * compared with nothing, but what is seen here is measured. Interrupted, judges what there is and
 * returns PN_ERROR_INTERRUPTED. */
pn_status check_compare(struct check *check, struct output *output);

/* Measures the rows and adds them to the file as a run of their keys. Rows that runs saved before
 * know keep their yardsticks. Interrupted or with wrong results, the file stays as it was; so it
 * does where every row is left out, which is PN_ERROR_USAGE. */
pn_status check_save(struct check *check);

/* What came of it. */
/* The table's head. */
const char *check_titles(const struct check *check);
pn_status check_report(const struct check *check, struct output *output);
pn_status check_report_saved(const struct check *check, struct output *output);

#endif
