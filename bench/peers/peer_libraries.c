#include "bench/peers/peer_libraries.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "simd/cpu.h"

enum { MAX_FILES = 4 };

struct peer_kind {
    const char *name;
    const char *files[MAX_FILES]; /* under which names it is installed, the newest first */
    /* Finds the product, tells it the threads, asks for version and core. NULL, or what is missing.
     */
    const char *(*bind)(struct peer *peer, const struct peer_settings *settings);
    void (*run)(const struct peer *peer, const struct peer_gemm *gemm);
};

typedef void function(void);

/* POSIX wants an object pointer from dlsym to serve as a function's. */
static function *find(const struct peer *peer, const char *prefix, const char *name)
{
    char symbol[96];
    snprintf(symbol, sizeof symbol, "%s%s", prefix, name);
    void *address = dlsym(peer->handle, symbol);
    function *result;
    memcpy(&result, &address, sizeof result);
    return result;
}

typedef void set_int(int value);
typedef int get_int(void);
typedef const char *get_text(void);

static void call_set(function *f, int value)
{
    if (f != NULL) {
        ((set_int *)f)(value);
    }
}

static const char *call_text(function *f)
{
    const char *text = f != NULL ? ((get_text *)f)() : NULL;
    return text != NULL ? text : "unknown";
}

static bool is_amd(void)
{
    char name[SIMD_CPU_NAME_SIZE];
    return strstr(simd_cpu_name(name, sizeof name), "AMD") != NULL;
}

/* Where the processor has no more than AVX2, what a library chooses is at least as good. */
static bool is_held_to_avx2(const struct peer_settings *settings)
{
    return settings->avx2 && (simd_cpu_features() & SIMD_CPU_AVX512) != 0;
}

/* --- the CBLAS interface, integers of 32 bits --------------------------------------------------
 */

typedef void cblas_sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k,
                                  float alpha, const float *a, int a_stride, const float *b,
                                  int b_stride, float beta, float *c, int c_stride);

static const char no_cblas[] = "has no cblas_sgemm with 32-bit integers";

static void run_cblas(const struct peer *peer, const struct peer_gemm *gemm)
{
    enum { ROW_MAJOR = 101, AS_IS = 111, TRANSPOSED = 112 };
    ((cblas_sgemm_function *)peer->product)(
        ROW_MAJOR, gemm->transpose_a ? TRANSPOSED : AS_IS, gemm->transpose_b ? TRANSPOSED : AS_IS,
        (int)gemm->m, (int)gemm->n, (int)gemm->k, 1.0f, gemm->a, (int)gemm->a_stride, gemm->b,
        (int)gemm->b_stride, 0.0f, gemm->c, (int)gemm->c_stride);
}

static const char *bind_openblas(struct peer *peer, const struct peer_settings *settings)
{
    /* Builds for Python's packages put their name before everybody's. */
    static const char *const prefixes[] = {"", "scipy_"};
    const char *prefix = "";
    for (size_t i = 0; i < 2 && peer->product == NULL; i++) {
        prefix = prefixes[i];
        peer->product = find(peer, prefix, "cblas_sgemm");
    }
    if (peer->product == NULL) {
        return no_cblas;
    }
    call_set(find(peer, prefix, "openblas_set_num_threads"), (int)settings->threads);
    snprintf(peer->version, sizeof peer->version, "%s",
             call_text(find(peer, prefix, "openblas_get_config")));
    snprintf(peer->core, sizeof peer->core, "%s",
             call_text(find(peer, prefix, "openblas_get_corename")));
    return NULL;
}

typedef const char *arch_string(int id);

/* BLIS takes the number of an architecture, which each version counts in its own way, so it is
 * asked for their names. "generic" is the last. */
static void hold_blis_to_avx2(function *string)
{
    static const char *const amd[] = {"zen3", "zen2", "zen"}, *const other[] = {"haswell"};
    const char *const *wanted = is_amd() ? amd : other;
    for (size_t w = 0; string != NULL && w < (is_amd() ? 3 : 1); w++) {
        const char *name = "";
        for (int id = 0; strcmp(name, "generic") != 0; id++) {
            name = ((arch_string *)string)(id);
            if (strcmp(name, wanted[w]) == 0) {
                char number[16];
                snprintf(number, sizeof number, "%d", id);
                setenv("BLIS_ARCH_TYPE", number, 1);
                return;
            }
        }
    }
}

