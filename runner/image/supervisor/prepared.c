/* Its socket keeps messages apart, so each is whole or not there; anything unexpected is a fault. */
#define _GNU_SOURCE
#include "prepared.h"
#include "streams.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    pid_t pid;
    int fd;
    int is_ready;
    uint64_t memory_before_bytes, memory_bytes;
} prepared = {.fd = -1};

int prepared_start(struct spawn_plan *plan)
{
    struct birth *birth = &plan->birth;
    int streams[2], control[2];
    if (pipe2(streams, O_CLOEXEC) != 0) return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) return -1;
    birth->in = streams[0]; /* both ends are its own, and nothing is ever said there */
    birth->out = birth->err = streams[1];
    birth->control = control[1];
    prepared.fd = control[0];
    prepared.memory_before_bytes = watch_memory_bytes();
    prepared.pid = spawn_prepared(plan);
    close(streams[0]);
    close(streams[1]);
    close(control[1]);
    return prepared.pid > 0 ? 0 : -1;
}

int prepared_is_ready(void)
{
    return prepared.is_ready;
}

int prepared_fork(const struct birth *birth)
{
    struct birth_request request = {.head = birth->head};
    int fds[5] = {birth->in, birth->out, birth->err, birth->shown, birth->control};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof fds)];
    } ancillary;
    struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary};
    if (strlen(birth->directory) >= sizeof request.directory) return errno = ENAMETOOLONG, -1;
    strcpy(request.directory, birth->directory);
    memset(&ancillary, 0, sizeof ancillary);
    ancillary.head.cmsg_level = SOL_SOCKET;
    ancillary.head.cmsg_type = SCM_RIGHTS;
    ancillary.head.cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(&ancillary.head), fds, sizeof fds);
    return sendmsg(prepared.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof request ? 0 : -1;
}

int prepared_fd(void)
{
    return prepared.fd;
}

static void lose(const char *what)
{
    fault(0, what);
    close_fd(&prepared.fd);
    prepared.is_ready = 0;
}

static void become_ready(const uint8_t *version, size_t length)
{
    uint64_t bytes = watch_memory_bytes();
    prepared.memory_bytes = bytes > prepared.memory_before_bytes ? bytes - prepared.memory_before_bytes : 0;
    prepared.is_ready = 1;
    send_frame(FRAME_PREPARED, 0, version, length);
}

pid_t prepared_hear(void)
{
    uint8_t said[VERSION_BYTES_MAX + 1] = {0};
    pid_t pid;
    ssize_t n = recv(prepared.fd, said, sizeof said, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (!prepared.is_ready && n > 0 && said[0] == 'R') {
        become_ready(said + 1, (size_t)n - 1);
        return 0;
    }
    memcpy(&pid, said + 1, sizeof pid);
    if (prepared.is_ready && n == 1 + sizeof pid && said[0] == 'F' && pid > 0) return pid;
    lose("the prepared interpreter said nonsense");
    return 0;
}

int prepared_is(pid_t pid)
{
    return prepared.pid > 0 && pid == prepared.pid;
}

uint64_t prepared_memory_bytes(void)
{
    return prepared.memory_bytes;
}
