/* commands.h: the program's commands. */
#ifndef PINION_TOOLS_COMMANDS_H
#define PINION_TOOLS_COMMANDS_H

#include <stddef.h>

#include "engine/pinion.h"
#include "tools/pinion/options.h"

struct command {
    const char *name;
    unsigned bit; /* its command_bit */
    bool wants_model;
    const char *usage;    /* what follows "pinion NAME" */
    const char *summary;  /* one line */
    const char *examples; /* lines separated by \n */
    int (*run)(const struct settings *settings);
};

/* All of them, in the order of the help text; bench has no run: it becomes another program. */
extern const struct command command_table[];
extern const size_t command_count;

/* Each returns an exit code. */
int train_run(const struct settings *settings);
int evaluate_run(const struct settings *settings);
int predict_run(const struct settings *settings);
int summary_run(const struct settings *settings);
int config_run(const struct settings *settings);
int topology_run(const struct settings *settings);
int selftest_run(const struct settings *settings);
/* Replaces the program by pinion-bench; returns only if that fails. */
int bench_exec(char **arguments);

/* How to run, from --threads, --bind and --isa. */
pn_run_options run_options(const struct settings *settings);

/* Leaves the first --limit samples; NULL on failure. */
pn_status limit_samples(const struct settings *settings, pn_dataset **dataset);

#endif
