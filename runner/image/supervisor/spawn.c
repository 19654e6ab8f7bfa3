/*
 * Everything a program is born with: its streams, its user, its limits, its environment, nothing
 * else. The user and the limits are set before exec and cannot be raised again from inside.
 */
#define _GNU_SOURCE
#include "spawn.h"

#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_FD 3

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

static void limit(int resource, uint64_t value)
{
    struct rlimit both = {.rlim_cur = value, .rlim_max = value};
    if (setrlimit(resource, &both) != 0) _exit(126);
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
    dup2(plan->control, CONTROL_FD);
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
    execve(plan->argv[0], plan->argv, plan->envp);
    _exit(127);
}
