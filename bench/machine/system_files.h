/*
 * machine/system_files.h: what Linux says in /proc and /sys. All paths lie under a root folder: ""
 * is the machine itself, tests give a tree of their own. What a file does not say, or says in
 * another form than the kernel's, is unknown, which is never an error.
 */
#ifndef PINION_BENCH_SYSTEM_FILES_H
#define PINION_BENCH_SYSTEM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hwloc.h>

enum { SYSTEM_TEXT_SIZE = 128 };

enum system_answer { SYSTEM_UNKNOWN, SYSTEM_NO, SYSTEM_YES };

/* The first line of root + "/" + the formatted path, without what does not print. False if there is
 * none, or an empty one. */
bool system_text(const char *root, char text[SYSTEM_TEXT_SIZE], const char *path, ...)
    __attribute__((format(printf, 3, 4)));

/* The same as one whole number >= 0; 0 and 1 as an answer; a list such as 0-3,8. */
bool system_number(const char *root, long long *number, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
enum system_answer system_flag(const char *root, const char *path, ...)
    __attribute__((format(printf, 2, 3)));
bool system_list(const char *root, hwloc_bitmap_t list, const char *path, ...)
    __attribute__((format(printf, 3, 4)));

/* Processors that the process's main thread may use. */
bool system_mask(const char *root, hwloc_bitmap_t mask);

/* Runnable threads, averaged over 1, 5 and 15 minutes. */
bool system_load(const char *root, double load[3]);

/* The governor of a processor's clock, such as "performance". */
bool system_governor(const char *root, unsigned processor, char governor[SYSTEM_TEXT_SIZE]);

/* Whether clocks may exceed the nominal one. */
enum system_answer system_boost(const char *root);

/* "tsc", "arch_sys_counter", "hpet", ... */
bool system_clock_source(const char *root, char name[SYSTEM_TEXT_SIZE]);

/* Which programs get huge pages unasked: "always", "madvise", "never". */
bool system_huge_pages(const char *root, char when[SYSTEM_TEXT_SIZE]);

enum system_answer system_virtual_machine(const char *root);

/* Whether a battery is being emptied. */
enum system_answer system_on_battery(const char *root);

/* The nominal or highest clock of a processor in MHz. */
bool system_megahertz(const char *root, unsigned processor, double *megahertz);

/* What each processor has spent since the system started, in ticks of 1/sysconf(_SC_CLK_TCK) s. */
struct system_ticks {
    struct system_processor_ticks {
        bool known;
        uint64_t busy, idle, stolen; /* stolen: ready to run, but the host ran something else */
    } * of;                          /* [count], by processor number */
    size_t count;
};

/* Without /proc/stat, or memory, nothing is known: count is 0. */
void system_ticks_read(const char *root, struct system_ticks *ticks);
void system_ticks_free(struct system_ticks *ticks);

/* Reads "cpuN user nice system ..."; false if `line` is none for a single processor. */
bool system_ticks_parse(const char *line, unsigned *processor,
                        struct system_processor_ticks *ticks);

#endif
