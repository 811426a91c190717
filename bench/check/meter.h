/*
 * check/meter.h: one build of the library, timed in turns with yardsticks. Both run in one worker
 * process, the yardstick from the program's own code. A block is {yardstick, kernel, kernel,
 * yardstick}: a drift of the machine's speed cancels.
 */
#ifndef PINION_BENCH_CHECK_METER_H
#define PINION_BENCH_CHECK_METER_H

#include "bench/ab/arm.h"
#include "bench/check/limb.h"
#include "bench/stats/random.h"

/* What one turn takes: the fastest of some samples behind calls that nobody times. */
struct meter_turn {
    size_t calls, samples, warm_calls;
};

struct meter_row {
    char name[ROW_NAME_SIZE];
    struct listing entry; /* of the build's list */
    enum cache_state cache;
    size_t batch_copies, weight_copies;
    struct limb limb;
    struct meter_turn kernel, yardstick; /* of the launch at hand */
    double call_ns;
    char wrong[REPLY_MESSAGE]; /* empty: right; else what is wrong, and where */
};

struct meter {
    size_t threads;
    double turn_ns;
    uint32_t seed;
    struct stats_random random;
    struct arm arm;
    int memory_fd;
    size_t blocks;
    size_t disturbed; /* blocks in a turn of which no sample was left alone */
};

pn_status meter_create(const char *library, size_t threads, double turn_ns, uint32_t seed,
                       struct meter *meter);
void meter_free(struct meter *meter);

/* A fresh process. */
pn_status meter_launch(struct meter *meter);

/* Nanoseconds of one unit of a yardstick's work in one thread. */
pn_status meter_unit(struct meter *meter, const struct yardstick *yardstick, double *ns);

/* Whether the worker lives; else meter_launch() starts a new one. */
bool meter_is_whole(const struct meter *meter);

/* Compares with plain loops. PN_ERROR_FAILED: the result is wrong, the message says where; or the
 * worker died of it, see meter_is_whole(). */
pn_status meter_check(struct meter *meter, const struct meter_row *row);

/* Finds how long a call takes, about. PN_ERROR_DATA: no time. */
pn_status meter_call(struct meter *meter, struct meter_row *row);

/* What a launch says of a row: of the lower quartiles of a call's time and of the yardstick's. */
struct meter_value {
    double ratio; /* ln of a call's time over that of the same work by the yardstick */
    double ns;    /* of a call */
};

/* As many blocks as fit into so many nanoseconds, but from `least` to `most`; `least` > 0. */
pn_status meter_measure(struct meter *meter, struct meter_row *row, double nanoseconds,
                        size_t least, size_t most, struct meter_value *value);

#endif
