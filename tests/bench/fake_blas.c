/* A BLAS with the entry points that pinion-bench asks OpenBLAS for. Its version tells the number of
 * threads that it was told, its core what the environment held when it was asked. */
#include <stdio.h>
#include <stdlib.h>

#define JOIN(A, B)        A##B
#define NAMED(A, B)       JOIN(A, B)
#define ENTRY(TYPE, NAME) __attribute__((visibility("default"))) TYPE NAMED(PREFIX, NAME)

static int threads = -1;

ENTRY(void, openblas_set_num_threads)(int count);
ENTRY(void, openblas_set_num_threads)(int count)
{
    threads = count;
}

ENTRY(const char *, openblas_get_config)(void);
ENTRY(const char *, openblas_get_config)(void)
{
    static char text[64];
    snprintf(text, sizeof text, "fake for %d", threads);
    return text;
}

ENTRY(const char *, openblas_get_corename)(void);
ENTRY(const char *, openblas_get_corename)(void)
{
    const char *core = getenv("OPENBLAS_CORETYPE");
    return core != NULL ? core : "unset";
}

ENTRY(void, cblas_sgemm)
(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
 int a_stride, const float *b, int b_stride, float beta, float *c, int c_stride);
ENTRY(void, cblas_sgemm)
(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
 int a_stride, const float *b, int b_stride, float beta, float *c, int c_stride)
{
    if (order != 101 || alpha != 1 || beta != 0) {
        return;
    }
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            /* One element is off. */
            double sum = i == m - 1 && j == n - 1 ? (double)ERROR : 0;
            for (int p = 0; p < k; p++) {
                const float left = transpose_a == 112 ? a[p * a_stride + i] : a[i * a_stride + p];
                const float right = transpose_b == 112 ? b[j * b_stride + p] : b[p * b_stride + j];
                sum += (double)left * (double)right;
            }
            c[i * c_stride + j] = (float)sum;
        }
    }
}
