/* What the supervisor's loop asks of jobs: what they wait for, what has come, and what they may take. */
#define _GNU_SOURCE
#include "jobs.h"
#include "meter.h"
#include "prepared.h"

#include <signal.h>

#define MEMORY_WATCH_MS 5 /* cheap, and memory can be taken fast */
#define CPU_WATCH_MS 100  /* walks /proc */
#define QUIET_WATCH_MS 50 /* between cells, when nobody waits for anything */

int jobs_poll_fds(struct pollfd *fds)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        struct job *job = &jobs[i];
        struct streams *streams = &job->streams;
        int live = job->state == JOB_WARMING || job->state == JOB_READY || job->state == JOB_RUNNING;
        int feeding = live && has_stdin(streams);
        struct pollfd *mine = fds + i * FDS_PER_JOB;
        mine[0] = (struct pollfd){.fd = live ? job->control_fd : -1, .events = POLLIN};
        mine[1] = (struct pollfd){.fd = live ? streams->out.fd : -1, .events = POLLIN};
        mine[2] = (struct pollfd){.fd = live ? streams->err.fd : -1, .events = POLLIN};
        mine[3] = (struct pollfd){.fd = feeding ? streams->in_fd : -1, .events = POLLOUT};
        mine[4] = (struct pollfd){.fd = live ? streams->shown.fd : -1, .events = POLLIN};
    }
    fds[JOBS_MAX * FDS_PER_JOB] = (struct pollfd){.fd = prepared_fd(), .events = POLLIN};
    return JOBS_FDS_MAX;
}

void jobs_handle_fds(const struct pollfd *fds)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        const struct pollfd *mine = fds + i * FDS_PER_JOB;
        struct job *job = &jobs[i];
        if (mine[1].revents) job_take_output(job, &job->streams.out);
        if (mine[2].revents) job_take_output(job, &job->streams.err);
        if (mine[4].revents) job_take_output(job, &job->streams.shown);
        if (mine[3].revents && job->streams.in_fd >= 0) feed_stdin(&job->streams);
        if (mine[0].revents && job->control_fd >= 0) job_hear(job);
    }
    if (!fds[JOBS_MAX * FDS_PER_JOB].revents) return;
    pid_t pid = prepared_hear();
    if (pid > 0) job_forked(pid);
}

int jobs_next_timeout_ms(void)
{
    int timeout = -1;
    for (int i = 0; i < JOBS_MAX; i++) {
        const struct job *job = &jobs[i];
        if (job_is_between_cells(job) && (timeout < 0 || QUIET_WATCH_MS < timeout)) timeout = QUIET_WATCH_MS;
        if (job->state != JOB_RUNNING) continue;
        uint64_t age_ms = (now_us() - job->started_us) / 1000;
        int interval = MEMORY_WATCH_MS;
        if (age_ms + (uint64_t)interval > job->limits.wall_ms) {
            interval = age_ms >= job->limits.wall_ms ? 0 : (int)(job->limits.wall_ms - age_ms);
        }
        if (timeout < 0 || interval < timeout) timeout = interval;
    }
    return timeout;
}

static int writes_for_ever(const struct job *job)
{
    return job->streams.out.bytes + job->streams.err.bytes > job->limits.output_stop_bytes;
}

/* What a cell has left running may take no more than a cell; then the next one is told to begin anew. */
static void check_between_cells(struct job *job)
{
    if (now_us() - job->memory_watched_us < QUIET_WATCH_MS * 1000) return;
    if (takes_too_much_memory(job)) job_drop(job);
}

void jobs_check_limits(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        struct job *job = &jobs[i];
        if (job_is_between_cells(job)) check_between_cells(job);
        if (job->state != JOB_RUNNING) continue;
        if (writes_for_ever(job)) {
            job_finish(job, EXIT_OUTPUT, -1, SIGKILL);
            continue;
        }
        uint64_t now = now_us();
        if (now - job->cpu_watched_us >= CPU_WATCH_MS * 1000) note_cpu_of_all(job);
        if (now - job->started_us >= (uint64_t)job->limits.wall_ms * 1000) {
            job_finish(job, EXIT_WALL, -1, SIGKILL);
        } else if (job->cpu_us >= (uint64_t)job->limits.cpu_ms * 1000) {
            job_finish(job, EXIT_CPU, -1, SIGKILL);
        } else if (now - job->memory_watched_us >= MEMORY_WATCH_MS * 1000 && takes_too_much_memory(job)) {
            job_finish(job, EXIT_MEMORY, -1, SIGKILL);
        }
    }
}
