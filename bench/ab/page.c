#include "bench/ab/page.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void page_give(struct page *page, enum turn turn)
{
    atomic_store_explicit(&page->turn, (uint32_t)turn, memory_order_release);
    syscall(SYS_futex, &page->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool page_wait(struct page *page, enum turn turn, long milliseconds)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    const uint32_t other = turn == TURN_WORKER ? TURN_CONTROLLER : TURN_WORKER;
    if (atomic_load_explicit(&page->turn, memory_order_acquire) == other) {
        syscall(SYS_futex, &page->turn, FUTEX_WAIT, other, &timeout, NULL, 0);
    }
    return atomic_load_explicit(&page->turn, memory_order_acquire) == (uint32_t)turn;
}
