/* What the files that make up jobs share: the jobs there are, and what becomes of one. */
#pragma once
#include "job.h"

extern struct job jobs[JOBS_MAX];

/* The job of this id, or the first in this state; NULL when there is none. */
struct job *find_job(uint32_t id);
struct job *find_in_state(enum job_state state);

/* The runner, or a process of ours, did what it must not: the sandbox is lost. */
void refuse(uint32_t id, const char *what);

/* A fork of the prepared interpreter has been made for the job that waits for one. */
void job_forked(pid_t pid);

/* The job is over: says so, with what was measured. */
void job_finish(struct job *job, enum exit_reason reason, int code, int signal_number);
/* Hears what the job's process has to say. */
void job_hear(struct job *job);
/* Passes on what one of the job's streams has, or throws it away while nothing runs. */
void job_take_output(struct job *job, struct stream *stream);
void job_close_channels(struct job *job);

/* Whether a session's process waits for its next cell. */
int job_is_between_cells(const struct job *job);
/* Ends such a process, and all it has started; whoever comes next is told that it is gone. */
void job_drop(struct job *job);
