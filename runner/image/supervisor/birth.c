/* The user and the limits are set before any of the program's code runs, and cannot be raised again. */
#define _GNU_SOURCE
#include "birth.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void reset_scheduling(void)
{
    cpu_set_t all;
    memset(&all, 0xff, sizeof all);
    sched_setaffinity(0, sizeof all, &all);
    setpriority(PRIO_PROCESS, 0, 0);
}

static void limit(int resource, uint64_t value)
{
    struct rlimit both = {.rlim_cur = value, .rlim_max = value};
    if (setrlimit(resource, &both) != 0) _exit(126);
}

/*
 * POSIX message queues outlive their makers and, under gVisor, are in no file system where they
 * could be found and removed. So there are none: programs hear that the call does not exist.
 */
static void refuse_message_queues(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mq_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(126);
}

/* Any of the given may have the number another is to get, so all are first moved out of the way. */
static void take_streams(const struct birth *birth)
{
    int given[] = {birth->in, birth->out, birth->err, birth->shown, birth->control};
    static const int WANTED[] = {0, 1, 2, SHOWN_FD, CONTROL_FD};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        given[i] = fcntl(given[i], F_DUPFD_CLOEXEC, CONTROL_FD + 1);
    }
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (dup2(given[i], WANTED[i]) < 0) _exit(126);
        close(given[i]);
    }
}

static void become_user(uid_t uid)
{
    if (setgroups(0, NULL) != 0) _exit(126);
    if (setresgid(uid, uid, uid) != 0) _exit(126);
    if (setresuid(uid, uid, uid) != 0) _exit(126);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(126);
}

/* May run between vfork and exec, while the parent sleeps: nothing here may be shared state. */
void be_born(const struct birth *birth)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    take_streams(birth);
    reset_scheduling();
    limit(RLIMIT_NPROC, birth->head.processes_max);
    limit(RLIMIT_NOFILE, birth->head.descriptors_max);
    limit(RLIMIT_FSIZE, birth->head.file_bytes_max);
    limit(RLIMIT_CORE, 0);
    umask(022);
    if (chdir(birth->directory) != 0) _exit(126);
    become_user(birth->head.uid);
    refuse_message_queues();
}
