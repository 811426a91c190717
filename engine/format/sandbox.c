#include "engine/format/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* AddressSanitizer reserves terabytes of addresses and needs system calls of its own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_OFF 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_OFF 1
#endif
#ifndef SANDBOX_OFF
#define SANDBOX_OFF 0
#endif

enum {
    MEMORY_BASE = 512 << 20, /* libraries and libhdf5's own tables */
    MEMORY_RATIO = 70,       /* copies of the image, and the budget of what is decoded */
    SECONDS_BASE = 2,
    BYTES_PER_SECOND = 5 << 20,
    WALL_RATIO = 30 /* a machine may have other work */
};

/* Lowers a limit; at `soft` the process may get a signal that tells, at `hard` it is the end. */
static void limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit old;
    if (getrlimit((__rlimit_resource_t)resource, &old) == 0 && hard < old.rlim_max) {
        const struct rlimit limits = {soft, hard};
        setrlimit((__rlimit_resource_t)resource, &limits);
    }
}

void sandbox_limit(size_t size)
{
    const rlim_t seconds = SECONDS_BASE + size / BYTES_PER_SECOND;
    rlim_t memory;
    if (!SANDBOX_OFF && !__builtin_mul_overflow((rlim_t)size, (rlim_t)MEMORY_RATIO, &memory) &&
        !__builtin_add_overflow(memory, (rlim_t)MEMORY_BASE, &memory)) {
        limit(RLIMIT_AS, memory, memory);
    }
    limit(RLIMIT_CPU, seconds, seconds + 1);
    limit(RLIMIT_CORE, 0, 0);
    if (!SANDBOX_OFF) {
        limit(RLIMIT_NOFILE, STDERR_FILENO + 1, STDERR_FILENO + 1);
    }
    alarm((unsigned)(WALL_RATIO * seconds));
    prctl(PR_SET_DUMPABLE, 0);
}

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

#if defined(SANDBOX_ARCH) && !SANDBOX_OFF

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define RETURN(action)        BPF_STMT(BPF_RET | BPF_K, (action))
#define ON_CALL(call, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), RETURN(action)
#define ALLOW(call)           ON_CALL(call, SECCOMP_RET_ALLOW)
#define DENY(call)            ON_CALL(call, SECCOMP_RET_ERRNO | EACCES)
/* Allowed, but nothing may become executable: args[2] is the protection. */
#define ALLOW_WITHOUT_EXEC(call)                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 4), LOAD(args[2]),                         \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), RETURN(SECCOMP_RET_KILL_PROCESS),   \
        RETURN(SECCOMP_RET_ALLOW)

static struct sock_filter sandbox_filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    ALLOW(read),
    ALLOW(write),
    ALLOW(lseek),
    ALLOW(ftruncate),
    ALLOW(close),
    ALLOW(brk),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    ALLOW(futex),
    ALLOW(getrandom),
    ALLOW(clock_gettime),
    ALLOW(gettimeofday),
    ALLOW(getpid),
    ALLOW(sched_getaffinity),
    ALLOW(rt_sigreturn),
    ALLOW(rt_sigprocmask),
    ALLOW(exit),
    ALLOW(exit_group),
    /* What libraries try and can do without. */
    DENY(openat),
    DENY(newfstatat),
    DENY(statx),
    DENY(faccessat),
    DENY(readlinkat),
    DENY(getcwd),
    DENY(ioctl),
    DENY(sysinfo),
#if defined(__x86_64__)
    DENY(open),
    DENY(stat),
    DENY(lstat),
    DENY(access),
    DENY(readlink),
#endif
    ALLOW_WITHOUT_EXEC(mmap),
    LOAD(nr),
    ALLOW_WITHOUT_EXEC(mprotect),
    RETURN(SECCOMP_RET_KILL_PROCESS),
};

enum sandbox_lock sandbox_lock(void)
{
    /* EFAULT where there are filters. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0 && errno == EINVAL) {
        return SANDBOX_ABSENT;
    }
    tzset(); /* libhdf5 asks for the time zone when it meets a time */
    const struct sock_fprog program = {sizeof sandbox_filter / sizeof *sandbox_filter,
                                       sandbox_filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
               ? SANDBOX_LOCKED
               : SANDBOX_FAILED;
}

#else

enum sandbox_lock sandbox_lock(void)
{
    return SANDBOX_ABSENT;
}

#endif
