/* format/sandbox.h: what a process gives up before it reads a file that may be hostile. */
#ifndef PINION_FORMAT_SANDBOX_H
#define PINION_FORMAT_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* Limits memory, processor and wall time to what reading `size` bytes can need; no core dumps, no
 * further files. */
void sandbox_limit(size_t size);

/* From here on the process can compute, use memory and its open files, and end; opening anything
 * fails, everything else kills it. False where the kernel has no such filter: the limits hold
 * alone. */
bool sandbox_lock(void);

#endif
