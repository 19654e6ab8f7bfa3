/*
 * Knows nothing of the language it is part of. Runs as the sandbox's root until be_born() in a child,
 * so nothing of a program's may ever be read here; all that is heard comes from the supervisor.
 */
#define _GNU_SOURCE
#include "prepared.h"
#include "../supervisor/birth.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IN, OUT, ERR, SHOWN, CONTROL, FDS };

static void say(const void *message, size_t length)
{
    if (send(CONTROL_FD, message, length, MSG_NOSIGNAL) != (ssize_t)length) _exit(1);
}

/* The next request and its descriptors. Without a supervisor there is nothing left to do. */
static void hear(struct birth_request *request, int fds[FDS])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } ancillary;
    struct iovec part = {.iov_base = request, .iov_len = sizeof *request};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary};
    ssize_t n;
    do n = recvmsg(CONTROL_FD, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n != sizeof *request) _exit(n == 0 ? 0 : 1);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (!rights || rights->cmsg_len != CMSG_LEN(FDS * sizeof(int))) _exit(1);
    memcpy(fds, CMSG_DATA(rights), FDS * sizeof(int));
}

/*
 * Forks a child whose parent is process 1, so that the supervisor collects it as it does any other:
 * a process that shares our memory forks it and is gone. (gVisor does not know CLONE_PARENT.)
 */
static pid_t fork_for_supervisor(void)
{
    static volatile pid_t child;
    child = -1;
    pid_t between = vfork();
    if (between == 0) {
        child = fork();
        if (child == 0) return 0; /* with a memory of its own, and so on a stack of its own */
        _exit(0);
    }
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR) continue;
    return child;
}

static void close_all(const int fds[FDS])
{
    for (int i = 0; i < FDS; i++) close(fds[i]);
}

static void become_child(const struct birth_request *request, const int fds[FDS])
{
    be_born(&(struct birth){.head = request->head,
                            .directory = request->directory,
                            .in = fds[IN],
                            .out = fds[OUT],
                            .err = fds[ERR],
                            .shown = fds[SHOWN],
                            .control = fds[CONTROL]});
    close_all(fds);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* it was not while it was ours; now it is its user's */
}

void serve_forks(const char *version, const struct fork_hooks *hooks)
{
    static struct birth_request request;
    int fds[FDS];
    char text[VERSION_BYTES_MAX + 1];
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    say(text, (size_t)snprintf(text, sizeof text, "R%s", version));
    hooks->before(); /* once and for good: what is never undone here makes no page our own again */
    for (;;) {
        hear(&request, fds);
        pid_t child = fork_for_supervisor();
        if (child == 0) {
            become_child(&request, fds);
            hooks->after_in_child();
            return;
        }
        close_all(fds);
        if (child < 0) _exit(1);
        uint8_t message[1 + sizeof child] = {'F'};
        memcpy(message + 1, &child, sizeof child);
        say(message, sizeof message);
    }
}
