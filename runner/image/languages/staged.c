/* launcher.c understands the same orders, and executes them instead; both must agree with commands.ts. */
#define _GNU_SOURCE
#include "staged.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_FD 15
#define SHOWN_FD 14
#define MESSAGE_BYTES_MAX (64 * 1024)
#define WORDS_MAX 512

static pid_t owner;
static struct stat control;

/* A program may close any descriptor and open another in its place. */
static int is_control(void)
{
    struct stat now;
    return fstat(CONTROL_FD, &now) == 0 && now.st_dev == control.st_dev && now.st_ino == control.st_ino &&
           now.st_mode == control.st_mode;
}

int staged_begin(void)
{
    if (fstat(CONTROL_FD, &control) != 0 || !S_ISSOCK(control.st_mode)) return 0;
    fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
    fcntl(SHOWN_FD, F_SETFD, FD_CLOEXEC);
    return 1;
}

static void say(const void *said, size_t length)
{
    if (send(CONTROL_FD, said, length, MSG_NOSIGNAL) != (ssize_t)length) _exit(1);
}

void staged_ready(const char *version)
{
    char said[64];
    int length = snprintf(said, sizeof said, "R%s", version);
    if (length > 0 && (size_t)length < sizeof said) say(said, (size_t)length);
}

/* Splits a message into its words; returns how many, or 0 when it is not a whole order. */
static int split(char *message, size_t length, char **words)
{
    char *end = message + length, *at = memchr(message, '\n', length);
    long count = strtol(message, NULL, 10);
    if (!at || count < 3 || count > WORDS_MAX) return 0;
    at++;
    for (long i = 0; i < count; i++) {
        char *stop = memchr(at, '\0', (size_t)(end - at));
        if (!stop) return 0;
        words[i] = at;
        at = stop + 1;
    }
    words[count] = NULL;
    return (int)count;
}

int staged_next(struct order *order)
{
    static char message[MESSAGE_BYTES_MAX + 1];
    static char *words[WORDS_MAX + 1];
    ssize_t length = recv(CONTROL_FD, message, MESSAGE_BYTES_MAX, 0);
    int count = length > 0 ? split(message, (size_t)length, words) : 0, at = 2;
    if (count == 0) return 0;
    while (at < count && strcmp(words[at], "--") != 0) at++;
    if (++at >= count) return 0;
    order->is_compile = strcmp(words[0], "compile") == 0;
    order->file_bytes_max = strtoull(words[1], NULL, 10);
    order->words = words + at;
    order->count = count - at;
    return 1;
}

void staged_compiled(int code)
{
    uint8_t said[3] = {'C', (uint8_t)code, 0};
    say(said, sizeof said);
}

static void report(int status, void *unused)
{
    (void)unused;
    if (getpid() != owner || !is_control()) return;
    fflush(NULL);
    uint8_t done[2] = {'D', (uint8_t)status};
    if (send(CONTROL_FD, done, sizeof done, MSG_NOSIGNAL) != sizeof done) return;
    for (;;) pause(); /* the supervisor measures this process and then kills it */
}

void staged_become(const struct order *order)
{
    struct rlimit files = {.rlim_cur = order->file_bytes_max, .rlim_max = order->file_bytes_max};
    if (setrlimit(RLIMIT_FSIZE, &files) != 0) _exit(126);
    owner = getpid();
    on_exit(report, NULL);
}
