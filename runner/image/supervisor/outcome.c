/* What becomes of a job: what its process says, or ends with, is reported with what was measured. */
#define _GNU_SOURCE
#include "cell.h"
#include "jobs.h"
#include "meter.h"
#include "prepared.h"
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void pass_on(struct job *job, struct stream *stream)
{
    int is_shown = stream->frame_type == FRAME_SHOWN;
    pass_output_on(stream, job->id, is_shown ? job->limits.shown_keep_bytes : job->limits.output_keep_bytes);
}

void job_take_output(struct job *job, struct stream *stream)
{
    if (stream->fd < 0) return;
    if (job->state >= JOB_RUNNING) pass_on(job, stream);
    else drop_output(&job->streams);
}

void job_close_channels(struct job *job)
{
    close_fd(&job->control_fd);
    close_streams(&job->streams);
}

/* Reports the end of a job or a stage, after everything it had written by then. */
static void report(struct job *job, enum exit_reason reason, int code, int signal_number)
{
    uint64_t ended_us = now_us();
    note_memory(job);
    if (job->pid > 0) note_cpu(job, watch_process_cpu_us(job->pid));
    pass_on(job, &job->streams.out);
    pass_on(job, &job->streams.err);
    pass_on(job, &job->streams.shown);
    struct exit_body body = {
        .reason = reason,
        .code = code,
        .signal = signal_number,
        .is_waiting = job->state == JOB_READY,
        .wall_us = ended_us - job->started_us,
        .cpu_us = job->cpu_us,
        .memory_peak_bytes = job->memory_peak_bytes,
        .stdout_bytes = job->streams.out.bytes,
        .stderr_bytes = job->streams.err.bytes,
        .shown_bytes = job->streams.shown.bytes,
    };
    send_frame(FRAME_EXIT, job->id, &body, sizeof body);
}

void job_finish(struct job *job, enum exit_reason reason, int code, int signal_number)
{
    job->state = JOB_OVER;
    report(job, reason, code, signal_number);
    job_close_channels(job);
}

/* What was measured so far was the stage's; the next one begins anew. */
static void finish_stage(struct job *job, int code, int signal_number)
{
    job->state = JOB_READY;
    job->stages++;
    if (job->limits.kind == START_CELL) change_stdin(&job->streams, -1);
    else watch_kill_others(job->uid, job->pid); /* nothing of a stage may go on into the next */
    note_cpu(job, watch_process_cpu_us(job->pid) + watch_children_cpu_us(job->pid));
    report(job, EXIT_ENDED, code, signal_number);
    job->streams.out.bytes = job->streams.err.bytes = job->streams.shown.bytes = 0;
    job->memory_peak_bytes = job->cpu_us = 0;
    note_memory_closely(job);
}

/* Between two cells nobody waits for what becomes of a session's process; the next START is told. */
int job_is_between_cells(const struct job *job)
{
    return job->state == JOB_READY && job->stages > 0 && job->limits.kind == START_CELL;
}

static void end_between_cells(struct job *job)
{
    job->state = JOB_OVER;
    job_close_channels(job);
}

void job_drop(struct job *job)
{
    watch_kill_all(job->uid);
    end_between_cells(job);
}

/*
 * Whoever closes the socket can still end by itself, but never be told to run another cell. That a
 * process has ended, and how, is told by its being reaped: its socket may be seen to close before.
 */
static void lose_control(struct job *job)
{
    close_fd(&job->control_fd);
    if (job_is_between_cells(job)) end_between_cells(job);
}

static void become_ready(struct job *job)
{
    uint8_t said[VERSION_BYTES_MAX + 1];
    ssize_t n = recv(job->control_fd, said, sizeof said, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return close_fd(&job->control_fd);
    if (said[0] != 'R') return;
    drop_output(&job->streams);
    job->state = JOB_READY;
    note_memory_closely(job);
    send_frame(FRAME_READY, job->id, said + 1, (size_t)n - 1);
}

/* What a word is followed by, or -1 when there is no such word now. */
static ssize_t length_of(const struct job *job, uint8_t word)
{
    if (word == 'D') return 1;
    if (word == 'C' && job->limits.kind != START_LAST) return 2;
    if (word == 'I' && job->limits.kind == START_CELL) return 0;
    return -1;
}

/*
 * The interpreter may say R and its version, ready, once; and D with its exit code, done, once. While
 * another stage or cell may follow it may also say C with the code and the signal this one ended
 * with; and in a cell I, when it has opened its input. What it says at other times is not heard.
 */
void job_hear(struct job *job)
{
    uint8_t said[3];
    if (job->state == JOB_WARMING) return become_ready(job);
    ssize_t n = recv(job->control_fd, said, 1, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return lose_control(job);
    ssize_t length = job->state == JOB_RUNNING ? length_of(job, said[0]) : -1;
    if (length < 0 || recv(job->control_fd, said + 1, (size_t)length, MSG_DONTWAIT) != length) return;
    if (said[0] == 'I') release_stdin(&job->streams);
    else if (said[0] == 'D') job_finish(job, EXIT_ENDED, said[1], 0);
    else finish_stage(job, said[2] ? -1 : said[1], said[2]);
}

static void reaped(struct job *job, int status, const struct rusage *usage)
{
    note_cpu(job, (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000u +
                      (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec));
    job->pid = 0;
    /* What waits never ends by itself in a stage: it reports the stage's end and waits on. */
    if (job->state == JOB_RUNNING && job->limits.kind == START_STAGE && WIFEXITED(status)) {
        refuse(job->id, "the compiler's host ended in a stage");
    } else if (job->state == JOB_RUNNING) {
        int by_signal = WIFSIGNALED(status);
        job_finish(job, EXIT_ENDED, by_signal ? -1 : WEXITSTATUS(status), by_signal ? WTERMSIG(status) : 0);
    } else if (job_is_between_cells(job)) {
        end_between_cells(job);
    } else if (job->state == JOB_WARMING || job->state == JOB_READY) {
        refuse(job->id, "the interpreter ended before its job");
    }
}

void jobs_reap(void)
{
    int status;
    struct rusage usage;
    pid_t pid;
    if (find_in_state(JOB_FORKING)) return; /* one of them may be the one whose id we wait for */
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (prepared_is(pid)) refuse(0, "the prepared interpreter ended");
        for (int i = 0; i < JOBS_MAX; i++) {
            if (jobs[i].state != JOB_FREE && jobs[i].pid == pid) reaped(&jobs[i], status, &usage);
        }
    }
}
