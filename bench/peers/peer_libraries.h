/*
 * peers/peer_libraries.h: BLAS and oneDNN as they are installed, loaded while the program runs.
 * Nothing links them and nothing needs them.
 */
#ifndef PINION_BENCH_PEER_LIBRARIES_H
#define PINION_BENCH_PEER_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/command/bench.h"

enum { PEER_NAME_SIZE = 24, PEER_MAX_LIBRARIES = BENCH_MAX_LIBRARIES + 4 };

/* C[m, n] = A · B, all row-major; a transposed A is stored [k, m], a transposed B [n, k]. */
struct peer_gemm {
    size_t m, n, k;
    bool transpose_a, transpose_b;
    const float *a;
    size_t a_stride;
    const float *b;
    size_t b_stride;
    float *c;
    size_t c_stride;
};

struct peer;
struct peer_kind;

struct peer {
    char name[PEER_NAME_SIZE];
    const struct peer_kind *kind;
    void *handle;
    char path[256];        /* the file that was loaded */
    char version[128];     /* as the library states it */
    char core[64];         /* the kernels it chose for this processor, or "unknown" */
    void (*product)(void); /* its sgemm, called through the kind */
};

struct peer_settings {
    size_t threads;           /* each library is told, through its own API */
    bool avx2;                /* hold them to AVX2 */
    const char *const *given; /* NAME=PATH: what NAME begins with says the kind; a NAME that is */
    size_t given_count;       /* a kind's takes the place of the installed library */
};

/*
 * Loads what is given and what is installed, into `peers` of PEER_MAX_LIBRARIES. Changes this
 * process's environment, see there; to be called once, on the thread that will call peer_run.
 * PN_ERROR_USAGE for NAME=PATH that make no sense, PN_ERROR_NOT_FOUND for a PATH that does not
 * exist or if there is no library at all, PN_ERROR_DATA for a file that is no such library.
 */
pn_status peers_load(const struct peer_settings *settings, struct peer *peers, size_t *count);

/* On the thread that loaded it; it starts its own others. */
void peer_run(const struct peer *peer, const struct peer_gemm *gemm);

#endif
