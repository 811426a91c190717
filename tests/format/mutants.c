/*
 * Damaged model files: each sample file is changed at random, thousands of times, and loaded. The
 * loading process must survive every one, and say what is wrong with those that it refuses.
 *
 *   mutants [-n COUNT] [-s SEED] [-o INDEX] FILE...
 *
 * COUNT mutants of each file (default 5000); -o runs one mutant, in this process, to be debugged.
 * The reading process is forked instead of started anew, which is 20 times as fast and the same
 * code; every 100th mutant goes through the installed helper.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "engine/format/hdf5_codec.h"
#include "engine/format/load.h"

enum { SPAWN_EVERY = 100, PATIENCE_MICROSECONDS = 100000, MAX_PATH = 64 };

/* SplitMix64. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static size_t random_below(uint64_t *state, size_t n)
{
    return (size_t)(random_next(state) % n);
}

struct bytes {
    unsigned char *at;
    size_t size;
};

/* A position; half of them in the first 2 KiB, where the structure begins. */
static size_t place(uint64_t *random, size_t size)
{
    const size_t head = size < 2048 ? size : 2048;
    return random_below(random, random_next(random) % 2 ? head : size);
}

static void change_bytes(uint64_t *random, struct bytes *file)
{
    const size_t count = 1 + random_below(random, 4);
    for (size_t i = 0; i < count; i++) {
        file->at[place(random, file->size)] = (unsigned char)random_next(random);
    }
}

static void flip_bit(uint64_t *random, struct bytes *file)
{
    file->at[place(random, file->size)] ^= (unsigned char)(1u << random_below(random, 8));
}

/* Numbers that sizes and offsets should not be. */
static void put_number(uint64_t *random, struct bytes *file)
{
    static const uint64_t numbers[] = {0,          1,          0x7f,       0xff,
                                       0x7fff,     0xffff,     0x7fffffff, 0xffffffff,
                                       0x80000000, UINT64_MAX, INT64_MAX,  0x100000000};
    const uint64_t number = numbers[random_below(random, sizeof numbers / sizeof *numbers)];
    const size_t width = (size_t)1 << random_below(random, 4);
    const size_t at = place(random, file->size) & ~(width - 1);
    memcpy(file->at + at, &number, at + width <= file->size ? width : 0);
}

static void clear_block(uint64_t *random, struct bytes *file)
{
    const size_t at = place(random, file->size);
    size_t length = 1 + random_below(random, 512);
    length = length < file->size - at ? length : file->size - at;
    memset(file->at + at, random_next(random) % 2 ? 0 : 0xff, length);
}

static void move_block(uint64_t *random, struct bytes *file)
{
    size_t length = 1 + random_below(random, 256);
    length = length < file->size ? length : file->size;
    const size_t from = random_below(random, file->size - length + 1);
    const size_t to = random_below(random, file->size - length + 1);
    memmove(file->at + to, file->at + from, length);
}

static void cut(uint64_t *random, struct bytes *file)
{
    file->size = random_below(random, file->size);
}

/* Mutant `index` of a file, the same for the same seed. */
static void mutate(uint64_t seed, size_t index, struct bytes *file)
{
    static void (*const ways[])(uint64_t *, struct bytes *) = {
        change_bytes, change_bytes, flip_bit,   flip_bit, put_number,
        put_number,   clear_block,  move_block, cut};
    uint64_t random = seed + index * 0x2545f4914f6cdd1d;
    const size_t count = 1 + random_below(&random, 3);
    for (size_t i = 0; i < count && file->size > 0; i++) {
        ways[random_below(&random, sizeof ways / sizeof *ways)](&random, file);
    }
}

/* A reading process as the helper is one, without the time of starting it. Some mutants send
 * libhdf5 into an endless loop: the helper's limit of seconds would make this test a long one. */
static pid_t start_fork(int source, int result)
{
    const pid_t process = fork();
    if (process == 0) {
        const struct itimerval patience = {.it_value = {.tv_usec = PATIENCE_MICROSECONDS}};
        setitimer(ITIMER_VIRTUAL, &patience, NULL);
        dup2(source, STDIN_FILENO);
        dup2(result, STDOUT_FILENO);
        syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
        _exit(read_process_serve(STDIN_FILENO, STDOUT_FILENO));
    }
    return process;
}

