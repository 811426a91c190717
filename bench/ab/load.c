#include "bench/ab/load.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/ab/arm.h"
#include "bench/machine/measure.h"
#include "engine/base/error.h"

/* How long each phase takes, and what is streamed. */
static const double PHASE_NS = 5e7;
enum { STREAM_BYTES = 64 << 20 };

static void compute(void)
{
    volatile double sum = 1;
    for (const double end = measure_now() + PHASE_NS; measure_now() < end;) {
        for (int i = 0; i < 1000; i++) {
            sum = sum * 1.0000001 + 1e-9;
        }
    }
}

static void stream(char *memory)
{
    for (const double end = measure_now() + PHASE_NS; measure_now() < end;) {
        memset(memory, 1, STREAM_BYTES);
    }
}

static void disturb(void)
{
    char *memory = malloc(STREAM_BYTES);
    const struct timespec pause = {0, (long)PHASE_NS};
    for (;;) {
        compute();
        if (memory != NULL) {
            stream(memory);
        }
        nanosleep(&pause, NULL);
    }
}

pn_status load_start(size_t cores, struct load *load)
{
    *load = (struct load){0};
    const size_t wanted = cores < 2 ? 1 : cores / 2;
    const pid_t controller = getpid();
    while (load->count < wanted && load->count < LOAD_MOST) {
        const pid_t pid = fork();
        if (pid == 0) {
            arm_tie_child(controller);
            disturb();
        }
        if (pid < 0) {
            load_stop(load);
            return error_set(PN_ERROR_FAILED, "a process to load the machine with: %s",
                             strerror(errno));
        }
        load->processes[load->count++] = pid;
    }
    return PN_OK;
}

void load_stop(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        kill(load->processes[i], SIGKILL);
        waitpid(load->processes[i], NULL, 0);
    }
    load->count = 0;
}
