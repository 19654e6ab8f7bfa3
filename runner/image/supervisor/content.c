/*
 * The workspace is the program's: it may hold links to anywhere, pipes that nobody ever writes to,
 * and directories that become links between two looks. So no part of a path is ever followed, each
 * is opened from the one before, and what is opened last is looked at before it is read.
 */
#define _GNU_SOURCE
#include "content.h"
#include "files.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptor of `part` in `directory`, which is closed. */
static int step(int directory, const char *part, int how)
{
    int fd = openat(directory, part, how | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    close(directory);
    errno = error;
    return fd;
}

/* Opens `name` for reading, without waiting for anybody. Returns -1 with errno. */
static int open_beneath(const char *name)
{
    char part[NAME_MAX + 1];
    int fd = open(WORKSPACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0) {
        size_t length = strcspn(name, "/");
        int is_step = length > 0 && length <= NAME_MAX;
        if (is_step) {
            memcpy(part, name, length);
            part[length] = '\0';
        }
        if (!is_step || strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
            close(fd);
            return errno = ELOOP, -1;
        }
        if (name[length] == '\0') return step(fd, part, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        fd = step(fd, part, O_PATH | O_DIRECTORY);
        name += length + 1;
    }
    return -1;
}

/* Sends at most `size` bytes: a file that grows meanwhile must not keep us here. */
static uint64_t send_bytes(uint32_t job, int fd, uint64_t size)
{
    static uint8_t data[PAYLOAD_BYTES_MAX];
    uint64_t sent = 0;
    while (sent < size) {
        uint64_t left = size - sent;
        ssize_t n = read(fd, data, left < sizeof data ? (size_t)left : sizeof data);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        send_frame(FRAME_CONTENT, job, data, (size_t)n);
        sent += (uint64_t)n;
    }
    return sent;
}

static void send_end(uint32_t job, enum content_result result, mode_t mode, uint64_t bytes)
{
    struct content_end end = {.result = result, .mode = mode & 07777, .bytes = bytes};
    send_frame(FRAME_CONTENT_END, job, &end, sizeof end);
}

void send_content(uint32_t job, const char *name, uint64_t bytes_max)
{
    struct stat info;
    int fd = open_beneath(name);
    if (fd < 0) return send_end(job, errno == ENOENT ? CONTENT_MISSING : CONTENT_NO_FILE, 0, 0);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        send_end(job, CONTENT_NO_FILE, 0, 0);
    } else if ((uint64_t)info.st_size > bytes_max) {
        send_end(job, CONTENT_TOO_LARGE, info.st_mode, 0);
    } else {
        send_end(job, CONTENT_WHOLE, info.st_mode, send_bytes(job, fd, (uint64_t)info.st_size));
    }
    close(fd);
}
