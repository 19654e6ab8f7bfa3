/*
 * Waits for a job in place of the interpreters that could: it is told what to execute, and becomes
 * it. What is to be compiled it has executed by a child and waits for, so that it can be told the
 * next thing; supervisor/job.c calls each of these a stage. It has a job's user and limits already,
 * and nothing that a program could use: no privilege, no memory of other jobs.
 *
 * A job comes as a count, a newline, and that many strings (runner/commands.ts is the other end):
 * `compile` or `run`, the largest file that may be written, further environment, `--`, a command.
 */
#define _GNU_SOURCE
#include "builders/builders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL_FD 15
#define SHOWN_FD 14
#define MESSAGE_BYTES_MAX (64 * 1024)
#define WORDS_MAX 512
#define VERSIONS "/opt/coderunner/versions"
#define VERSIONS_BYTES_MAX 511
#define TOOLS "/usr/bin/" /* what is here is called by its plain name, as from a shell */

extern char **environ;

struct order {
    int is_stage;
    rlim_t file_bytes_max;
    char *envp[WORDS_MAX + 1], *argv[WORDS_MAX + 1];
};

static void give_up(const char *what)
{
    dprintf(2, "cannot execute: %s: %s\n", what, strerror(errno));
    _exit(127);
}

/* Says that it waits, and which versions of what there are in this image. */
static void say_ready(void)
{
    char said[VERSIONS_BYTES_MAX + 1] = "R";
    int fd = open(VERSIONS, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, said + 1, VERSIONS_BYTES_MAX);
    if (fd >= 0) close(fd);
    if (send(CONTROL_FD, said, n > 0 ? (size_t)n + 1 : 1, MSG_NOSIGNAL) < 0) _exit(1);
}

/* Splits a message into its words; returns how many, or 0 when it is not a whole order. */
static int split(char *message, size_t length, char **words)
{
    char *end = message + length, *at = memchr(message, '\n', length);
    long count = strtol(message, NULL, 10);
    if (!at || count < 4 || count > WORDS_MAX) return 0;
    at++;
    for (long i = 0; i < count; i++) {
        char *stop = memchr(at, '\0', (size_t)(end - at));
        if (!stop) return 0;
        words[i] = at;
        at = stop + 1;
    }
    return (int)count;
}

static int read_order(struct order *order)
{
    static char message[MESSAGE_BYTES_MAX + 1];
    static char *words[WORDS_MAX];
    ssize_t length = recv(CONTROL_FD, message, MESSAGE_BYTES_MAX, 0);
    if (length <= 0) return 0;
    int count = split(message, (size_t)length, words), used = 0;
    if (count == 0) return 0;
    order->is_stage = strcmp(words[0], "compile") == 0;
    order->file_bytes_max = strtoull(words[1], NULL, 10);
    for (char **own = environ; *own && used < WORDS_MAX; own++) order->envp[used++] = *own;
    int at = 2;
    for (; at < count && strcmp(words[at], "--") != 0; at++) {
        if (used < WORDS_MAX) order->envp[used++] = words[at];
    }
    order->envp[used] = NULL;
    if (++at >= count) return 0;
    memcpy(order->argv, words + at, (size_t)(count - at) * sizeof *words);
    order->argv[count - at] = NULL;
    return 1;
}

/* A command without a path is a tool's plain name, and has a builder (builders/builders.h). */
static int is_builder(const struct order *order)
{
    return strchr(order->argv[0], '/') == NULL;
}

static void become(struct order *order)
{
    struct rlimit files = {.rlim_cur = order->file_bytes_max, .rlim_max = order->file_bytes_max};
    if (setrlimit(RLIMIT_FSIZE, &files) != 0) give_up("limit");
    if (is_builder(order)) {
        environ = order->envp;
        _exit(build(order->argv));
    }
    char *path = order->argv[0];
    if (strncmp(path, TOOLS, strlen(TOOLS)) == 0) order->argv[0] += strlen(TOOLS);
    execve(path, order->argv, order->envp);
    give_up(path);
}

static void run_stage(struct order *order)
{
    int status;
    pid_t pid = is_builder(order) ? fork() : vfork();
    if (pid < 0) give_up("process");
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing >= 0) dup2(nothing, 0);
        become(order);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) give_up("wait");
    }
    unsigned char said[3] = {'C', 0, 0};
    if (WIFSIGNALED(status)) said[2] = (unsigned char)WTERMSIG(status);
    else said[1] = (unsigned char)WEXITSTATUS(status);
    if (send(CONTROL_FD, said, sizeof said, MSG_NOSIGNAL) < 0) _exit(1);
}

int main(void)
{
    static struct order order;
    fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
    fcntl(SHOWN_FD, F_SETFD, FD_CLOEXEC);
    say_ready();
    while (read_order(&order)) {
        if (!order.is_stage) become(&order);
        run_stage(&order);
    }
    return 0;
}
