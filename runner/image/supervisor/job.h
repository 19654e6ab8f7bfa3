/*
 * Jobs: one program each, with its own uid, pipes, control socket, limits and measurements.
 * A job is spawned, made ready, started, over, and ended, in that order and once each; only that it
 * may be started in stages or cells, and is ready again after each but the last.
 */
#pragma once
#include "protocol.h"
#include "streams.h"

#include <poll.h>
#include <sys/types.h>

#define JOBS_MAX 4
#define FDS_PER_JOB 5
#define JOBS_FDS_MAX (JOBS_MAX * FDS_PER_JOB + 1)

/* A job that is being forked has a process whose id is not known yet. */
enum job_state { JOB_FREE, JOB_FORKING, JOB_WARMING, JOB_READY, JOB_RUNNING, JOB_OVER };

struct job {
    enum job_state state;
    uint32_t id;
    uid_t uid;
    pid_t pid; /* 0 once reaped */
    int stages; /* over and reported */
    int control_fd;
    struct streams streams;
    struct start_head limits;
    uint64_t started_us, memory_watched_us, memory_looked_us, cpu_watched_us;
    uint64_t memory_mapped_bytes; /* what the sandbox holds that is not the job's, when last seen */
    uint64_t memory_peak_bytes;
    uint64_t cpu_base_us; /* what warming up had used */
    uint64_t cpu_us;
};

void job_prepare(const struct frame *frame);
void job_spawn(const struct frame *frame);
void job_file(const struct frame *frame);
void job_start(const struct frame *frame);
void job_stdin(const struct frame *frame);
void job_signal(const struct frame *frame);
void job_read(const struct frame *frame);
void job_ask(const struct frame *frame);
void job_end(const struct frame *frame);

/* Fills `fds` with what the jobs wait for; returns how many entries. */
int jobs_poll_fds(struct pollfd *fds);
/* Acts on what poll found in the entries that jobs_poll_fds filled. */
void jobs_handle_fds(const struct pollfd *fds);
/* How long the loop may sleep before a limit must be looked at; -1 for ever. */
int jobs_next_timeout_ms(void);
/* Stops every job that has reached its time or memory. */
void jobs_check_limits(void);
/* Collects ended children, ours and orphans alike. */
void jobs_reap(void);
