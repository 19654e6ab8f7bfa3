/*
 * A job's streams: what is fed to the program, and what it writes and shows, which goes out as
 * frames. Its input is a pipe for as long as a program runs that ends with it; a cell's is its own,
 * is held back until the program has opened it (cell.h), and is gone with the cell.
 */
#pragma once
#include "birth.h"
#include "protocol.h"

struct stream {
    int fd; /* the end we read, -1 when closed */
    uint32_t frame_type;
    uint64_t bytes; /* written so far, kept or not */
};

struct streams {
    struct stream out, err, shown;
    int in_fd; /* the end we write, -1 when closed */
    int in_held; /* nobody reads it yet */
    uint8_t *in_data;
    size_t in_used, in_sent;
    int in_closing;
};

/* Opens the pipes; the program's ends go into `birth`. Returns -1 with errno, with nothing lost. */
int open_streams(struct streams *streams, struct birth *birth);
void close_streams(struct streams *streams);

/* Keeps `length` bytes for the program to read; none at all close its input. Returns -1 without memory. */
int queue_stdin(struct streams *streams, const uint8_t *data, size_t length);
/* Writes as much of what is kept as fits now. */
void feed_stdin(struct streams *streams);
/* Whether there is anything to be written that may be written. */
int has_stdin(const struct streams *streams);
void close_stdin(struct streams *streams);
/* From here on `fd` is what is written to, or nothing is if it is -1; it is held back at first. */
void change_stdin(struct streams *streams, int fd);
/* Somebody has begun to read. */
void release_stdin(struct streams *streams);

/* Throws away what is there now: what warming up printed is nobody's output. */
void drop_output(struct streams *streams);
/* Sends what is there now, of each stream no more than `keep` bytes in all; the rest is counted. */
void pass_output_on(struct stream *stream, uint32_t job, uint64_t keep);

void close_fd(int *fd);
