#include "bench/ab/worker.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/ab/page.h"
#include "bench/machine/measure.h"
#include "bench/machine/taint.h"
#include "engine/base/error.h"

/* Copies of the problem's data that one thread goes through. */
struct copies {
    _Alignas(128) void **instances;
    size_t count, next;
};

struct worker {
    struct page *page;
    char *memory;
    const struct bench_abi *abi;
    struct measure team;
    struct taint_files *taint;
    struct copies *copies; /* [threads] */
    struct injection injection;
    struct yardsticks yardsticks;
};

static pn_status fail(struct worker *worker, const char *message)
{
    worker->page->reply.failed = true;
    snprintf(worker->page->reply.message, REPLY_MESSAGE, "%s", message);
    return PN_ERROR_FAILED;
}

/* --- the problem at hand -----------------------------------------------------------------------
 */

static void close_problem(struct worker *worker)
{
    for (size_t t = 0; t < worker->team.threads; t++) {
        struct copies *copies = &worker->copies[t];
        for (size_t i = 0; i < copies->count; i++) {
            worker->abi->close(copies->instances[i]);
        }
        free(copies->instances);
        *copies = (struct copies){0};
    }
}

static size_t rounded(uint64_t bytes)
{
    const size_t page = 4096;
    return ((size_t)bytes + page - 1) / page * page;
}

/* Each thread's copies lie one behind the other, arenas on pages of their own. */
static pn_status open_problem(struct worker *worker, const struct request *request)
{
    close_problem(worker);
    struct bench_abi_problem about;
    worker->abi->describe(request->problem, request->isa, &about);
    const size_t batch = rounded(about.batch_bytes + 64),
                 weights = rounded(about.weight_bytes + 64);
    const size_t count = request->batch_copies > request->weight_copies ? request->batch_copies
                                                                        : request->weight_copies;
    const size_t thread_bytes = batch * request->batch_copies + weights * request->weight_copies;
    if (thread_bytes > PAGE_MEMORY_SIZE / worker->team.threads) {
        return fail(worker, "the problem does not fit into the memory that workers share");
    }
    const size_t offset =
        request->injection.kind == INJECT_OFFSET ? (size_t)request->injection.share : 0;
    for (size_t t = 0; t < worker->team.threads; t++) {
        struct copies *copies = &worker->copies[t];
        copies->instances = calloc(count, sizeof(void *));
        if (copies->instances == NULL) {
            return fail(worker, "out of memory");
        }
        char *batches = worker->memory + t * thread_bytes + offset;
        char *layers = batches + batch * request->batch_copies;
        for (; copies->count < count; copies->count++) {
            const size_t i = copies->count;
            copies->instances[i] = worker->abi->open(
                request->problem, request->isa, batches + batch * (i % request->batch_copies),
                layers + weights * (i % request->weight_copies));
            if (copies->instances[i] == NULL) {
                return fail(worker, "out of memory");
            }
        }
    }
    return PN_OK;
}

static void fill_thread(void *context, size_t thread)
{
    const struct worker *worker = context;
    const struct copies *copies = &worker->copies[thread];
    for (size_t i = 0; i < copies->count; i++) {
        worker->abi->fill(copies->instances[i], worker->page->request.seed + (uint32_t)thread);
    }
}

static pn_status check_problem(struct worker *worker, const struct request *request)
{
    char message[REPLY_MESSAGE] = "";
    for (size_t t = 0; t < worker->team.threads; t++) {
        for (size_t i = 0; i < worker->copies[t].count; i++) {
            if (!worker->abi->check(worker->copies[t].instances[i], request->seed, message,
                                    sizeof message)) {
                return fail(worker, message);
            }
        }
    }
    return PN_OK;
}

/* --- timing ------------------------------------------------------------------------------------
 */

/* Additions that wait for each other, about one a cycle, for so long. */
static void idle_work(double nanoseconds)
{
    const double end = measure_now() + nanoseconds;
    while (measure_now() < end) {
        for (volatile int i = 0; i < 8; i++) {
        }
    }
}

