#include "tests/simd/frame.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    SLOTS = 16,
    SLOT_SIZE = 8 << 20,
    MARGIN = 512,
    POISON = 0xA5,
    SCRATCHES = 32,
    FAILURES_SHOWN = 20
};

/* A guarded buffer: `size` bytes at one end of a slot, MARGIN poisoned bytes beside them. */
struct slot {
    unsigned char *begin, *end; /* between the guard pages */
    unsigned char *data, *margin;
    size_t size;
    void *original; /* of a protected buffer */
};

static struct {
    uint64_t seed, random;
    const char *isa, *kernel; /* filters, or NULL */
    bool at_end;
    bool special;
    struct slot slots[SLOTS];
    size_t slots_used;
    void *scratches[SCRATCHES];
    size_t scratches_used;
    char description[256]; /* of the running case */
    size_t cases, failures;
} frame;

static void die(const char *message)
{
    fprintf(stderr, "conformance: %s (%s)\n", message, frame.description);
    exit(2);
}

static void make_slots(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < SLOTS; i++) {
        unsigned char *memory = mmap(NULL, SLOT_SIZE + 2 * page, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0 ||
            mprotect(memory + page + SLOT_SIZE, page, PROT_NONE) != 0) {
            die("cannot map guarded memory");
        }
        frame.slots[i].begin = memory + page;
        frame.slots[i].end = memory + page + SLOT_SIZE;
    }
}

/* A kernel that left its buffers: say which. */
static void on_fault(int number)
{
    static const char text[] = "FAIL: fault (memory outside its buffers, or an instruction this "
                               "processor lacks) in ";
    (void)!write(STDOUT_FILENO, text, sizeof text - 1);
    (void)!write(STDOUT_FILENO, frame.description, strlen(frame.description));
    (void)!write(STDOUT_FILENO, "\n", 1);
    _exit(128 + number);
}

static void watch_faults(void)
{
    const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action = {.sa_handler = on_fault};
        sigaction(signals[i], &action, NULL);
    }
}

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void fail(const char *format, ...)
{
    frame.failures++;
    if (frame.failures > FAILURES_SHOWN) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("FAIL %s: ", frame.description);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

/* splitmix64 */
uint64_t frame_random(void)
{
    frame.random += 0x9E3779B97F4A7C15u;
    uint64_t z = frame.random;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

size_t frame_below(size_t n)
{
    return (size_t)(frame_random() % n);
}

float frame_unit(void)
{
    return (float)(int32_t)(frame_random() >> 32) * 0x1p-31f;
}

static float special_value(void)
{
    switch (frame_below(64)) {
    case 0:
        return 0.0f;
    case 1:
        return -0.0f;
    case 2:
        return frame_unit() * 0x1p-99f;
    case 3:
        return frame_unit() * 0x1p-44f;
    case 4:
        return frame_unit() * 0x1p-20f;
    case 5:
        return frame_unit() * 0x1p40f;
    case 6: {
        const uint64_t rare = frame_below(64);
        return rare == 0   ? __builtin_nanf("")
               : rare == 1 ? __builtin_inff()
               : rare == 2 ? -__builtin_inff()
                           : 1.0f;
    }
    default:
        return frame_unit();
    }
}

void frame_fill(size_t n, float *values)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = frame.special ? special_value() : frame_unit();
    }
}

