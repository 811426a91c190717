/* What the tests of training share: the lesson's network, data, and short forms that fail the test.
 */
#ifndef TESTS_TRAIN_SUPPORT_H
#define TESTS_TRAIN_SUPPORT_H

#include <criterion/criterion.h>

#include "engine/pinion.h"

/* Fails the test with pinion's own message. */
#define must(call) cr_assert((call) == PN_OK, "%s", pn_error_message())

/* Criterion's children print what the test says it skips for. */
#define skip(...) cr_skip_test(__VA_ARGS__)

struct network {
    size_t hidden, classes;
    const char *activation;
    double scale, dropout;
};

/* The lesson's: 256 relu, 10 classes, dropout 0.2, scale 1/255. */
struct network lesson(void);

/* Input of the data set's shape, flatten, rescaling, dense, dropout, dense softmax. */
pn_model *build(const struct network *network, const pn_dataset *dataset, uint32_t seed);

/* The first `count` synthetic 28x28 samples of 10 classes. */
pn_dataset *synthetic(size_t count);

/* `count` samples of 12 random floats in [-1, 1) and labels below 5. */
pn_dataset *small_floats(size_t count, uint32_t seed);

/* `network` with seed 42, compiled with the lesson's loss and accuracy. */
pn_model *compiled_with(struct network network, const pn_dataset *dataset, pn_optimizer optimizer);

/* A small network: what fit does hangs little on the size. */
pn_model *compiled(const pn_dataset *dataset, pn_optimizer optimizer);

/* Fits with one more callback, and expects this status. */
void fit_with(pn_status expected, pn_model *model, const pn_dataset *dataset,
              pn_fit_options options, pn_callback callback);

/* A hook at the end of batches: interrupts behind batch 3 of epoch 2. `user`, if not NULL, is a
 * size_t that counts calls. */
pn_status interrupt(void *user, pn_fit_view *view);

/* Fits and returns the digest in a static buffer. */
const char *digest_after(pn_model *model, const pn_dataset *dataset, const pn_fit_options *options);

/* Options for `epochs` epochs of batches of `batch` on one thread. */
pn_fit_options fit_options(size_t epochs, size_t batch);

#endif
