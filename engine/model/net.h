/* model/net.h: layers spelled out in words, e.g. "dense 256 relu; dropout 0.2; dense 10 softmax".
 */
#ifndef PINION_MODEL_NET_H
#define PINION_MODEL_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

struct net_layer {
    pn_layer layer;
    size_t position; /* of its first character in the text, from 1 */
};

struct net {
    struct net_layer *layers;
    size_t count;
    char *words; /* the text, cut into the words that the layers point into */
};

/*
 * Reads `text`: layers separated by ';', each one of
 *   dense UNITS [ACTIVATION]    dropout RATE    activation NAME    rescaling SCALE [OFFSET]
 * False: `error` holds one line that names the position. Free the net in either case.
 */
bool net_parse(const char *text, struct net *net, char *error, size_t error_size);
void net_free(struct net *net);

#endif
