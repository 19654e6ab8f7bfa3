/* Processes that execute an interpreter; birth.c says what a program is born with. */
#define _GNU_SOURCE
#include "spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int parse_spawn(const struct frame *frame, struct spawn_plan *plan)
{
    struct spawn_head *head = &plan->birth.head;
    if (frame->length < sizeof *head) return 0;
    memcpy(head, frame->payload, sizeof *head);
    const uint8_t *at = frame->payload + sizeof *head, *end = frame->payload + frame->length;
    if (head->argc > ARGUMENTS_MAX || head->envc > ARGUMENTS_MAX) return 0;
    for (uint32_t i = 0; i < head->argc; i++) {
        if (!(plan->argv[i] = take_string(&at, end))) return 0;
    }
    for (uint32_t i = 0; i < head->envc; i++) {
        if (!(plan->envp[i] = take_string(&at, end))) return 0;
    }
    plan->birth.directory = take_string(&at, end);
    return plan->birth.directory != NULL;
}

/* What is ignored stays ignored by exec, unlike what is handled. */
static void execute(const struct spawn_plan *plan)
{
    signal(SIGPIPE, SIG_DFL);
    execve(plan->argv[0], plan->argv, plan->envp);
    _exit(127);
}

pid_t spawn_program(const struct spawn_plan *plan)
{
    pid_t pid = vfork();
    if (pid != 0) return pid;
    be_born(&plan->birth);
    execute(plan);
    return -1;
}

/* Its streams are pipes, as a program's are, so that what it opens on them fits its children's. */
pid_t spawn_prepared(const struct spawn_plan *plan)
{
    pid_t pid = vfork();
    if (pid != 0) return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    dup2(plan->birth.in, 0);
    dup2(plan->birth.out, 1);
    dup2(plan->birth.err, 2);
    if (plan->birth.control == CONTROL_FD) fcntl(CONTROL_FD, F_SETFD, 0);
    else dup2(plan->birth.control, CONTROL_FD);
    if (chdir(plan->birth.directory) != 0) _exit(126);
    execute(plan);
    return -1;
}