static void run_calls(void *context, size_t thread, size_t calls)
{
    struct worker *worker = context;
    struct copies *copies = &worker->copies[thread];
    const struct injection *injection = &worker->injection;
    if (copies->count == 1) {
        worker->abi->run(copies->instances[0], calls);
    } else {
        for (size_t i = 0; i < calls; i++) {
            worker->abi->run(copies->instances[copies->next], 1);
            copies->next = copies->next + 1 < copies->count ? copies->next + 1 : 0;
        }
    }
    const bool taxed = injection->kind == INJECT_TAX ||
                       (injection->kind == INJECT_LAG && thread + 1 == worker->team.threads);
    if (taxed) {
        idle_work(injection->share * injection->call_ns * (double)calls);
    }
}

/* The fastest sample of those in which no thread was preempted, or if there is none of all. */
static pn_status take_samples(struct worker *worker, const struct request *request,
                              measure_work work, void *context, double *ns, bool *clean)
{
    double best_clean = INFINITY, best = INFINITY;
    for (size_t i = 0; i < request->samples; i++) {
        double sample;
        bool undisturbed;
        const pn_status status =
            measure_once(&worker->team, work, context, request->calls, &sample, &undisturbed);
        if (status != PN_OK) {
            return status;
        }
        best = fmin(best, sample);
        best_clean = undisturbed ? fmin(best_clean, sample) : best_clean;
    }
    *clean = isfinite(best_clean);
    *ns = *clean ? best_clean : best;
    return PN_OK;
}

static pn_status time_calls(struct worker *worker, const struct request *request, measure_work work,
                            void *context)
{
    worker->injection = (struct injection){0};
    double ns;
    bool clean;
    pn_status status = PN_OK;
    if (request->warm_calls > 0) {
        status = measure_once(&worker->team, work, context, request->warm_calls, &ns, &clean);
    }
    worker->injection = request->injection;
    struct taint_snapshot before, after;
    taint_take(worker->taint, &before);
    if (status == PN_OK) {
        status = take_samples(worker, request, work, context, &ns, &clean);
    }
    taint_take(worker->taint, &after);
    if (status != PN_OK) {
        return fail(worker, pn_error_message());
    }
    /* Whether a preemption matters, the samples say better than the whole. */
    const unsigned taint = taint_since(&before, &after) & ~(unsigned)TAINT_SWITCH;
    worker->page->reply.ns = ns / (double)request->calls;
    worker->page->reply.taint = taint | (clean ? 0 : TAINT_SWITCH);
    return PN_OK;
}

static pn_status run_yardstick(struct worker *worker, const struct request *request)
{
    if (yardsticks_open(&worker->yardsticks, &worker->team, &request->yardstick) != PN_OK) {
        return fail(worker, pn_error_message());
    }
    return time_calls(worker, request, yardsticks_run, &worker->yardsticks);
}

/* --- serving -----------------------------------------------------------------------------------
 */

static void list_problems(struct worker *worker)
{
    struct listing *list = (struct listing *)worker->memory;
    size_t count = 0;
    for (size_t isa = 0; worker->abi->isa(isa) != NULL; isa++) {
        for (size_t i = 0; i < worker->abi->problems(); i++, count++) {
            list[count].problem = i;
            list[count].isa_index = isa;
            worker->abi->describe(i, isa, &list[count].about);
            snprintf(list[count].isa, sizeof list[count].isa, "%s", worker->abi->isa(isa));
        }
    }
    worker->page->reply.count = count;
    snprintf(worker->page->reply.message, REPLY_MESSAGE, "%s", worker->abi->library_version);
}

static void serve(struct worker *worker)
{
    const struct request *request = &worker->page->request;
    worker->page->reply = (struct reply){0};
    switch (request->kind) {
    case REQUEST_LIST:
        list_problems(worker);
        break;
    case REQUEST_OPEN:
        open_problem(worker, request);
        break;
    case REQUEST_CHECK:
        check_problem(worker, request);
        break;
    case REQUEST_FILL:
        if (team_run(worker->team.team, fill_thread, worker) != PN_OK) {
            fail(worker, pn_error_message());
        }
        break;
    case REQUEST_RUN:
        time_calls(worker, request, run_calls, worker);
        break;
    case REQUEST_YARDSTICK:
        run_yardstick(worker, request);
        break;
    }
}

