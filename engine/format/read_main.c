/* pinion-read-model: reads the model file on standard input, writes flat bytes (engine/format/
 * flat.h) to standard output. pn_model_load() starts it; it is of no use by hand. */
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/format/read_process.h"

int main(void)
{
    /* What the caller left open is none of our business. */
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
    /* Not exit(): nothing that a damaged heap holds is worth being looked at again. */
    _exit(read_process_serve(STDIN_FILENO, STDOUT_FILENO));
}
