#include "tools/pinion/report.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/pinion/say.h"

enum { SCHEMA = 1 };

json_t *report_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

int report_json(const char *command, json_t *object)
{
    if (!object) {
        return say_error(command, PN_ERROR_FAILED, "out of memory for the JSON result");
    }
    const int failed = json_dumpf(object, stdout, 0);
    json_decref(object);
    fputc('\n', stdout);
    /* A failed write shows at the end, in report_end. */
    return failed && !ferror(stdout)
               ? say_error(command, PN_ERROR_FAILED, "out of memory for the JSON result")
               : 0;
}

static json_t *epochs_json(const pn_history *history)
{
    json_t *list = json_array();
    const pn_epoch *epochs = pn_history_epochs(history);
    for (size_t i = 0; i < pn_history_count(history); i++) {
        const pn_epoch *epoch = &epochs[i];
        json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch",
                                              (json_int_t)epoch->epoch, "loss",
                                              report_number(epoch->loss), "accuracy",
                                              report_number(epoch->accuracy), "val_loss",
                                              report_number(epoch->val_loss), "val_accuracy",
                                              report_number(epoch->val_accuracy), "seconds",
                                              report_number(epoch->seconds), "samples_per_second",
                                              report_number(epoch->samples_per_second),
                                              "val_seconds", report_number(epoch->val_seconds)));
    }
    return list;
}

/* Epochs and threads count from 1: 0 stands for none. */
static json_t *number_or_null(size_t number)
{
    return number ? json_integer((json_int_t)number) : json_null();
}

static json_t *interrupted_json(const pn_history *history)
{
    size_t batch;
    const size_t epoch = pn_history_interrupted(history, &batch);
    return epoch ? json_pack("{s:I, s:I}", "epoch", (json_int_t)epoch, "batch", (json_int_t)batch)
                 : json_null();
}

static double peak_rss_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

static json_t *training_json(const struct training_report *report)
{
    const pn_history *history = report->history;
    char digest[33];
    pn_model_digest(report->model, digest);
    size_t requested;
    const size_t active = pn_history_threads(history, &requested);
    double plan_seconds;
    const double fit_seconds = pn_history_seconds(history, &plan_seconds);
    return json_pack(
        "{s:i, s:s, s:i, s:s, s:{s:o, s:I}, s:s, s:I, s:o, s:o, s:o, s:{s:o, s:s?}, s:s, "
        "s:{s:o, s:o, s:o}, s:I}",
        "schema", SCHEMA, "version", pn_version(), "recipe", pn_recipe(), "isa",
        pn_history_isa(history), "threads", "requested", number_or_null(requested), "active",
        (json_int_t)active, "placement", pn_history_placement(history), "seed",
        (json_int_t)pn_model_seed(report->model), "epochs", epochs_json(history), "stopped_epoch",
        number_or_null(pn_history_stopped_epoch(history)), "interrupted", interrupted_json(history),
        "best", "epoch", number_or_null(report->best_epoch), "file", report->best_file,
        "weights_digest", digest, "seconds", "load", report_number(report->load_seconds), "plan",
        report_number(plan_seconds), "fit", report_number(fit_seconds), "peak_rss_bytes",
        (json_int_t)peak_rss_bytes());
}

static void print_pair(const char *name, double loss, const char *other, double accuracy)
{
    if (isnan(accuracy)) {
        printf("%-16s%.4f\n", name, report_printable(loss));
    } else {
        printf("%-16s%-10.4f%s %.4f\n", name, report_printable(loss), other, accuracy);
    }
}

static void print_training(const struct training_report *report)
{
    const pn_history *history = report->history;
    const size_t count = pn_history_count(history);
    const double seconds = pn_history_seconds(history, NULL);
    printf("%-16s%zu %s in %.1f s, seed %u\n", "trained", count, count == 1 ? "epoch" : "epochs",
           seconds, pn_model_seed(report->model));
    if (count > 0) {
        const pn_epoch *last = &pn_history_epochs(history)[count - 1];
        print_pair("loss", last->loss, "accuracy", last->accuracy);
        if (last->val_seconds > 0) {
            print_pair("val_loss", last->val_loss, "val_accuracy", last->val_accuracy);
        }
    }
    if (pn_history_stopped_epoch(history)) {
        printf("%-16safter epoch %zu\n", "stopped early", pn_history_stopped_epoch(history));
    }
    size_t batch;
    const size_t interrupted = pn_history_interrupted(history, &batch);
    if (interrupted) {
        printf("%-16sin epoch %zu, after batch %zu\n", "interrupted", interrupted, batch);
    }
    if (report->best_epoch) {
        printf("%-16sepoch %zu%s%s\n", "best", report->best_epoch, report->best_file ? " in " : "",
               report->best_file ? report->best_file : "");
    }
    char digest[33];
    pn_model_digest(report->model, digest);
    printf("%-16s%s\n", "weights digest", digest);
    if (report->saved) {
        printf("%-16s%s\n", "saved", report->saved);
    }
}

int report_training(const char *command, const struct training_report *report, bool as_json)
{
    if (as_json) {
        return report_json(command, training_json(report));
    }
    print_training(report);
    return 0;
}

int report_end(const char *command, int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    if (errno == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return say_error(command, PN_ERROR_IO, "cannot write the results to standard output: %s",
                     errno ? strerror(errno) : "an earlier write failed");
}