static const char *bind_blis(struct peer *peer, const struct peer_settings *settings)
{
    peer->product = find(peer, "", "cblas_sgemm");
    if (peer->product == NULL) {
        return no_cblas;
    }
    function *string = find(peer, "", "bli_arch_string");
    if (is_held_to_avx2(settings)) {
        hold_blis_to_avx2(string);
    }
    /* BLIS's own integers are as wide as pointers, unless it was built otherwise. */
    typedef void set_threads(intptr_t count);
    function *set = find(peer, "", "bli_thread_set_num_threads");
    if (set != NULL) {
        ((set_threads *)set)((intptr_t)settings->threads);
    }
    snprintf(peer->version, sizeof peer->version, "%s",
             call_text(find(peer, "", "bli_info_get_version_str")));
    function *id = find(peer, "", "bli_arch_query_id");
    snprintf(peer->core, sizeof peer->core, "%s",
             id != NULL && string != NULL ? ((arch_string *)string)(((get_int *)id)()) : "unknown");
    return NULL;
}

/* "Intel(R) oneAPI Math Kernel Library Version 2025.1-Product Build 20250306 for ...": from the
 * number to the build. */
static void mkl_version(struct peer *peer, function *get)
{
    typedef void get_version(char *text, int size);
    char text[200] = "";
    if (get != NULL) {
        ((get_version *)get)(text, sizeof text - 1);
    }
    const char *number = strstr(text, "Version ");
    number = number != NULL ? number + strlen("Version ") : text;
    const char *end = strstr(number, " for ");
    const int length = end != NULL ? (int)(end - number) : (int)strlen(number);
    snprintf(peer->version, sizeof peer->version, "%.*s", length, number);
}

/* MKL loads a library of kernels for the processor at its first product: libmkl_avx2.so.2 is
 * "avx2". "vml" libraries hold other functions. */
static int note_mkl_kernels(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    static const char prefix[] = "libmkl_";
    static const char *const names[] = {"def", "mc3", "avx2", "avx512", "avx10"};
    struct peer *peer = context;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *file = slash != NULL ? slash + 1 : info->dlpi_name;
    if (strncmp(file, prefix, sizeof prefix - 1) != 0) {
        return 0;
    }
    file += sizeof prefix - 1;
    const size_t length = strcspn(file, ".");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], file, length) == 0) {
            snprintf(peer->core, sizeof peer->core, "%s", names[i]);
            return 1;
        }
    }
    return 0;
}

static const char *bind_mkl(struct peer *peer, const struct peer_settings *settings)
{
    peer->product = find(peer, "", "cblas_sgemm");
    if (peer->product == NULL) {
        return no_cblas;
    }
    /* The names in small letters are Fortran's and take pointers. */
    call_set(find(peer, "", "MKL_Set_Dynamic"), 0);
    call_set(find(peer, "", "MKL_Set_Num_Threads"), (int)settings->threads);
    mkl_version(peer, find(peer, "", "MKL_Get_Version_String"));
    float one = 1, product;
    run_cblas(peer, &(struct peer_gemm){.m = 1,
                                        .n = 1,
                                        .k = 1,
                                        .a = &one,
                                        .a_stride = 1,
                                        .b = &one,
                                        .b_stride = 1,
                                        .c = &product,
                                        .c_stride = 1});
    snprintf(peer->core, sizeof peer->core, "unknown");
    dl_iterate_phdr(note_mkl_kernels, peer);
    return NULL;
}

/* --- oneDNN --------------------------------------------------------------------------------------
 */

typedef int dnnl_sgemm_function(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k,
                                float alpha, const float *a, int64_t a_stride, const float *b,
                                int64_t b_stride, float beta, float *c, int64_t c_stride);

/* A product that oneDNN refuses leaves C as it was, which the comparison finds. */
static void run_dnnl(const struct peer *peer, const struct peer_gemm *gemm)
{
    ((dnnl_sgemm_function *)peer->product)(
        gemm->transpose_a ? 'T' : 'N', gemm->transpose_b ? 'T' : 'N', (int64_t)gemm->m,
        (int64_t)gemm->n, (int64_t)gemm->k, 1.0f, gemm->a, (int64_t)gemm->a_stride, gemm->b,
        (int64_t)gemm->b_stride, 0.0f, gemm->c, (int64_t)gemm->c_stride);
}

