/* ab/arm.h: the controller's hold on one worker. */
#ifndef PINION_BENCH_AB_ARM_H
#define PINION_BENCH_AB_ARM_H

#include <sys/types.h>

#include "bench/ab/page.h"
#include "engine/pinion.h"

struct arm {
    const char *name;    /* "old", "placebo", "new": for messages */
    const char *library; /* path; "" is the library inside this program */
    int library_fd;      /* what the file held when the arm was made; -1: none */
    pid_t pid;           /* 0: none runs */
    struct page *page;
    int page_fd;
};

/* The page of one arm for all of its workers, and the library, which may change on disk from now
 * on. Errors name the arm: PN_ERROR_NOT_FOUND, PN_ERROR_DATA for what is no file, PN_ERROR_IO. */
pn_status arm_create(const char *name, const char *library, struct arm *arm);
/* Ends the worker, if one runs. */
void arm_free(struct arm *arm);

/* Starts a worker on a fresh copy of the library, so that its code lies on other pages of memory
 * than before, and waits until it is ready. `pad` bytes move its stack. PN_ERROR_DATA for a library
 * that cannot be measured. */
pn_status arm_start(struct arm *arm, int memory_fd, size_t threads, size_t pad);
void arm_stop(struct arm *arm);

/* In a child that was just forked: from now on it ends with the controller, and Ctrl-C is not for
 * it. */
void arm_tie_child(pid_t controller);

/* Lets the worker serve a request, and waits. PN_ERROR_FAILED: it failed or died; the message says
 * how. */
pn_status arm_ask(struct arm *arm, const struct request *request);

#endif
