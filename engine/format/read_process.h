/*
 * format/read_process.h: reading a model file in another process. libhdf5 crashes on hostile bytes
 * and opens other files by itself; in a process that holds nothing, may open nothing and hands over
 * bytes that are checked, neither matters.
 */
#ifndef PINION_FORMAT_READ_PROCESS_H
#define PINION_FORMAT_READ_PROCESS_H

#include <sys/types.h>

#include "engine/base/file.h"
#include "engine/format/model_file.h"

/* The reading side: reads the file at descriptor `source`, locks itself in, writes flat bytes (see
 * flat.h) to `result`. Returns the process's exit code. */
int read_process_serve(int source, int result);

/* Starts a process that serves these two descriptors: its id, or -1 with the error set. */
typedef pid_t (*read_process_start)(int source, int result);

/* Starts the installed helper, pinion-read-model. */
pid_t read_process_spawn(int source, int result);

/* The asking side: waits for the process and checks what it handed over. Whatever becomes of the
 * process, a file that cannot be read is PN_ERROR_DATA; lines begin with the file's path. */
pn_status read_process_run(const struct file *file, read_process_start start,
                           struct model_file *result);

#endif