static void dnnl_isa(struct peer *peer, function *get)
{
    static const struct {
        int value;
        const char *name;
    } names[] = {{0x1, "sse41"},
                 {0x3, "avx"},
                 {0x7, "avx2"},
                 {0xf, "avx2_vnni"},
                 {0x1f, "avx2_vnni_2"},
                 {0x27, "avx512_core"},
                 {0x67, "avx512_core_vnni"},
                 {0xe7, "avx512_core_bf16"},
                 {0x1ef, "avx512_core_fp16"},
                 {0xfef, "avx512_core_amx"},
                 {0x1fef, "avx512_core_amx_fp16"}};
    const int value = get != NULL ? ((get_int *)get)() : 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].value == value) {
            snprintf(peer->core, sizeof peer->core, "%s", names[i].name);
            return;
        }
    }
    snprintf(peer->core, sizeof peer->core, "isa 0x%x", (unsigned)value);
}

static const char *bind_dnnl(struct peer *peer, const struct peer_settings *settings)
{
    peer->product = find(peer, "", "dnnl_sgemm");
    if (peer->product == NULL) {
        return "has no dnnl_sgemm";
    }
    /* The thread count is the OpenMP runtime's that it was built for, which lies in its scope.
     * Where that is TBB, it follows the affinity mask. */
    call_set(find(peer, "", "omp_set_num_threads"), (int)settings->threads);
    struct version {
        int major, minor, patch;
    };
    typedef const struct version *get_version(void);
    function *get = find(peer, "", "dnnl_version");
    const struct version *version = get != NULL ? ((get_version *)get)() : NULL;
    if (version != NULL) {
        snprintf(peer->version, sizeof peer->version, "%d.%d.%d", version->major, version->minor,
                 version->patch);
    }
    dnnl_isa(peer, find(peer, "", "dnnl_get_effective_cpu_isa"));
    return NULL;
}

/* --- finding and loading -----------------------------------------------------------------------
 */

static const struct peer_kind kinds[] = {
    {"openblas", {"libopenblas.so.0", "libopenblas.so"}, bind_openblas, run_cblas},
    {"blis", {"libblis.so.4", "libblis.so.3", "libblis.so"}, bind_blis, run_cblas},
    {"onednn", {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}, bind_dnnl, run_dnnl},
    {"mkl",
     {"libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"},
     bind_mkl,
     run_cblas},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };
_Static_assert(PEER_MAX_LIBRARIES >= BENCH_MAX_LIBRARIES + KINDS, "all that can be asked for");

/*
 * What the libraries read from the environment while they load.
 *
 * OPENBLAS_CORETYPE is sometimes set to help an old OpenBLAS past a processor that it does not
 * know; whoever measures wants the kernels that it would choose. Held to AVX2, each peer gets its
 * best AVX2 kernels for this vendor (BLIS: see there). MKL runs on pinion's OpenMP runtime, since
 * two runtimes' waiting threads would be in each other's way, and takes 32-bit integers.
 */
static void set_environment(const struct peer_settings *settings)
{
    unsetenv("OPENBLAS_CORETYPE");
    unsetenv("OPENBLAS_L2_SIZE");
    setenv("MKL_INTERFACE_LAYER", "LP64", 1);
    setenv("MKL_THREADING_LAYER", settings->threads == 1 ? "SEQUENTIAL" : "GNU", 0);
    if (!is_held_to_avx2(settings)) {
        return;
    }
    setenv("OPENBLAS_CORETYPE", is_amd() ? "Zen" : "Haswell", 1);
    setenv("DNNL_MAX_CPU_ISA", "AVX2", 1);
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
    setenv("MKL_ENABLE_INSTRUCTIONS", "AVX2", 1);
}

/* Everything is bound at once: MKL, when it is first called, makes names known to all that are
 * loaded later, which other libraries have too. */
