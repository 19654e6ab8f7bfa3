/*
 * Everything a program is born with: its streams, its user, its limits, its environment, nothing
 * else. The user and the limits are set before exec and cannot be raised again from inside.
 */
#define _GNU_SOURCE
#include "spawn.h"

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

/* Low enough for Node to mark it close-on-exec, high enough for a program's first file to be 3. */
#define CONTROL_FD 15

int parse_spawn(const struct frame *frame, struct spawn_plan *plan)
{
    if (frame->length < sizeof plan->head) return 0;
    memcpy(&plan->head, frame->payload, sizeof plan->head);
    const uint8_t *at = frame->payload + sizeof plan->head, *end = frame->payload + frame->length;
    if (plan->head.argc < 1 || plan->head.argc > ARGUMENTS_MAX || plan->head.envc > ARGUMENTS_MAX) return 0;
    for (uint32_t i = 0; i < plan->head.argc; i++) {
        if (!(plan->argv[i] = take_string(&at, end))) return 0;
    }
    for (uint32_t i = 0; i < plan->head.envc; i++) {
        if (!(plan->envp[i] = take_string(&at, end))) return 0;
    }
    plan->directory = take_string(&at, end);
    return plan->directory != NULL;
}

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

/* Runs in the child, between vfork and exec: the parent sleeps, so nothing here may be shared state. */
void become_program(const struct spawn_plan *plan)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    dup2(plan->in, 0);
    dup2(plan->out, 1);
    dup2(plan->err, 2);
    if (plan->control == CONTROL_FD) fcntl(CONTROL_FD, F_SETFD, 0);
    else dup2(plan->control, CONTROL_FD);
    reset_scheduling();
    limit(RLIMIT_NPROC, plan->head.processes_max);
    limit(RLIMIT_NOFILE, plan->head.descriptors_max);
    limit(RLIMIT_FSIZE, plan->head.file_bytes_max);
    limit(RLIMIT_CORE, 0);
    umask(022);
    if (chdir(plan->directory) != 0) _exit(126);
    if (setgroups(0, NULL) != 0) _exit(126);
    if (setresgid(plan->head.uid, plan->head.uid, plan->head.uid) != 0) _exit(126);
    if (setresuid(plan->head.uid, plan->head.uid, plan->head.uid) != 0) _exit(126);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(126);
    refuse_message_queues();
    execve(plan->argv[0], plan->argv, plan->envp);
    _exit(127);
}
