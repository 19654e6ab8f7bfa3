/* What is opened is looked at before it is read: a program may have put anything in a file's place. */
#define _GNU_SOURCE
#include "beneath.h"
#include "content.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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
    int fd = open_beneath(name, O_RDONLY);
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
