/* stats/random.h: random numbers for resampling (SplitMix64): a seed gives the same on any machine.
 */
#ifndef PINION_BENCH_STATS_RANDOM_H
#define PINION_BENCH_STATS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct stats_random {
    uint64_t state; /* any seed */
};

static inline uint64_t stats_random_bits(struct stats_random *random)
{
    uint64_t bits = random->state += 0x9e3779b97f4a7c15;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    return bits ^ bits >> 31;
}

/* Below count < 2^32; uneven by less than count / 2^32. */
static inline size_t stats_random_below(struct stats_random *random, size_t count)
{
    return (size_t)((stats_random_bits(random) >> 32) * count >> 32);
}

#endif
