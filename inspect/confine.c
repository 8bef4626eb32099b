/* SPDX-License-Identifier: Apache-2.0 */
/* The list of system calls that stay; all others answer EPERM, so a library that tries to open
 * something goes on without it. */
#include "inspect/confine.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's audit architecture (linux/audit.h)"
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_LIMITED 0 /* their shadow takes terabytes of address space */
#else
#define MEMORY_LIMITED 1
#endif

static const int allowed[] = {
#if !MEMORY_LIMITED
    SYS_sigaltstack, /* of the sanitizer, when a process ends */
#endif
    SYS_read,          SYS_write,        SYS_readv,          SYS_writev,       SYS_pread64,
    SYS_lseek,         SYS_fstat,        SYS_newfstatat,     SYS_close,        SYS_dup,
    SYS_fcntl,         SYS_mmap,         SYS_munmap,         SYS_mprotect,     SYS_mremap,
    SYS_brk,           SYS_madvise,      SYS_futex,          SYS_exit,         SYS_exit_group,
    SYS_getrandom,     SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_getpid,       SYS_gettid,
    SYS_clock_gettime, SYS_rt_sigreturn, SYS_tgkill,         SYS_gettimeofday, SYS_sched_yield,
    SYS_uname,
};
#define ALLOWED_COUNT (sizeof allowed / sizeof allowed[0])

static bool limit(unsigned what, uint64_t value)
{
    struct rlimit l = {value, value};
    return setrlimit(what, &l) == 0;
}

/* tgkill is there for abort(3); signals reach no other process: it names its own group, and the
 * kernel asks for the same user, whose processes it can't name without reading /proc. */
static bool filter_calls(void)
{
    struct sock_filter code[5 + ALLOWED_COUNT + 2];
    size_t n = 0;
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < ALLOWED_COUNT; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i],
                                                 (uint8_t)(ALLOWED_COUNT - i), 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool confine(void)
{
    bool ok = limit(RLIMIT_CPU, CONFINE_CPU_S) && limit(RLIMIT_CORE, 0) &&
              limit(RLIMIT_NOFILE, 16) &&
              (!MEMORY_LIMITED || limit(RLIMIT_AS, CONFINE_MEMORY_BYTES));
    return ok && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter_calls();
}