/* `path` names the file that `copy` was made of, "" this program. */
static pn_status load_library(const char *path, int copy, const struct bench_abi **abi)
{
    if (path[0] == '\0') {
        *abi = &pinion_bench_abi_1;
        return PN_OK;
    }
    char place[32];
    snprintf(place, sizeof place, "/proc/self/fd/%d", copy);
    void *library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return error_set(PN_ERROR_DATA, "%s: cannot be loaded: %s", path, dlerror());
    }
    *abi = dlsym(library, BENCH_ABI_SYMBOL);
    if (*abi == NULL) {
        return error_set(
            PN_ERROR_DATA,
            "%s: exports no %s: no libpinion, or one that is older than pinion-bench ab", path,
            BENCH_ABI_SYMBOL);
    }
    if ((*abi)->version != BENCH_ABI_VERSION || (*abi)->size < sizeof(struct bench_abi)) {
        return error_set(PN_ERROR_DATA, "%s: %s has version %u and %u bytes; %d and %zu are known",
                         path, BENCH_ABI_SYMBOL, (*abi)->version, (*abi)->size, BENCH_ABI_VERSION,
                         sizeof(struct bench_abi));
    }
    return PN_OK;
}

static pn_status map_shared(int page, int memory, struct worker *worker)
{
    worker->page = mmap(NULL, sizeof *worker->page, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    worker->memory = mmap(PAGE_MEMORY_ADDRESS, PAGE_MEMORY_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, memory, 0);
    if (worker->page == MAP_FAILED || worker->memory != PAGE_MEMORY_ADDRESS) {
        return error_set(PN_ERROR_FAILED, "the memory that workers share cannot be mapped");
    }
    return PN_OK;
}

/* Loads the library and starts the team; the page is mapped. */
static pn_status prepare(struct worker *worker, const char *library, int copy, size_t threads)
{
    pn_status status = load_library(library, copy, &worker->abi);
    if (status == PN_OK) {
        status = measure_create(threads, &worker->team);
    }
    if (status == PN_OK) {
        status = taint_open("", &worker->taint);
    }
    if (status == PN_OK) {
        worker->copies =
            aligned_alloc(_Alignof(struct copies), worker->team.threads * sizeof *worker->copies);
        if (worker->copies == NULL) {
            return error_memory(worker->team.threads * sizeof *worker->copies, "a worker");
        }
        memset(worker->copies, 0, worker->team.threads * sizeof *worker->copies);
    }
    return status;
}

static pn_status work(struct worker *worker, const char *library, int copy, size_t threads)
{
    const pn_status status = prepare(worker, library, copy, threads);
    if (status != PN_OK) {
        fail(worker, pn_error_message());
        page_give(worker->page, TURN_CONTROLLER);
        return PN_OK; /* the controller says it */
    }
    page_give(worker->page, TURN_CONTROLLER);
    for (;;) {
        while (!page_wait(worker->page, TURN_WORKER, 1000)) {
        }
        serve(worker);
        page_give(worker->page, TURN_CONTROLLER);
    }
}

pn_status worker_main(int count, char **arguments)
{
    enum { LIBRARY, COPY, PAGE, MEMORY, THREADS, PAD, ARGUMENTS };
    if (count != ARGUMENTS) {
        return error_set(PN_ERROR_USAGE,
                         "worker: is started by other commands of pinion-bench, not by hand");
    }
    int numbers[ARGUMENTS] = {0};
    for (int i = COPY; i < ARGUMENTS; i++) {
        numbers[i] = atoi(arguments[i]);
    }
    struct worker worker = {0};
    pn_status status = map_shared(numbers[PAGE], numbers[MEMORY], &worker);
    if (status != PN_OK) {
        return status;
    }
    char *pad = __builtin_alloca((size_t)numbers[PAD] + 1);
    __asm__ volatile("" : : "r"(pad) : "memory");
    status = work(&worker, arguments[LIBRARY], numbers[COPY], (size_t)numbers[THREADS]);
    taint_close(worker.taint);
    yardsticks_free(&worker.yardsticks);
    measure_free(&worker.team);
    free(worker.copies);
    return status;
}