static bool open_library(struct peer *peer, const char *file)
{
    peer->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (peer->handle == NULL) {
        return false;
    }
    struct link_map *map = NULL;
    const bool known = dlinfo(peer->handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0';
    snprintf(peer->path, sizeof peer->path, "%s", known ? map->l_name : file);
    return true;
}

static void open_installed(const struct peer_kind *kind, struct peer *peers, size_t *count)
{
    struct peer *peer = &peers[*count];
    *peer = (struct peer){.kind = kind};
    snprintf(peer->name, sizeof peer->name, "%s", kind->name);
    for (size_t i = 0; i < MAX_FILES && kind->files[i] != NULL; i++) {
        if (open_library(peer, kind->files[i])) {
            (*count)++;
            return;
        }
    }
}

/* The place of a peer of that name, or the next free one. */
static struct peer *place_of(const char *name, size_t length, struct peer *peers, size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        if (strlen(peers[i].name) == length && strncmp(peers[i].name, name, length) == 0) {
            return &peers[i];
        }
    }
    return &peers[(*count)++];
}

static pn_status open_given(const char *given, struct peer *peers, size_t *count)
{
    const char *equals = strchr(given, '=');
    const size_t length = equals != NULL ? (size_t)(equals - given) : 0;
    const struct peer_kind *kind = NULL;
    for (size_t i = 0; i < KINDS && kind == NULL; i++) {
        const size_t prefix = strlen(kinds[i].name);
        kind = length >= prefix && strncmp(given, kinds[i].name, prefix) == 0 ? &kinds[i] : NULL;
    }
    if (kind == NULL || equals[1] == '\0' || length >= PEER_NAME_SIZE) {
        return error_set(PN_ERROR_USAGE,
                         "--library '%s': give NAME=PATH, where NAME has at most %d characters and "
                         "begins with openblas, blis, onednn or mkl",
                         given, PEER_NAME_SIZE - 1);
    }
    const char *path = equals + 1;
    if (strchr(path, '/') != NULL && access(path, F_OK) != 0) {
        return error_set(PN_ERROR_NOT_FOUND, "%s: no such library; see --library in --help", path);
    }
    struct peer *peer = place_of(given, length, peers, count);
    *peer = (struct peer){.kind = kind};
    snprintf(peer->name, sizeof peer->name, "%.*s", (int)length, given);
    if (!open_library(peer, path)) {
        /* The loader's message names the file first, this one's or that of one that it needs. */
        return error_set(strchr(path, '/') != NULL ? PN_ERROR_DATA : PN_ERROR_NOT_FOUND,
                         "--library %.*s: %s", (int)length, given, dlerror());
    }
    return PN_OK;
}

/* Whether --library names this kind itself. */
static bool is_replaced(const struct peer_kind *kind, const struct peer_settings *settings)
{
    const size_t length = strlen(kind->name);
    for (size_t i = 0; i < settings->given_count; i++) {
        if (strncmp(settings->given[i], kind->name, length) == 0 &&
            settings->given[i][length] == '=') {
            return true;
        }
    }
    return false;
}

static pn_status open_libraries(const struct peer_settings *settings, struct peer *peers,
                                size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < KINDS; i++) {
        if (!is_replaced(&kinds[i], settings)) {
            open_installed(&kinds[i], peers, count);
        }
    }
    const size_t installed = *count;
    for (size_t i = 0; i < settings->given_count; i++) {
        const pn_status status = open_given(settings->given[i], peers, count);
        if (status != PN_OK) {
            return status;
        }
    }
    /* Installed ones that cannot be used are nobody's mistake: they are left out, with a word. */
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        const char *missing = peers[i].kind->bind(&peers[i], settings);
        if (missing == NULL) {
            peers[kept++] = peers[i];
        } else if (i >= installed) {
            return error_set(PN_ERROR_DATA, "%s: %s; is %s the right NAME for it?", peers[i].path,
                             missing, peers[i].name);
        } else {
            fprintf(stderr, "pinion-bench: %s: %s; left out\n", peers[i].path, missing);
        }
    }
    *count = kept;
    return PN_OK;
}

pn_status peers_load(const struct peer_settings *settings, struct peer *peers, size_t *count)
{
    set_environment(settings);
    const pn_status status = open_libraries(settings, peers, count);
    if (status == PN_OK && *count == 0) {
        return error_set(PN_ERROR_NOT_FOUND,
                         "no peer is installed: neither libopenblas, libblis, libdnnl nor "
                         "libmkl_rt; install one or give --library NAME=PATH");
    }
    return status;
}

void peer_run(const struct peer *peer, const struct peer_gemm *gemm)
{
    peer->kind->run(peer, gemm);
}
