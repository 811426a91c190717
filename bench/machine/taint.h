/*
 * machine/taint.h: what may have disturbed a timed block on the thread that ran it. Taken before
 * and after the block:
 *
 *   struct taint_snapshot before, after;
 *   taint_take(taint, &before);
 *   ... the block ...
 *   taint_take(taint, &after);
 *   const unsigned bits = taint_since(&before, &after);
 *
 * What a snapshot costs, on a current x86 server: rusage 0.4 us; the processor's number next to
 * nothing; /proc/stat 7 us and about 0.1 us more for each processor of the machine, read only in
 * virtual machines (nowhere else can time be stolen); cpu.stat 1 us, read only under a CPU quota.
 * Steal is counted in ticks of 10 ms: a rise says that the last of so many stolen nanoseconds fell
 * into the block, and a little steal stays unseen until it adds up to a tick.
 */
#ifndef PINION_BENCH_TAINT_H
#define PINION_BENCH_TAINT_H

#include <stdint.h>

#include "engine/pinion.h"

enum taint {
    TAINT_SWITCH = 1u << 0,    /* the system gave the processor to another thread */
    TAINT_MIGRATION = 1u << 1, /* ended on another processor than it began on */
    TAINT_FAULT = 1u << 2,     /* waited for a page from a disk */
    TAINT_STEAL = 1u << 3,     /* the host ran something else on this processor */
    TAINT_THROTTLE = 1u << 4,  /* a cgroup of the process used up its quota */
};

/* What makes a timed block worthless. Not moves, which pinned threads do not make, nor stolen time,
 * which is counted in ticks too long to tell whose it was. */
enum { TAINT_SPOILS = TAINT_SWITCH | TAINT_FAULT | TAINT_THROTTLE };

enum { TAINT_NAMES_SIZE = 48 };

/* The open files; one serves all threads. */
struct taint_files;

struct taint_snapshot {
    long switches, faults; /* of the calling thread */
    int processor;         /* -1: unknown */
    uint64_t stolen;       /* ticks of that processor */
    uint64_t throttled;    /* periods */
};

/* Resolves paths under `root` ("": the machine itself) and opens. What is not there is not watched;
 * PN_ERROR_FAILED only without memory. */
pn_status taint_open(const char *root, struct taint_files **files);
void taint_close(struct taint_files *files);

/* Of the calling thread. */
void taint_take(const struct taint_files *files, struct taint_snapshot *snapshot);

/* Bits of enum taint; both snapshots of the same thread. */
unsigned taint_since(const struct taint_snapshot *before, const struct taint_snapshot *after);

/* Writes "switch, steal", or "" for 0, and returns `names`. */
const char *taint_names(unsigned bits, char names[TAINT_NAMES_SIZE]);

#endif
