/* callbacks.h: what --early-stopping and --checkpoint ask for. */
#ifndef PINION_TOOLS_CALLBACKS_H
#define PINION_TOOLS_CALLBACKS_H

#include "tools/pinion/options.h"

#include "engine/pinion.h"

enum { MAX_CALLBACKS = 3 };

/* The callbacks of a fit in the order in which Keras would be given them. */
struct callbacks {
    pn_callback list[MAX_CALLBACKS]; /* early stopping, checkpoint, then room for progress */
    size_t count;
    const pn_callback *early_stopping, *checkpoint; /* in list, or NULL */
    char *checkpoint_file;                          /* NULL without --checkpoint */
};

/* Makes them from the options' texts. Says what is wrong and returns an exit code; 0 is fine. The
 * checkpoint's place is checked to be writable. */
int callbacks_create(const struct settings *settings, struct callbacks *callbacks);
void callbacks_free(struct callbacks *callbacks);

#endif
