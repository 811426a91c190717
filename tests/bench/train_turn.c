/* A turn of pinion-bench train that is cut off leaves a row as the finished rounds made it. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "bench/train/rows.h"

enum { ROUNDS = 3, BATCH = 8, SAMPLES = 4096 };

static const double sample_ns = 1e4;

static struct network network;
static struct lane lane;
static struct contender contender;

static void must(pn_status status)
{
    cr_assert_eq(status, PN_OK, "%s", pn_error_message());
}

static void set_up(void)
{
    must(network_create("dense 32 relu; dropout 0.5; dense 10 softmax", 64, PN_U8, PN_ADAM,
                        &network));
    must(network_make_data(&network, SAMPLES));
    must(lane_create(2, &lane));
    contender = (struct contender){.network = &network,
                                   .lane = &lane,
                                   .kernels = simd_best(),
                                   .batch = BATCH,
                                   .samples = SAMPLES,
                                   .rounds = ROUNDS};
    must(contender_prepare(&contender));
}

static void tear_down(void)
{
    contender_free(&contender);
    lane_free(&lane);
    network_free(&network);
}

TestSuite(turn, .init = set_up, .fini = tear_down);

static void on_alarm(int number)
{
    (void)number;
    pn_interrupt();
}

/* Between two batches of a fit, wherever it is then: alarms come more often than epochs end. */
static void interrupt_fits(bool on)
{
    cr_assert_eq(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL), 0);
    const struct timeval often = {.tv_usec = on ? 500 : 0};
    cr_assert_eq(
        setitimer(ITIMER_REAL, &(struct itimerval){.it_interval = often, .it_value = often}, NULL),
        0);
}

/* What is said of the contender; the caller frees it. */
static char *row(void)
{
    const struct train_row medians = train_row_of(&contender);
    json_t *json = train_row_json("step", &contender, &medians);
    cr_assert_not_null(json);
    char *text = json_dumps(json, JSON_SORT_KEYS);
    json_decref(json);
    cr_assert_not_null(text);
    return text;
}

static void cut_off(void)
{
    interrupt_fits(true);
    const pn_status status = contender_turn(&contender, sample_ns);
    interrupt_fits(false);
    cr_assert_eq(status, PN_ERROR_INTERRUPTED, "the fit was not cut off");
}

Test(turn, that_is_cut_off_leaves_no_trace)
{
    must(contender_turn(&contender, sample_ns));
    char *before = row();
    cr_expect_not_null(strstr(before, "\"rounds\": 1,"), "%s", before);
    for (int i = 0; i < 20; i++) {
        cut_off();
    }
    char *after = row();
    cr_expect_str_eq(after, before);
    free(before);
    free(after);
}

Test(turn, that_is_cut_off_first_is_no_round)
{
    cut_off();
    cr_expect_eq(contender.finished, 0);
}
