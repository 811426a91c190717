/*
 * peers/peers.c: the command that times the products of training against the BLAS libraries and
 * oneDNN, all in turns on one shape after another.
 *
 * All have the same processors: before any library is loaded the process is held to those that
 * pinion's team is bound to, and whatever threads a library starts inherit that. Between
 * contenders of several threads there is a pause, since waiting threads spin for a while.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/command/bench.h"
#include "bench/command/filter.h"
#include "bench/command/json_text.h"
#include "bench/command/output.h"
#include "bench/peers/peer_libraries.h"
#include "bench/machine/probe.h"
#include "bench/peers/product.h"
#include "bench/stats/stats.h"
#include "engine/base/error.h"

/* The lesson's network 784-256-10 at several batches, then squares and wide layers. */
static const struct product_shape shapes[] = {
    {PRODUCT_FORWARD, 32, 256, 784},     {PRODUCT_FORWARD, 480, 256, 784},
    {PRODUCT_FORWARD, 4096, 256, 784},   {PRODUCT_FORWARD, 32, 10, 256},
    {PRODUCT_FORWARD, 480, 10, 256},     {PRODUCT_DH, 32, 256, 10},
    {PRODUCT_DH, 480, 256, 10},          {PRODUCT_DW, 784, 256, 32},
    {PRODUCT_DW, 784, 256, 480},         {PRODUCT_DW, 784, 256, 4096},
    {PRODUCT_DW, 256, 10, 32},           {PRODUCT_DW, 256, 10, 480},
    {PRODUCT_FORWARD, 64, 64, 64},       {PRODUCT_FORWARD, 256, 256, 256},
    {PRODUCT_FORWARD, 512, 512, 512},    {PRODUCT_FORWARD, 1024, 1024, 1024},
    {PRODUCT_FORWARD, 2048, 2048, 2048}, {PRODUCT_FORWARD, 128, 1024, 1024},
    {PRODUCT_FORWARD, 512, 4096, 4096},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], THIN = 10 };

/* Contender 0 is pinion, peer i is contender i + 1. */
enum { CONTENDERS = 1 + PEER_MAX_LIBRARIES };

/* OpenBLAS's threads spin for 2^26 cycles before they sleep. */
static const struct timespec pause_between = {.tv_nsec = 50000000};

/* What a set of shapes comes to. */
struct summary {
    size_t shapes;
    double log_sum; /* of the ratios to the best peer */
    double least;
    const struct product_shape *least_shape;
};

struct session {
    const struct bench_options *options;
    const struct simd_kernels *kernels;
    struct measure team, alone;
    struct peer peers[PEER_MAX_LIBRARIES];
    size_t peer_count;
    double *samples; /* [1 + peer_count][rounds] ns, and [rounds] of scratch */
    struct summary all, thin;
    size_t wrong;
    char first_wrong[2 * PEER_NAME_SIZE + 64];
    struct output output;
};

/* One shape and a contender. */
struct turn {
    struct session *session;
    struct product *product;
    const struct peer *peer; /* NULL: pinion */
};

/* One shape's results. */
struct result {
    double gflops[CONTENDERS];
    bool wrong[CONTENDERS];
    double ratio; /* to the best peer whose result is right; 0: there is none */
};

/* --- measuring -----------------------------------------------------------------------------------
 */

/* A call ends for all threads before the next begins, as a library's does. */
static void run_own(void *context, size_t thread, size_t iterations)
{
    const struct turn *turn = context;
    struct team *team = turn->session->team.team;
    for (size_t i = 0; i < iterations; i++) {
        product_run(turn->product, thread);
        if (turn->product->threads > 1) {
            team_barrier(team, thread);
        }
    }
}

static void run_peer(void *context, size_t thread, size_t iterations)
{
    (void)thread;
    const struct turn *turn = context;
    for (size_t i = 0; i < iterations; i++) {
        product_run_peer(turn->product, turn->peer);
    }
}

/* pinion runs on the team, libraries on this thread, from which they start their own. */
static struct turn turn_of(struct session *session, struct product *product, size_t contender,
                           measure_work *work, struct measure **measure)
{
    const struct peer *peer = contender > 0 ? &session->peers[contender - 1] : NULL;
    *work = peer != NULL ? run_peer : run_own;
    *measure = peer != NULL ? &session->alone : &session->team;
    return (struct turn){session, product, peer};
}

static void settle(const struct session *session)
{
    if (session->team.threads > 1) {
        nanosleep(&pause_between, NULL);
    }
}

