/*
 * Jobs: one program each, with its own uid, pipes, control socket, limits and measurements.
 * A job is spawned, made ready, started, over, and ended, in that order and once each.
 */
#pragma once
#include "protocol.h"

#include <poll.h>

#define JOBS_MAX 4
#define FDS_PER_JOB 4

void job_spawn(const struct frame *frame);
void job_file(const struct frame *frame);
void job_start(const struct frame *frame);
void job_stdin(const struct frame *frame);
void job_signal(const struct frame *frame);
void job_end(const struct frame *frame);

/* Fills `fds` with what the jobs wait for; returns how many entries. */
int jobs_poll_fds(struct pollfd *fds);
/* Acts on what poll found in the entries that jobs_poll_fds filled. */
void jobs_handle_fds(const struct pollfd *fds, int count);
/* How long the loop may sleep before a limit must be looked at; -1 for ever. */
int jobs_next_timeout_ms(void);
/* Stops every job that has reached its time or memory. */
void jobs_check_limits(void);
/* Collects ended children, ours and orphans alike. */
void jobs_reap(void);
