/* format/sandbox.h: what a process gives up before it reads a file that may be hostile. */
#ifndef PINION_FORMAT_SANDBOX_H
#define PINION_FORMAT_SANDBOX_H

#include <stddef.h>

/* Limits memory, processor and wall time to what reading `size` bytes can need; no core dumps, no
 * further files. */
void sandbox_limit(size_t size);

enum sandbox_lock {
    SANDBOX_LOCKED,
    SANDBOX_ABSENT, /* this kernel, processor or build has no such filter: the limits hold alone */
    SANDBOX_FAILED  /* with errno; nothing hostile may be read */
};

/* From here on the process can compute, use memory and its open files, and end; opening anything
 * fails, everything else kills it. */
enum sandbox_lock sandbox_lock(void);

#endif
