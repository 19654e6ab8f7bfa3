/* Reading never goes on for ever: a program that writes without end must not keep us from its limits. */
#define _GNU_SOURCE
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READS_MAX 16

void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* A pipe whose `ours` end never blocks us. Descriptors are kept above the ones a program gets. */
static int open_pipe(int *ours, int *theirs, int we_read)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *ours = ends[we_read ? 0 : 1];
    *theirs = ends[we_read ? 1 : 0];
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

int open_streams(struct streams *streams, struct birth *birth)
{
    memset(streams, 0, sizeof *streams);
    streams->in_fd = -1;
    streams->out = (struct stream){.fd = -1, .frame_type = FRAME_STDOUT};
    streams->err = (struct stream){.fd = -1, .frame_type = FRAME_STDERR};
    streams->shown = (struct stream){.fd = -1, .frame_type = FRAME_SHOWN};
    if (open_pipe(&streams->in_fd, &birth->in, 0) != 0) return -1;
    if (open_pipe(&streams->out.fd, &birth->out, 1) != 0) return -1;
    if (open_pipe(&streams->err.fd, &birth->err, 1) != 0) return -1;
    return open_pipe(&streams->shown.fd, &birth->shown, 1);
}

void close_stdin(struct streams *streams)
{
    close_fd(&streams->in_fd);
    free(streams->in_data);
    streams->in_data = NULL;
    streams->in_used = streams->in_sent = 0;
    streams->in_closing = streams->in_held = 0;
}

void change_stdin(struct streams *streams, int fd)
{
    close_stdin(streams);
    streams->in_fd = fd;
    streams->in_held = fd >= 0;
}

void release_stdin(struct streams *streams)
{
    streams->in_held = 0;
    if (streams->in_fd >= 0) feed_stdin(streams);
}

int has_stdin(const struct streams *streams)
{
    return !streams->in_held && streams->in_sent < streams->in_used;
}

void close_streams(struct streams *streams)
{
    close_stdin(streams);
    close_fd(&streams->out.fd);
    close_fd(&streams->err.fd);
    close_fd(&streams->shown.fd);
}

void feed_stdin(struct streams *streams)
{
    if (streams->in_held) return;
    while (streams->in_sent < streams->in_used) {
        ssize_t n = write(streams->in_fd, streams->in_data + streams->in_sent, streams->in_used - streams->in_sent);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) return close_stdin(streams); /* the program does not read, which is its right */
        streams->in_sent += (size_t)n;
    }
    if (streams->in_closing) close_stdin(streams);
}

int queue_stdin(struct streams *streams, const uint8_t *data, size_t length)
{
    if (streams->in_fd < 0) return 0;
    if (length == 0) {
        streams->in_closing = 1;
        feed_stdin(streams);
        return 0;
    }
    if (streams->in_sent == streams->in_used) streams->in_sent = streams->in_used = 0;
    uint8_t *grown = realloc(streams->in_data, streams->in_used + length);
    if (!grown) return -1;
    memcpy(grown + streams->in_used, data, length);
    streams->in_data = grown;
    streams->in_used += length;
    feed_stdin(streams);
    return 0;
}

/* Reads once; 0 when there is nothing more to be had now. */
static size_t read_some(struct stream *stream, uint8_t *data, size_t length)
{
    ssize_t n;
    do n = read(stream->fd, data, length);
    while (n < 0 && errno == EINTR);
    if (n == 0) close_fd(&stream->fd);
    return n > 0 ? (size_t)n : 0;
}

static uint8_t *buffer(void)
{
    static uint8_t data[PAYLOAD_BYTES_MAX];
    return data;
}

static void drop(struct stream *stream)
{
    for (int i = 0; stream->fd >= 0 && i < READS_MAX; i++) {
        if (read_some(stream, buffer(), PAYLOAD_BYTES_MAX) == 0) return;
    }
}

void drop_output(struct streams *streams)
{
    drop(&streams->out);
    drop(&streams->err);
    drop(&streams->shown);
}

void pass_output_on(struct stream *stream, uint32_t job, uint64_t keep)
{
    for (int i = 0; stream->fd >= 0 && i < READS_MAX; i++) {
        size_t n = read_some(stream, buffer(), PAYLOAD_BYTES_MAX);
        if (n == 0) return;
        uint64_t before = stream->bytes;
        stream->bytes += n;
        if (before >= keep) continue;
        uint64_t room = keep - before;
        send_frame(stream->frame_type, job, buffer(), n < room ? n : (size_t)room);
    }
}