/* Iterations of each contender, and whether it is right. */
static pn_status prepare(struct session *session, struct product *product, size_t *iterations,
                         struct result *result)
{
    for (size_t i = 0; i <= session->peer_count; i++) {
        measure_work work;
        struct measure *measure;
        struct turn turn = turn_of(session, product, i, &work, &measure);
        settle(session);
        const pn_status status =
            measure_calibrate(measure, work, &turn, session->options->sample_ns, &iterations[i]);
        if (status != PN_OK) {
            return status;
        }
        if (i == 0) {
            product_expect(product);
        } else {
            result->wrong[i] = !product_agrees(product, turn.peer);
        }
    }
    return PN_OK;
}

/* Each contender's call before its sample fetches what the others drove out of the caches. */
static pn_status measure_rounds(struct session *session, struct product *product,
                                const size_t *iterations)
{
    const size_t rounds = session->options->rounds;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i <= session->peer_count; i++) {
            measure_work work;
            struct measure *measure;
            struct turn turn = turn_of(session, product, i, &work, &measure);
            double ns;
            settle(session);
            pn_status status = measure_sample(measure, work, &turn, 1, &ns);
            if (status == PN_OK) {
                status = measure_sample(measure, work, &turn, iterations[i], &ns);
            }
            if (status != PN_OK) {
                return status;
            }
            session->samples[i * rounds + round] = ns;
        }
    }
    return PN_OK;
}

static double flops_of(const struct product_shape *shape)
{
    return 2.0 * (double)shape->m * (double)shape->n * (double)shape->k;
}

/*
 * How many times as fast as the peer pinion is, within each round and the median of those. A peer
 * whose result is wrong is nobody to be compared with.
 */
static void judge(struct session *session, const struct product_shape *shape, struct result *result)
{
    const size_t rounds = session->options->rounds;
    const double *own = session->samples;
    double *scratch = session->samples + (1 + session->peer_count) * rounds;
    for (size_t i = 0; i <= session->peer_count; i++) {
        const double *samples = session->samples + i * rounds;
        memcpy(scratch, samples, rounds * sizeof *scratch);
        result->gflops[i] = flops_of(shape) / stats_median(scratch, rounds);
        if (i == 0 || result->wrong[i]) {
            continue;
        }
        for (size_t r = 0; r < rounds; r++) {
            scratch[r] = samples[r] / own[r];
        }
        const double ratio = stats_median(scratch, rounds);
        result->ratio = result->ratio == 0 ? ratio : fmin(result->ratio, ratio);
    }
}

/* --- reporting -----------------------------------------------------------------------------------
 */

static void shape_name(const struct product_shape *shape, char *name, size_t size)
{
    snprintf(name, size, "%-7s %zux%zux%zu", product_op_name(shape->op), shape->m, shape->n,
             shape->k);
}

static int column_width(const struct peer *peer)
{
    const int length = (int)strlen(peer->name);
    return length > 9 ? length : 9;
}

static void add_to(struct summary *summary, const struct product_shape *shape, double ratio)
{
    if (summary->shapes == 0 || ratio < summary->least) {
        summary->least = ratio;
        summary->least_shape = shape;
    }
    summary->shapes++;
    summary->log_sum += log(ratio);
}

static void count_result(struct session *session, const struct product_shape *shape,
                         const struct result *result)
{
    for (size_t i = 1; i <= session->peer_count; i++) {
        if (result->wrong[i] && session->wrong++ == 0) {
            char name[64];
            shape_name(shape, name, sizeof name);
            snprintf(session->first_wrong, sizeof session->first_wrong, "%s at %s",
                     session->peers[i - 1].name, name);
        }
    }
    if (result->ratio == 0) {
        return;
    }
    add_to(&session->all, shape, result->ratio);
    if (shape->m == THIN || shape->n == THIN || shape->k == THIN) {
        add_to(&session->thin, shape, result->ratio);
    }
}

static json_t *row_json(const struct session *session, const struct product_shape *shape,
                        const struct result *result)
{
    json_t *peers = json_object(), *wrong = json_array();
    for (size_t i = 1; i <= session->peer_count; i++) {
        const char *name = session->peers[i - 1].name;
        json_object_set_new(peers, name, json_real(result->gflops[i]));
        if (result->wrong[i]) {
            json_array_append_new(wrong, json_string(name));
        }
    }
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:f, s:o, s:o, s:o}", "op",
                     product_op_name(shape->op), "m", (int)shape->m, "n", (int)shape->n, "k",
                     (int)shape->k, "threads", (int)session->team.threads, "gflops",
                     result->gflops[0], "peers", peers, "ratio_to_best",
                     result->ratio > 0 ? json_real(result->ratio) : json_null(), "wrong", wrong);
}

