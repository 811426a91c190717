/* What the tests of model files share. */
#ifndef TESTS_FORMAT_SUPPORT_H
#define TESTS_FORMAT_SUPPORT_H

#include <criterion/criterion.h>

#include "engine/pinion.h"

/* Fails the test with pinion's own message. */
#define must(call) cr_assert((call) == PN_OK, "%s", pn_error_message())

/* A sample file of data/. */
#define SAMPLE(name) TESTS_DIR "/data/" name

/* A path in a fresh folder that scratch_remove, the .fini of suites, removes. The string stays. */
const char *scratch(const char *name);
const char *scratch_folder(void);
void scratch_remove(void);
/* Entries of a folder, hidden ones too. */
size_t folder_entries(const char *folder);

/* Reads a whole file; writes one. */
unsigned char *bytes_of(const char *path, size_t *size);
void write_bytes_to(const char *path, const void *bytes, size_t size);
void copy_file(const char *from, const char *to);

/* Flatten [4, 4], Dense 8 relu, Dropout 0.2, Dense 3 softmax: the network of the samples. */
pn_model *tiny_network(uint32_t seed);
/* `count` samples of it, with labels, drawn from `seed`. */
pn_dataset *tiny_data(size_t count, uint32_t seed);
void train(pn_model *model, const pn_dataset *dataset, size_t epochs);

/* The last line that pinion logged since log_catch(). */
void log_catch(void);
const char *log_last(void);

/* Fails unless `status` is PN_ERROR_DATA with a line that begins with `path` and says `what`. */
void must_refuse(pn_status status, const char *path, const char *what);

/* From here on this system call fails with `error`, or ends the process, in this process and those
 * that it starts. Skips the test where the kernel cannot do that. */
void fail_call(unsigned number, unsigned error);
void die_in_call(unsigned number);

#endif
