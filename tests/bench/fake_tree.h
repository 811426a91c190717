/* fake_tree.h: a folder that stands for the root of a machine. */
#ifndef PINION_TESTS_BENCH_FAKE_TREE_H
#define PINION_TESTS_BENCH_FAKE_TREE_H

#include <limits.h>

/* The folder while it is open. */
extern char fake_root[PATH_MAX];

void fake_tree_open(void);
void fake_tree_close(void);

/* Writes a file, with the folders it lies in; an existing one in place, so that who has it open
 * sees the new text. */
__attribute__((format(printf, 2, 3))) void fake_put(const char *path, const char *format, ...);
void fake_remove(const char *path);

#endif
