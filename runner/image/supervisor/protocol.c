/* Framing only: reads and writes whole frames on stdin and stdout, and knows none of their meanings. */
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER_BYTES 16

static uint8_t input[HEADER_BYTES + PAYLOAD_BYTES_MAX];
static size_t input_used;
static uint32_t next_seq;

static void write_all(struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t n = writev(STDOUT_FILENO, parts, count);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) _exit(1);
        while (count > 0 && (size_t)n >= parts->iov_len) {
            n -= (ssize_t)parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + n;
            parts->iov_len -= (size_t)n;
        }
    }
}

void send_frame(uint32_t type, uint32_t job, const void *payload, size_t length)
{
    uint32_t header[4] = {(uint32_t)length, type, job, next_seq++};
    struct iovec parts[2] = {
        {.iov_base = header, .iov_len = sizeof header},
        {.iov_base = (void *)payload, .iov_len = length},
    };
    write_all(parts, length > 0 ? 2 : 1);
}

void fault(uint32_t job, const char *what)
{
    char text[256];
    int length = snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    send_frame(FRAME_FAULT, job, text, (size_t)length);
}

static size_t take_frame(size_t offset, void (*handle)(const struct frame *))
{
    size_t available = input_used - offset;
    if (available < HEADER_BYTES) return 0;
    uint32_t header[4];
    memcpy(header, input + offset, sizeof header);
    if (header[0] > PAYLOAD_BYTES_MAX) {
        errno = EMSGSIZE;
        fault(header[2], "frame");
        _exit(1);
    }
    if (available < HEADER_BYTES + header[0]) return 0;
    struct frame frame = {
        .type = header[1], .job = header[2], .length = header[0], .payload = input + offset + HEADER_BYTES};
    handle(&frame);
    return HEADER_BYTES + header[0];
}

int receive_frames(void (*handle)(const struct frame *))
{
    ssize_t n = read(STDIN_FILENO, input + input_used, sizeof input - input_used);
    if (n < 0 && errno == EINTR) return 1;
    if (n <= 0) return 0;
    input_used += (size_t)n;

    size_t offset = 0, taken;
    while ((taken = take_frame(offset, handle)) > 0) offset += taken;
    memmove(input, input + offset, input_used - offset);
    input_used -= offset;
    return 1;
}

char *take_string(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *zero = memchr(*at, 0, (size_t)(end - *at));
    if (!zero) return NULL;
    char *text = (char *)(uintptr_t)*at;
    *at = zero + 1;
    return text;
}
