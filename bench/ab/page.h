/*
 * ab/page.h: what a controller and one worker process share: a page through which they take turns,
 * and the memory that problems work in, which all workers map at one address. So builds differ in
 * their code only: the same physical pages, the same addresses, the same processors.
 */
#ifndef PINION_BENCH_AB_PAGE_H
#define PINION_BENCH_AB_PAGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/problems/abi.h"
#include "bench/machine/yardstick.h"

/* What slows a worker down on purpose (selftest). */
enum injection_kind { INJECT_NOTHING, INJECT_TAX, INJECT_LAG, INJECT_OFFSET, INJECT_ROLLED };

struct injection {
    enum injection_kind kind;
    /* TAX: every thread computes for `share` of each call's own time more; LAG: only the last
     * thread does. OFFSET: data lie `share` bytes off their place. ROLLED: another build runs in
     * the place of the new one. */
    double share;
    double call_ns; /* of the undisturbed call */
};

enum request_kind {
    REQUEST_LIST,  /* descriptions of all problems go to the shared memory */
    REQUEST_OPEN,  /* makes `problem` the current one */
    REQUEST_CHECK, /* fills, computes once and compares */
    REQUEST_FILL,
    REQUEST_RUN,       /* times `calls` calls behind `warm_calls` others */
    REQUEST_YARDSTICK, /* times rounds of the program's own `yardstick` in their place */
};

struct request {
    enum request_kind kind;
    uint32_t seed;
    size_t problem, isa;
    /* Copies of the two arenas that calls go through in turns. */
    size_t batch_copies, weight_copies;
    size_t calls, warm_calls;
    size_t samples; /* the fastest that was not disturbed counts */
    struct injection injection;
    struct yardstick yardstick;
};

enum { REPLY_MESSAGE = 240 };

struct reply {
    bool failed; /* with a message */
    double ns;   /* of one call */
    uint32_t taint;
    size_t count; /* of descriptions */
    char message[REPLY_MESSAGE];
};

enum turn { TURN_CONTROLLER, TURN_WORKER };

struct page {
    _Atomic uint32_t turn; /* a futex word */
    struct request request;
    struct reply reply;
};

/* Workers map the shared memory here; it is sparse. */
#define PAGE_MEMORY_ADDRESS ((void *)0x200000000000)
#define PAGE_MEMORY_SIZE    ((size_t)1 << 32)

/* What REQUEST_LIST leaves at the start of the shared memory. */
struct listing {
    struct bench_abi_problem about;
    char isa[BENCH_ABI_TEXT];
    size_t problem, isa_index;
};

/* Gives the turn to the other side and wakes it. */
void page_give(struct page *page, enum turn turn);
/* Sleeps until it is this side's turn, or for about `milliseconds`; false if it is not. */
bool page_wait(struct page *page, enum turn turn, long milliseconds);

#endif
