#include "bench/ab/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/ab/turn.h"
#include "bench/machine/calibration.h"
#include "bench/machine/measure.h"
#include "bench/machine/taint.h"
#include "engine/base/error.h"

/* A disturbed block is measured again this often; then it counts as it is. */
enum { BLOCK_RETRIES = 2, TURNS = 2 * ARM_COUNT };

static const char *const arm_names[ARM_MOST] = {"old", "placebo", "new", "rolled"};

pn_status session_create(const char *const libraries[ARM_MOST], size_t threads, double turn_ns,
                         uint32_t seed, struct session *session)
{
    struct measure team;
    const pn_status counted = measure_create(threads, &team);
    if (counted != PN_OK) {
        return counted;
    }
    *session = (struct session){.threads = team.threads,
                                .turn_ns = turn_ns,
                                .seed = seed,
                                .random = seed * 0x9E3779B97F4A7C15u + 0x632BE59BD9B4E019u,
                                .memory_fd = memfd_create("pinion-bench operands", MFD_CLOEXEC)};
    measure_free(&team);
    if (session->memory_fd < 0 || ftruncate(session->memory_fd, PAGE_MEMORY_SIZE) != 0) {
        return error_set(PN_ERROR_FAILED, "memory for the workers: %s", strerror(errno));
    }
    for (int i = 0; i < ARM_MOST && libraries[i] != NULL; i++) {
        session->libraries[i] = libraries[i];
        if (libraries[i][0] == '\0') { /* which would be the library inside this program */
            return error_set(PN_ERROR_USAGE, "%s build: its path is empty", arm_names[i]);
        }
        const pn_status status = arm_create(arm_names[i], libraries[i], &session->arms[i]);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

void session_free(struct session *session)
{
    for (int i = 0; i < ARM_MOST; i++) {
        arm_free(&session->arms[i]);
    }
    if (session->memory_fd > 0) {
        close(session->memory_fd);
    }
    *session = (struct session){0};
}

size_t session_random(struct session *session, size_t n)
{
    session->random ^= session->random << 13;
    session->random ^= session->random >> 7;
    session->random ^= session->random << 17;
    return (size_t)(session->random >> 11) % n;
}

static void random_order(struct session *session, int count, int order[])
{
    for (int i = 0; i < count; i++) {
        order[i] = i;
        const size_t j = session_random(session, (size_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

/* The system hands out what was freed last: without this each arm's code would come back to the
 * pages of memory that it had in the launch before, and what they do to caches would look like a
 * change.
 */
static void shuffle_free_pages(struct session *session)
{
    enum { MOST_PAGES = 4096, PAGE_BYTES = 4096 };
    const size_t bytes = PAGE_BYTES * (1 + session_random(session, MOST_PAGES));
    char *ballast = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (ballast != MAP_FAILED) {
        munmap(ballast, bytes);
    }
}

static int arm_count(const struct session *session)
{
    return session->libraries[ARM_ROLLED] == NULL ? ARM_COUNT : ARM_MOST;
}

pn_status session_launch(struct session *session)
{
    enum { MOST_PAD = 4096, PAD_STEP = 16 };
    const int arms = arm_count(session);
    for (int i = 0; i < arms; i++) {
        arm_stop(&session->arms[i]);
    }
    /* Other pages for the operands too. */
    if (ftruncate(session->memory_fd, 0) != 0 ||
        ftruncate(session->memory_fd, PAGE_MEMORY_SIZE) != 0) {
        return error_set(PN_ERROR_FAILED, "memory for the workers: %s", strerror(errno));
    }
    int order[ARM_MOST];
    random_order(session, arms, order);
    for (int i = 0; i < arms; i++) {
        shuffle_free_pages(session);
        const size_t pad = PAD_STEP * session_random(session, MOST_PAD / PAD_STEP);
        const pn_status status =
            arm_start(&session->arms[order[i]], session->memory_fd, session->threads, pad);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

bool session_is_whole(const struct session *session)
{
    for (int i = 0; i < arm_count(session); i++) {
        if (session->arms[i].pid == 0) {
            return false;
        }
    }
    return true;
}

/* --- one row -----------------------------------------------------------------------------------
 */

static struct request request_of(const struct session *session, const struct ab_row *row, int arm,
                                 enum request_kind kind)
{
    struct request request = {.kind = kind,
                              .seed = session->seed,
                              .problem = row->place[arm].problem,
                              .isa = row->place[arm].isa,
                              .batch_copies = row->batch_copies,
                              .weight_copies = row->weight_copies,
                              .calls = row->calls,
                              .warm_calls = row->warm_calls,
                              .samples = row->samples};
    if (arm >= ARM_NEW) {
        request.injection = row->injection;
        request.injection.call_ns = row->call_ns;
    }
    return request;
}

/* The arm whose worker plays another's part in a row. */
static int player(const struct ab_row *row, int arm)
{
    return arm == ARM_NEW && row->injection.kind == INJECT_ROLLED ? ARM_ROLLED : arm;
}

static pn_status ask(struct session *session, const struct ab_row *row, int arm,
                     enum request_kind kind)
{
    const int played_by = player(row, arm);
    const struct request request = request_of(session, row, played_by, kind);
    return arm_ask(&session->arms[played_by], &request);
}

pn_status session_check(struct session *session, struct ab_row *row)
{
    static const int checked[] = {ARM_OLD, ARM_NEW};
    struct ab_row one = *row;
    one.batch_copies = one.weight_copies = 1;
    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
        pn_status status = ask(session, &one, checked[i], REQUEST_OPEN);
        if (status == PN_OK) {
            status = ask(session, &one, checked[i], REQUEST_CHECK);
        }
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

/* Where arms do not find the same data in the same place, each writes its own before it runs. */
static pn_status fill_for(struct session *session, const struct ab_row *row, int arm)
{
    return row->same_layout && row->injection.kind != INJECT_OFFSET
               ? PN_OK
               : ask(session, row, arm, REQUEST_FILL);
}

/* Finds the calls of a sample, by the fastest of a turn. */
static pn_status calibrate(struct session *session, int arm, struct ab_row *row)
{
    struct calibration calibration = {.sample_ns = session->turn_ns / TURN_SAMPLES, .count = 1};
    row->warm_calls = 0;
    row->samples = TURN_SAMPLES;
    pn_status status = fill_for(session, row, arm);
    if (status != PN_OK) {
        return status;
    }
    do {
        if (calibration.count > TURN_MOST_CALLS) {
            return error_set(PN_ERROR_DATA, "%s build: %s: %zu calls take no time: it does no work",
                             arm_names[arm], row->name, row->calls);
        }
        row->calls = calibration.count;
        status = ask(session, row, arm, REQUEST_RUN);
        if (status != PN_OK) {
            return status;
        }
        row->call_ns = session->arms[player(row, arm)].page->reply.ns;
    } while (!calibration_done(&calibration, row->call_ns * (double)row->calls));
    row->samples = turn_samples(session->turn_ns, row->call_ns * (double)row->calls);
    row->warm_calls = turn_warm_calls(row->calls, row->samples);
    return PN_OK;
}

/* One block; *taint says what disturbed it. */
static pn_status measure_block(struct session *session, const struct ab_row *row,
                               double ns[2][ARM_COUNT], unsigned *taint)
{
    int order[ARM_COUNT];
    random_order(session, ARM_COUNT, order);
    *taint = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        const int arm = order[turn < ARM_COUNT ? turn : TURNS - 1 - turn];
        pn_status status = fill_for(session, row, arm);
        if (status == PN_OK) {
            status = ask(session, row, arm, REQUEST_RUN);
        }
        if (status != PN_OK) {
            return status;
        }
        const struct reply *reply = &session->arms[player(row, arm)].page->reply;
        ns[turn / ARM_COUNT][arm] = reply->ns;
        *taint |= reply->taint & TAINT_SPOILS;
    }
    return PN_OK;
}

/* A block that was disturbed is measured again, as a whole, while there is time. */
static pn_status add_block(struct session *session, const struct ab_row *row, double end,
                           struct launch *launch)
{
    double ns[2][ARM_COUNT];
    unsigned taint = 0;
    int attempt = 0;
    do {
        const pn_status status = measure_block(session, row, ns, &taint);
        if (status != PN_OK) {
            return status;
        }
        session->taints |= taint;
        session->repeated += attempt > 0;
    } while (taint != 0 && attempt++ < BLOCK_RETRIES && measure_now() < end);
    session->blocks++;
    session->disturbed += taint != 0;
    launch_add(launch, ns[0]);
    launch_add(launch, ns[1]);
    return PN_OK;
}

static pn_status open_row(struct session *session, const struct ab_row *row)
{
    for (int arm = 0; arm < ARM_COUNT; arm++) {
        const pn_status status = ask(session, row, arm, REQUEST_OPEN);
        if (status != PN_OK) {
            return status;
        }
    }
    return ask(session, row, ARM_OLD, REQUEST_FILL);
}

pn_status session_measure(struct session *session, struct ab_row *row, int stage,
                          double nanoseconds, size_t least, size_t most)
{
    const double end = measure_now() + nanoseconds;
    struct launch *launch = recording_start(&row->recording, stage, 2 * most);
    if (launch == NULL) {
        return error_memory(most * ARM_COUNT * sizeof(double), "measurements");
    }
    pn_status status = open_row(session, row);
    const bool fresh = row->calls == 0;
    if (status == PN_OK && fresh) {
        status = calibrate(session, ARM_NEW, row); /* only to see that it works */
    }
    if (status == PN_OK && fresh) {
        status = calibrate(session, ARM_OLD, row);
    }
    for (size_t block = 0;
         status == PN_OK && block < most && (block < least || measure_now() < end); block++) {
        status = add_block(session, row, end, launch);
    }
    return status;
}
