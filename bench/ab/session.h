/*
 * ab/session.h: two builds, and a copy of the old one as placebo, that take turns on the same
 * processors. A block is a random order of the three and the same order backwards, so that a drift
 * of the machine cancels.
 */
#ifndef PINION_BENCH_AB_SESSION_H
#define PINION_BENCH_AB_SESSION_H

#include "bench/ab/arm.h"
#include "bench/ab/recording.h"
#include "bench/command/rows.h"

/* What plays the new build's part in rows whose injection says so. */
enum { ARM_ROLLED = ARM_COUNT, ARM_MOST };

/* One problem that both builds have. */
struct ab_row {
    char name[ROW_NAME_SIZE];
    struct bench_abi_problem about; /* of the new build */
    char isa[BENCH_ABI_TEXT];
    enum cache_state cache;
    struct {
        size_t problem, isa;
    } place[ARM_MOST]; /* in each build's table */
    bool same_layout;  /* else data are written anew at each turn */
    size_t batch_copies, weight_copies;
    size_t calls;               /* of a sample; 0: not calibrated yet */
    size_t samples, warm_calls; /* of a turn */
    double call_ns;
    struct injection injection; /* of the new build */
    struct recording recording;
    char wrong[REPLY_MESSAGE]; /* empty: right; else which build is wrong, and where */
};

struct session {
    const char *libraries[ARM_MOST]; /* NULL: there is no such arm */
    size_t threads;
    double turn_ns;
    uint32_t seed;
    uint64_t random; /* state */
    struct arm arms[ARM_MOST];
    int memory_fd;
    size_t blocks;    /* that count */
    size_t repeated;  /* times that one was measured again, because it was disturbed */
    size_t disturbed; /* of those that count, because there was no time or no better one */
    unsigned taints;  /* what disturbed them */
};

/* libraries[ARM_PLACEBO] is a copy of the old one or the same file, [ARM_ROLLED] NULL or a
 * build with the same problems as the new one; threads 0: one for each usable core. */
pn_status session_create(const char *const libraries[ARM_MOST], size_t threads, double turn_ns,
                         uint32_t seed, struct session *session);
void session_free(struct session *session);

/* Fresh processes for all arms, in a random order. */
pn_status session_launch(struct session *session);

/* Whether all workers live; else session_launch() starts new ones. */
bool session_is_whole(const struct session *session);

/* Compares old and new with plain loops. PN_ERROR_FAILED: a result is wrong, the message says whose
 * and where; or a worker died of it, see session_is_whole(). */
pn_status session_check(struct session *session, struct ab_row *row);

/* Opens the row in all arms and measures blocks into a new launch of its recording: as many as fit
 * into so many nanoseconds, but from `least` to `most`. The first time finds how many calls a
 * sample takes. */
pn_status session_measure(struct session *session, struct ab_row *row, int stage,
                          double nanoseconds, size_t least, size_t most);

/* A number below n, n >= 1. */
size_t session_random(struct session *session, size_t n);

#endif