struct counts {
    size_t loaded, refused, crashed, failures;
};

static void fail(struct counts *counts, const char *name, size_t index, const char *what)
{
    fprintf(stderr, "%s: mutant %zu: %s: %s\n", name, index, what, pn_error_message());
    counts->failures++;
}

static void judge(struct counts *counts, const char *name, size_t index, const char *path,
                  pn_status status, pn_model *model)
{
    const char *message = pn_error_message();
    if (status == PN_OK) {
        counts->loaded++;
        if (!model || pn_model_parameters(model) == 0) {
            fail(counts, name, index, "loaded, but no model");
        }
        return;
    }
    counts->refused++;
    counts->crashed += strstr(message, "stopped on signal") != NULL;
    if (status != PN_ERROR_DATA) {
        fail(counts, name, index, "not refused as bad data");
    } else if (strncmp(message, path, strlen(path)) != 0 || strlen(message) < strlen(path) + 20 ||
               strchr(message, '\n')) {
        fail(counts, name, index, "the line does not name the file and what is wrong");
    } else if (model) {
        fail(counts, name, index, "a model in spite of an error");
    }
}

static void try_mutant(struct counts *counts, const char *name, const struct bytes *whole,
                       uint64_t seed, size_t index, read_process_start start)
{
    struct bytes mutant = {malloc(whole->size), whole->size};
    const int memory = memfd_create("mutant", MFD_CLOEXEC);
    if (!mutant.at || memory < 0) {
        fail(counts, name, index, "no memory for the mutant");
        return;
    }
    memcpy(mutant.at, whole->at, whole->size);
    mutate(seed, index, &mutant);
    if (write(memory, mutant.at, mutant.size) != (ssize_t)mutant.size) {
        fail(counts, name, index, "no memory for the mutant");
    }
    char path[MAX_PATH];
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    pn_model *model = NULL;
    const pn_status status = format_load(path, start, &model);
    judge(counts, name, index, path, status, model);
    pn_model_free(model);
    close(memory);
    free(mutant.at);
}

static bool read_whole(const char *path, struct bytes *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    fseek(file, 0, SEEK_END);
    bytes->size = (size_t)ftell(file);
    rewind(file);
    bytes->at = malloc(bytes->size);
    const bool read = bytes->at && fread(bytes->at, 1, bytes->size, file) == bytes->size;
    fclose(file);
    return read;
}

static size_t try_file(const char *path, size_t count, uint64_t seed)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct bytes whole;
    if (!read_whole(path, &whole)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct counts counts = {0};
    for (size_t i = 0; i < count; i++) {
        try_mutant(&counts, name, &whole, seed, i,
                   i % SPAWN_EVERY == 0 ? read_process_spawn : start_fork);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%s: %zu mutants, %zu loaded, %zu refused (the reader crashed at %zu), %zu wrong, "
           "%.1f s\n",
           name, count, counts.loaded, counts.refused, counts.crashed, counts.failures,
           (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
    free(whole.at);
    return counts.failures;
}

int main(int argc, char **argv)
{
    size_t count = 5000;
    uint64_t seed = 20240607;
    long only = -1;
    for (int option; (option = getopt(argc, argv, "n:s:o:")) != -1;) {
        switch (option) {
        case 'n':
            count = strtoul(optarg, NULL, 10);
            break;
        case 's':
            seed = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            only = strtol(optarg, NULL, 10);
            break;
        default:
            return 2;
        }
    }
    if (optind == argc) {
        fprintf(stderr, "usage: mutants [-n COUNT] [-s SEED] [-o INDEX] FILE...\n");
        return 2;
    }
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout); /* or each forked reader would hold a copy */
    if (only >= 0) {
        struct bytes whole;
        struct counts counts = {0};
        if (!read_whole(argv[optind], &whole)) {
            return 1;
        }
        try_mutant(&counts, argv[optind], &whole, seed, (size_t)only, NULL);
        printf("%s\n", counts.loaded ? "loaded" : pn_error_message());
        return counts.failures > 0;
    }
    hdf5_prepare();
    size_t failures = 0;
    for (int i = optind; i < argc; i++) {
        failures += try_file(argv[i], count, seed);
        fflush(stdout);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %ld KiB, %zu wrong\n", usage.ru_maxrss, failures);
    return failures > 0;
}
