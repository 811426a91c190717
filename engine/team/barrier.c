#include "engine/team/barrier.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/error.h"

enum {
    BARRIER_LINE = 128, /* x86 fetches lines in pairs; Apple's and Fujitsu's lines are longer */
    BARRIER_FLAT = 8,   /* up to here one counter serves all threads */
    BARRIER_FAN_IN = 16,
    BARRIER_SPIN_NS = 100 * 1000,
    BARRIER_SPIN_ROUND = 64 /* pauses between looks at the clock */
};

/*
 * A counter that threads arrive at and a generation that they wait on. The generation counts
 * completed waits and wraps. `sleepers` lets the last to arrive skip the system call that wakes.
 */
struct barrier_node {
    _Alignas(BARRIER_LINE) atomic_uint arrived;
    unsigned size;
    _Alignas(BARRIER_LINE) atomic_uint generation;
    atomic_uint sleepers;
};

struct barrier {
    struct barrier_node *nodes; /* [node_count], then one where their last threads meet */
    size_t node_count;
    size_t *node_of; /* [threads] */
};

static void barrier_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#endif
}

static int64_t barrier_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* True when the generation has moved on. */
static bool barrier_spin(struct barrier_node *node, unsigned generation)
{
    const int64_t start = barrier_clock();
    do {
        for (int i = 0; i < BARRIER_SPIN_ROUND; i++) {
            if (atomic_load_explicit(&node->generation, memory_order_acquire) != generation) {
                return true;
            }
            barrier_pause();
        }
    } while (barrier_clock() - start < BARRIER_SPIN_NS);
    return false;
}

/*
 * No wake-up is lost: the sleeper announces itself before it (and the kernel) looks at the
 * generation, the waker changes the generation before it looks for sleepers; all four are
 * sequentially consistent, so at least one sees the other.
 */
static void barrier_sleep(struct barrier_node *node, unsigned generation)
{
    atomic_fetch_add(&node->sleepers, 1);
    while (atomic_load(&node->generation) == generation) {
        /* Returns at once if the generation differs; spurious returns are seen by the loop. */
        syscall(SYS_futex, &node->generation, FUTEX_WAIT_PRIVATE, generation, NULL, NULL, 0);
    }
    atomic_fetch_sub_explicit(&node->sleepers, 1, memory_order_relaxed);
}

static void barrier_release(struct barrier_node *node)
{
    /* Nobody arrives again before the generation moves. */
    atomic_store_explicit(&node->arrived, 0, memory_order_relaxed);
    atomic_fetch_add(&node->generation, 1);
    if (atomic_load(&node->sleepers) > 0) {
        syscall(SYS_futex, &node->generation, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
    }
}

/* True for the last to arrive, who must release the node; others return after the release. The
 * counter's acquire and release hand what earlier threads wrote to the last, the generation's hand
 * it on to all. */
static bool barrier_arrive(struct barrier_node *node, bool spin)
{
    /* Read before arriving: afterwards it may move at any time. */
    const unsigned generation = atomic_load_explicit(&node->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&node->arrived, 1, memory_order_acq_rel) + 1 == node->size) {
        return true;
    }
    if (!spin || !barrier_spin(node, generation)) {
        barrier_sleep(node, generation);
    }
    return false;
}

void barrier_wait(struct barrier *barrier, size_t thread, bool spin)
{
    struct barrier_node *node = &barrier->nodes[barrier->node_of[thread]];
    struct barrier_node *root = &barrier->nodes[barrier->node_count];
    if (!barrier_arrive(node, spin)) {
        return;
    }
    if (barrier->node_count > 1 && barrier_arrive(root, spin)) {
        barrier_release(root);
    }
    barrier_release(node);
}

/* Gives each thread a node: one for all, or one for each group, split where it is large. */
static void barrier_divide(struct barrier *barrier, size_t threads, const size_t *group)
{
    for (size_t t = 0; t < threads; t++) {
        size_t node = barrier->node_count;
        if (threads <= BARRIER_FLAT) {
            node = 0;
        } else {
            /* The newest node of this group, if it has room. */
            for (size_t s = t; s-- > 0;) {
                if (!group || group[s] == group[t]) {
                    node = barrier->node_of[s];
                    break;
                }
            }
            if (node < barrier->node_count && barrier->nodes[node].size == BARRIER_FAN_IN) {
                node = barrier->node_count;
            }
        }
        barrier->node_of[t] = node;
        barrier->nodes[node].size++;
        if (node == barrier->node_count) {
            barrier->node_count++;
        }
    }
    barrier->nodes[barrier->node_count].size = (unsigned)barrier->node_count;
}

pn_status barrier_create(size_t threads, const size_t *group, struct barrier **barrier)
{
    *barrier = NULL;
    struct barrier *created = calloc(1, sizeof *created);
    const size_t bytes = (threads + 1) * sizeof(struct barrier_node);
    if (created) {
        created->node_of = calloc(threads, sizeof *created->node_of);
        created->nodes = aligned_alloc(BARRIER_LINE, bytes);
    }
    if (!created || !created->node_of || !created->nodes) {
        barrier_free(created);
        return error_memory(bytes, "the barrier of the team");
    }
    for (size_t i = 0; i <= threads; i++) {
        atomic_init(&created->nodes[i].arrived, 0);
        atomic_init(&created->nodes[i].generation, 0);
        atomic_init(&created->nodes[i].sleepers, 0);
        created->nodes[i].size = 0;
    }
    barrier_divide(created, threads, group);
    *barrier = created;
    return PN_OK;
}

void barrier_free(struct barrier *barrier)
{
    if (barrier) {
        free(barrier->nodes);
        free(barrier->node_of);
        free(barrier);
    }
}