static void row_text(FILE *out, const struct session *session, const struct product_shape *shape,
                     const struct result *result)
{
    char name[64];
    shape_name(shape, name, sizeof name);
    fprintf(out, "%-23s %3zu %9.2f", name, session->team.threads, result->gflops[0]);
    for (size_t i = 1; i <= session->peer_count; i++) {
        fprintf(out, " %*.2f", column_width(&session->peers[i - 1]), result->gflops[i]);
    }
    if (result->ratio > 0) {
        fprintf(out, "   %7.3f", result->ratio);
    } else {
        fputs("         -", out);
    }
    for (size_t i = 1; i <= session->peer_count; i++) {
        if (result->wrong[i]) {
            fprintf(out, " WRONG: %s", session->peers[i - 1].name);
        }
    }
}

static pn_status report(struct session *session, const struct product_shape *shape,
                        const struct result *result)
{
    count_result(session, shape, result);
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);
    if (out == NULL) {
        return error_memory(0, "a row of results");
    }
    row_text(out, session, shape, result);
    pn_status status = fclose(out) == 0 ? PN_OK : error_memory(size, "a row of results");
    if (status == PN_OK) {
        status = output_row(&session->output, row_json(session, shape, result), line);
    }
    free(line);
    return status;
}

static void add_summary(json_t *root, const char *name, const struct summary *summary)
{
    if (summary->shapes > 0) {
        json_object_set_new(
            root, name,
            json_pack("{s:i, s:f, s:f}", "shapes", (int)summary->shapes, "geometric_mean",
                      exp(summary->log_sum / (double)summary->shapes), "least", summary->least));
    }
}

static void print_summary(const char *name, const struct summary *summary)
{
    if (summary->shapes > 0) {
        char shape[64];
        shape_name(summary->least_shape, shape, sizeof shape);
        printf("%-5s %2zu shapes: geometric mean %.3f of the best peer, least %.3f at %s\n", name,
               summary->shapes, exp(summary->log_sum / (double)summary->shapes), summary->least,
               shape);
    }
}

/* With `status` PN_ERROR_INTERRUPTED, of the shapes so far. */
static pn_status finish(struct session *session, pn_status status)
{
    json_t *means = json_object();
    add_summary(means, "all", &session->all);
    add_summary(means, "thin", &session->thin);
    json_object_set_new(session->output.root, "summary", means);
    if (!session->output.target.document) {
        putchar('\n');
        print_summary("all", &session->all);
        print_summary("thin", &session->thin);
    }
    status = output_end(&session->output, status);
    if (status == PN_OK && session->wrong > 0) {
        return error_set(PN_ERROR_FAILED,
                         "%zu results differ from pinion's by more than rounding, first %s; "
                         "pinion selftest tells whether pinion's are right",
                         session->wrong, session->first_wrong);
    }
    return status;
}

/* The lines above the table: which libraries, and the columns' names. */
static void head_text(FILE *out, const struct session *session)
{
    for (size_t i = 0; i < session->peer_count; i++) {
        const struct peer *peer = &session->peers[i];
        fprintf(out, "%s: %s; kernels: %s; %s\n", peer->name, peer->version, peer->core,
                peer->path);
    }
    fprintf(out, "\nGFLOP/s m x n x k       thr    pinion");
    for (size_t i = 0; i < session->peer_count; i++) {
        fprintf(out, " %*s", column_width(&session->peers[i]), session->peers[i].name);
    }
    fputs("   pinion / best", out);
}

static void add_libraries(json_t *root, const struct session *session)
{
    json_t *libraries = json_array();
    for (size_t i = 0; i < session->peer_count; i++) {
        const struct peer *peer = &session->peers[i];
        json_array_append_new(libraries,
                              json_pack("{s:o, s:o, s:o, s:o}", "name", json_text(peer->name),
                                        "version", json_text(peer->version), "core",
                                        json_text(peer->core), "path", json_text(peer->path)));
    }
    json_object_set_new(root, "libraries", libraries);
}

static pn_status start(struct session *session)
{
    char *titles = NULL;
    size_t size;
    FILE *out = open_memstream(&titles, &size);
    if (out == NULL) {
        return error_memory(0, "the results' head");
    }
    head_text(out, session);
    pn_status status = fclose(out) == 0 ? PN_OK : error_memory(size, "the results' head");
    if (status == PN_OK) {
        const struct output_head head = {
            .command = "peers",
            .isa = session->kernels->name,
            .threads = session->team.threads,
            .placement = team_placement_line(session->team.team),
            .clock_ghz = probe_clock(),
            .titles = titles,
        };
        status = output_create(&head, &session->options->output, &session->output);
    }
    free(titles);
    if (status == PN_OK) {
        add_libraries(session->output.root, session);
    }
    return status;
}