bool frame_begin(const struct simd_kernels *kernels, const char *kernel, const char *format, ...)
{
    if (frame.kernel != NULL && strcmp(frame.kernel, kernel) != 0) {
        return false;
    }
    char shape[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(shape, sizeof shape, format, arguments);
    va_end(arguments);
    snprintf(frame.description, sizeof frame.description, "%s %s %s, buffers %s", kernel,
             kernels->name, shape, frame.at_end ? "end at a guard" : "begin at a guard");

    /* FNV-1a of kernel and shape: every instruction set gets the same numbers. */
    frame.random = frame.seed;
    const char *parts[] = {kernel, shape};
    for (size_t i = 0; i < 2; i++) {
        for (const char *p = parts[i]; *p != '\0'; p++) {
            frame.random = (frame.random ^ (unsigned char)*p) * 0x100000001B3u;
        }
    }
    frame.special = frame_below(4) == 0;
    frame.slots_used = 0;
    frame.scratches_used = 0;
    frame.cases++;
    return true;
}

void *frame_bytes(size_t size)
{
    if (frame.slots_used == SLOTS || size > SLOT_SIZE - MARGIN) {
        die("case needs more guarded memory");
    }
    struct slot *slot = &frame.slots[frame.slots_used++];
    slot->size = size;
    slot->data = frame.at_end ? slot->end - size : slot->begin;
    slot->margin = frame.at_end ? slot->data - MARGIN : slot->data + size;
    slot->original = NULL;
    memset(slot->margin, POISON, MARGIN);
    return slot->data;
}

static void *scratch(size_t size)
{
    if (frame.scratches_used == SCRATCHES) {
        die("case needs more scratch memory");
    }
    void *memory = malloc(size > 0 ? size : 1);
    if (memory == NULL) {
        die("no memory");
    }
    frame.scratches[frame.scratches_used++] = memory;
    return memory;
}

float *frame_output(size_t n)
{
    float *data = frame_bytes(n * sizeof(float));
    frame_fill(n, data);
    return data;
}

const float *frame_input(size_t n)
{
    float *data = frame_output(n);
    frame_protect(data);
    return data;
}

float *frame_scratch(size_t n)
{
    return scratch(n * sizeof(float));
}

float *frame_copy(size_t n, const float *values)
{
    float *copy = frame_scratch(n);
    memcpy(copy, values, n * sizeof(float));
    return copy;
}

void frame_protect(const void *data)
{
    for (size_t i = 0; i < frame.slots_used; i++) {
        struct slot *slot = &frame.slots[i];
        if (slot->data == data) {
            slot->original = scratch(slot->size);
            memcpy(slot->original, slot->data, slot->size);
        }
    }
}

void frame_end(void)
{
    for (size_t i = 0; i < frame.slots_used; i++) {
        const struct slot *slot = &frame.slots[i];
        for (size_t j = 0; j < MARGIN; j++) {
            if (slot->margin[j] != POISON) {
                const ptrdiff_t offset = slot->margin + j - slot->data;
                fail("wrote outside buffer %zu of %zu bytes, at byte %td", i, slot->size, offset);
                break;
            }
        }
        if (slot->original != NULL && memcmp(slot->original, slot->data, slot->size) != 0) {
            fail("changed its input, buffer %zu", i);
        }
    }
    while (frame.scratches_used > 0) {
        free(frame.scratches[--frame.scratches_used]);
    }
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

void frame_check(const char *name, size_t n, const float *expected, const float *actual)
{
    for (size_t i = 0; i < n; i++) {
        const bool both_nan = expected[i] != expected[i] && actual[i] != actual[i];
        if (!both_nan && bits_of(expected[i]) != bits_of(actual[i])) {
            fail("%s[%zu] of %zu is %a, expected %a", name, i, n, (double)actual[i],
                 (double)expected[i]);
            return;
        }
    }
}

void frame_check_words(const char *name, size_t n, const uint32_t *expected, const uint32_t *actual)
{
    for (size_t i = 0; i < n; i++) {
        if (expected[i] != actual[i]) {
            fail("%s[%zu] of %zu is 0x%08x, expected 0x%08x", name, i, n, actual[i], expected[i]);
            return;
        }
    }
}

void frame_check_bytes(const char *name, size_t n, const uint8_t *expected, const uint8_t *actual)
{
    for (size_t i = 0; i < n; i++) {
        if (expected[i] != actual[i]) {
            fail("%s[%zu] of %zu is %u, expected %u", name, i, n, actual[i], expected[i]);
            return;
        }
    }
}

void frame_check_size(const char *name, size_t expected, size_t actual)
{
    if (expected != actual) {
        fail("%s is %zu, expected %zu", name, actual, expected);
    }
}

size_t frame_panel_index(const struct simd_kernels *kernels, size_t k, size_t n, size_t p, size_t j)
{
    const size_t nr = simd_panel_width(kernels, n);
    return j / nr * k * nr + p * nr + j % nr;
}

/* Runs all families on a table, and says how it went. */
static void run_table(const struct simd_kernels *kernels, frame_family *const *families,
                      size_t count)
{
    const size_t cases = frame.cases;
    const size_t failures = frame.failures;
    for (int pass = 0; pass < 2; pass++) {
        frame.at_end = pass == 0;
        for (size_t i = 0; i < count; i++) {
            families[i](kernels);
        }
    }
    printf("%-9s %u lanes, features 0x%x: %zu cases, %zu failures\n", kernels->name, kernels->lanes,
           kernels->needs, frame.cases - cases, frame.failures - failures);
    fflush(stdout);
}

static bool wanted(const struct simd_kernels *kernels)
{
    return frame.isa == NULL || strcmp(frame.isa, kernels->name) == 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: conformance [--seed N] [--isa NAME] [--kernel NAME]\n");
    return 2;
}

int frame_main(int argc, char **argv, frame_family *const *families, size_t count)
{
    frame.seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            return usage();
        }
        if (strcmp(argv[i], "--seed") == 0) {
            char *end;
            frame.seed = strtoull(argv[i + 1], &end, 0);
            if (*end != '\0') {
                return usage();
            }
        } else if (strcmp(argv[i], "--isa") == 0) {
            frame.isa = argv[i + 1];
        } else if (strcmp(argv[i], "--kernel") == 0) {
            frame.kernel = argv[i + 1];
        } else {
            return usage();
        }
    }
    make_slots();
    watch_faults();
    printf("seed %llu\n", (unsigned long long)frame.seed);
    if (wanted(&simd_reference)) {
        run_table(&simd_reference, families, count);
    }
    size_t tables;
    const struct simd_kernels *const *list = simd_list(&tables);
    for (size_t i = 0; i < tables; i++) {
        if (!wanted(list[i])) {
            continue;
        }
        if (simd_runs(list[i])) {
            run_table(list[i], families, count);
        } else {
            printf("%-9s skipped: this processor or system lacks features of 0x%x\n", list[i]->name,
                   list[i]->needs);
        }
    }
    if (frame.cases == 0) {
        fprintf(stderr, "conformance: no such instruction set or kernel\n");
        return 2;
    }
    if (frame.failures > 0) {
        printf("%zu failures; replay with --seed %llu\n", frame.failures,
               (unsigned long long)frame.seed);
        return 1;
    }
    return 0;
}
