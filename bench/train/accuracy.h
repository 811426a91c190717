/* train/accuracy.h: how long training takes until a network is right often enough. */
#ifndef PINION_BENCH_ACCURACY_H
#define PINION_BENCH_ACCURACY_H

#include "bench/command/bench.h"

/*
 * Trains each network with each batch size, table of kernels and seed until the accuracy on the
 * data set's test samples is options->accuracy, which it looks at after each epoch, or for
 * options->epochs_max epochs. `nets` and `batches` hold at least one.
 */
pn_status bench_accuracy(const struct bench_options *options);

#endif