/* --- the command ---------------------------------------------------------------------------------
 */

static pn_status run_shape(struct session *session, const struct product_shape *shape)
{
    struct product product;
    size_t iterations[CONTENDERS];
    struct result result = {0};
    pn_status status = product_create(session->kernels, shape, session->team.threads, &product);
    if (status != PN_OK) {
        return status;
    }
    status = prepare(session, &product, iterations, &result);
    if (status == PN_OK) {
        status = measure_rounds(session, &product, iterations);
    }
    if (status == PN_OK) {
        judge(session, shape, &result);
        status = report(session, shape, &result);
    }
    product_free(&product);
    return status;
}

static pn_status run_shapes(struct session *session, const bool *chosen)
{
    const size_t values = (2 + session->peer_count) * session->options->rounds;
    session->samples = malloc(values * sizeof *session->samples);
    if (session->samples == NULL) {
        return error_memory(values * sizeof *session->samples, "samples");
    }
    pn_status status = start(session);
    if (status != PN_OK) {
        return status;
    }
    for (size_t i = 0; i < SHAPES && status == PN_OK; i++) {
        if (chosen[i]) {
            status = run_shape(session, &shapes[i]);
        }
    }
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED) {
        return output_end(&session->output, status);
    }
    return finish(session, status);
}

static pn_status choose_shapes(const char *filter, bool *chosen)
{
    regex_t regex;
    const pn_status status = filter_compile(filter, &regex);
    if (status != PN_OK) {
        return status;
    }
    size_t count = 0;
    for (size_t i = 0; i < SHAPES; i++) {
        char shape[64];
        snprintf(shape, sizeof shape, "%zux%zux%zu", shapes[i].m, shapes[i].n, shapes[i].k);
        chosen[i] = filter_matches(&regex, product_op_name(shapes[i].op), shape);
        count += chosen[i];
    }
    regfree(&regex);
    if (count == 0) {
        return error_set(PN_ERROR_USAGE,
                         "--filter '%s': no product and shape match; without it all are listed",
                         filter);
    }
    return PN_OK;
}

/* This process may only use the processors that the team is bound to, if it is. */
static void hold_to_team(const struct team *team)
{
    const size_t threads = team_size(team);
    long last = 0;
    for (size_t t = 0; t < threads; t++) {
        const long pu = team_pu(team, t);
        if (pu < 0) {
            return;
        }
        last = pu > last ? pu : last;
    }
    cpu_set_t *set = CPU_ALLOC((size_t)last + 1);
    if (set == NULL) {
        return;
    }
    const size_t size = CPU_ALLOC_SIZE((size_t)last + 1);
    CPU_ZERO_S(size, set);
    for (size_t t = 0; t < threads; t++) {
        CPU_SET_S((size_t)team_pu(team, t), size, set);
    }
    sched_setaffinity(0, size, set);
    CPU_FREE(set);
}

static pn_status load(struct session *session)
{
    const struct bench_options *options = session->options;
    const struct peer_settings settings = {
        .threads = session->team.threads,
        .avx2 = strcmp(session->kernels->name, "avx2") == 0,
        .given = options->libraries,
        .given_count = options->library_count,
    };
    hold_to_team(session->team.team);
    return peers_load(&settings, session->peers, &session->peer_count);
}

pn_status bench_peers(const struct bench_options *options)
{
    if (options->isa != NULL &&
        (strcmp(options->isa, "all") == 0 || strchr(options->isa, ',') != NULL)) {
        return error_set(PN_ERROR_USAGE,
                         "--isa %s: peers measures one; libraries choose theirs when they load",
                         options->isa);
    }
    struct session session = {.options = options};
    size_t count;
    bool chosen[SHAPES];
    pn_status status = bench_tables(options->isa, &session.kernels, 1, &count);
    if (status == PN_OK) {
        status = choose_shapes(options->filter, chosen);
    }
    if (status != PN_OK) {
        return status;
    }
    measure_create_alone(&session.alone);
    const size_t threads = options->threads == 0 && !options->all_threads ? 1 : options->threads;
    status = measure_create(threads, &session.team);
    if (status == PN_OK) {
        status = load(&session);
    }
    if (status == PN_OK) {
        status = run_shapes(&session, chosen);
    }
    free(session.samples);
    measure_free(&session.team);
    return status;
}
