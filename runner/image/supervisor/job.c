/* The life of a job; job.h says what a job is, supervisor.c how the pieces meet. */
#define _GNU_SOURCE
#include "job.h"
#include "content.h"
#include "files.h"
#include "meter.h"
#include "prepared.h"
#include "spawn.h"
#include "watch.h"
#include "wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_WATCH_MS 5 /* cheap, and memory can be taken fast */
#define CPU_WATCH_MS 100  /* walks /proc */
#define END_PATIENCE_MS 1500 /* killing everything of a job must not take longer */
#define RELEASE_PATIENCE_MS 500 /* nor may gVisor take longer to give its memory back */
#define MEMORY_LEFT_BYTES_MAX (16u << 20) /* what may stay of it, as caches of gVisor's own */

static struct job jobs[JOBS_MAX];

/* What the sandbox held before its first job; nothing of a job's may stay on top of it. */
static uint64_t memory_clean_bytes;

static struct job *find_job(uint32_t id)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].state != JOB_FREE && jobs[i].id == id) return &jobs[i];
    }
    return NULL;
}

static struct job *find_in_state(enum job_state state)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].state == state) return &jobs[i];
    }
    return NULL;
}

static void refuse(uint32_t id, const char *what)
{
    errno = EINVAL;
    fault(id, what);
}

/* ---- getting ready ---- */

static struct spawn_plan *empty_plan(void)
{
    static struct spawn_plan plan; /* static: too large for comfort on the stack of a vfork */
    memset(&plan, 0, sizeof plan);
    return &plan;
}

void job_prepare(const struct frame *frame)
{
    struct spawn_plan *plan = empty_plan();
    if (prepared_fd() >= 0 || memory_clean_bytes != 0) return refuse(frame->job, "prepare");
    if (!parse_spawn(frame, plan) || plan->birth.head.argc == 0) return refuse(frame->job, "prepare");
    if (prepared_start(plan) != 0) fault(frame->job, "prepare");
}

static int open_channels(struct job *job, struct birth *birth)
{
    int control[2];
    if (open_streams(&job->streams, birth) != 0) return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) return -1;
    job->control_fd = control[0];
    birth->control = control[1];
    return fcntl(job->control_fd, F_SETFL, O_NONBLOCK);
}

/* Forked or spawned; who is forked makes its id known later. */
static int start_process(struct job *job, const struct spawn_plan *plan)
{
    if (plan->birth.head.argc == 0) {
        job->state = JOB_FORKING;
        return prepared_fork(&plan->birth);
    }
    job->state = JOB_WARMING;
    job->pid = spawn_program(plan);
    return job->pid > 0 ? 0 : -1;
}

void job_spawn(const struct frame *frame)
{
    struct spawn_plan *plan = empty_plan();
    struct birth *birth = &plan->birth;
    struct job *job = find_in_state(JOB_FREE);
    if (!job || find_job(frame->job) || !parse_spawn(frame, plan)) return refuse(frame->job, "spawn");
    if (birth->head.argc == 0 && (!prepared_is_ready() || find_in_state(JOB_FORKING))) {
        return refuse(frame->job, "fork");
    }
    if (memory_clean_bytes == 0) memory_clean_bytes = watch_memory_bytes();
    memset(job, 0, sizeof *job);
    job->id = frame->job;
    job->uid = birth->head.uid;
    job->control_fd = -1;
    if (open_channels(job, birth) != 0) return fault(frame->job, "pipes");
    if (start_process(job, plan) != 0) fault(frame->job, "process");
    close(birth->in);
    close(birth->out);
    close(birth->err);
    close(birth->control);
}

static void forked(pid_t pid)
{
    struct job *job = find_in_state(JOB_FORKING);
    if (!job) return refuse(0, "a child nobody wanted");
    job->pid = pid;
    job->state = JOB_WARMING;
    jobs_reap(); /* it may have ended already, and could not be told from an orphan */
}

void job_file(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    uint32_t words[2];
    if (!job || job->state > JOB_READY || frame->length < sizeof words) return refuse(frame->job, "file");
    memcpy(words, frame->payload, sizeof words);
    const uint8_t *at = frame->payload + sizeof words, *end = frame->payload + frame->length;
    char *name = take_string(&at, end);
    if (!name || name[0] == '/' || name[0] == '\0') return refuse(frame->job, "file name");
    struct file_part part = {
        .flags = words[0], .mode = words[1], .name = name, .data = at, .length = (size_t)(end - at)};
    if (write_file(job->uid, &part) != 0) fault(frame->job, "file");
}

/* ---- running ---- */

void job_start(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    if (!job || job->state != JOB_READY || frame->length < sizeof job->limits) return refuse(frame->job, "start");
    memcpy(&job->limits, frame->payload, sizeof job->limits);
    const uint8_t *control = frame->payload + sizeof job->limits;
    size_t length = frame->length - sizeof job->limits;
    if (chown(WORKSPACE, job->uid, job->uid) != 0) return fault(frame->job, "workspace");
    job->state = JOB_RUNNING;
    job->cpu_base_us = watch_process_cpu_us(job->pid);
    if (job->stages > 0) job->cpu_base_us += watch_children_cpu_us(job->pid);
    job->started_us = job->memory_watched_us = job->cpu_watched_us = now_us();
    if (send(job->control_fd, control, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) {
        fault(frame->job, "control");
    }
}

void job_stdin(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    if (!job) return refuse(frame->job, "stdin");
    if (queue_stdin(&job->streams, frame->payload, frame->length) != 0) fault(frame->job, "stdin");
}

/* Comes too late for a job that is over, which is nobody's mistake. */
void job_signal(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    uint32_t number;
    if (!job || frame->length != sizeof number) return refuse(frame->job, "signal");
    memcpy(&number, frame->payload, sizeof number);
    if (job->pid > 0 && job->state == JOB_RUNNING) kill(-job->pid, (int)number);
}

void job_read(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    uint64_t bytes_max;
    if (!job || frame->length < sizeof bytes_max) return refuse(frame->job, "read");
    memcpy(&bytes_max, frame->payload, sizeof bytes_max);
    const uint8_t *at = frame->payload + sizeof bytes_max, *end = frame->payload + frame->length;
    char *name = take_string(&at, end);
    if (!name || at != end) return refuse(frame->job, "name to read");
    send_content(job->id, name, bytes_max);
}

static void pass_on(struct job *job, struct stream *stream)
{
    pass_output_on(stream, job->id, job->limits.output_keep_bytes);
}

static void close_channels(struct job *job)
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
    struct exit_body body = {
        .reason = reason,
        .code = code,
        .signal = signal_number,
        .wall_us = ended_us - job->started_us,
        .cpu_us = job->cpu_us,
        .memory_peak_bytes = job->memory_peak_bytes,
        .stdout_bytes = job->streams.out.bytes,
        .stderr_bytes = job->streams.err.bytes,
    };
    send_frame(FRAME_EXIT, job->id, &body, sizeof body);
}

static void finish(struct job *job, enum exit_reason reason, int code, int signal_number)
{
    job->state = JOB_OVER;
    report(job, reason, code, signal_number);
    close_channels(job);
}

/* What was measured so far was the stage's; the next one begins anew. */
static void finish_stage(struct job *job, int code, int signal_number)
{
    job->state = JOB_READY;
    job->stages++;
    watch_kill_others(job->uid, job->pid); /* nothing of a stage may go on into the next */
    note_cpu(job, watch_process_cpu_us(job->pid) + watch_children_cpu_us(job->pid));
    report(job, EXIT_ENDED, code, signal_number);
    job->streams.out.bytes = job->streams.err.bytes = 0;
    job->memory_peak_bytes = job->cpu_us = 0;
    note_memory_closely(job);
}

static int writes_for_ever(const struct job *job)
{
    return job->streams.out.bytes + job->streams.err.bytes > job->limits.output_stop_bytes;
}

/*
 * The interpreter may say R and its version, ready, once; and D with its exit code, done, once. While
 * another stage may follow it may also say C with the code and the signal its stage ended with.
 */
static void read_control(struct job *job)
{
    uint8_t said[VERSION_BYTES_MAX + 1];
    ssize_t n = recv(job->control_fd, said, job->state == JOB_WARMING ? sizeof said : 3, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return close_fd(&job->control_fd);
    if (job->state == JOB_WARMING && said[0] == 'R') {
        drop_output(&job->streams);
        job->state = JOB_READY;
        note_memory_closely(job);
        send_frame(FRAME_READY, job->id, said + 1, (size_t)n - 1);
    } else if (job->state == JOB_RUNNING && n == 2 && said[0] == 'D') {
        finish(job, EXIT_ENDED, said[1], 0);
    } else if (job->state == JOB_RUNNING && n == 3 && said[0] == 'C' && job->limits.is_stage) {
        finish_stage(job, said[2] ? -1 : said[1], said[2]);
    }
}

/* ---- the loop's hooks ---- */

int jobs_poll_fds(struct pollfd *fds)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        struct job *job = &jobs[i];
        struct streams *streams = &job->streams;
        int live = job->state == JOB_WARMING || job->state == JOB_READY || job->state == JOB_RUNNING;
        int feeding = live && streams->in_sent < streams->in_used;
        struct pollfd *mine = fds + i * FDS_PER_JOB;
        mine[0] = (struct pollfd){.fd = live ? job->control_fd : -1, .events = POLLIN};
        mine[1] = (struct pollfd){.fd = live ? streams->out.fd : -1, .events = POLLIN};
        mine[2] = (struct pollfd){.fd = live ? streams->err.fd : -1, .events = POLLIN};
        mine[3] = (struct pollfd){.fd = feeding ? streams->in_fd : -1, .events = POLLOUT};
    }
    fds[JOBS_MAX * FDS_PER_JOB] = (struct pollfd){.fd = prepared_fd(), .events = POLLIN};
    return JOBS_FDS_MAX;
}

static void handle_output(struct job *job, struct stream *stream)
{
    if (stream->fd < 0) return;
    if (job->state >= JOB_RUNNING) pass_on(job, stream);
    else drop_output(&job->streams);
}

void jobs_handle_fds(const struct pollfd *fds)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        const struct pollfd *mine = fds + i * FDS_PER_JOB;
        struct job *job = &jobs[i];
        if (mine[1].revents) handle_output(job, &job->streams.out);
        if (mine[2].revents) handle_output(job, &job->streams.err);
        if (mine[3].revents && job->streams.in_fd >= 0) feed_stdin(&job->streams);
        if (mine[0].revents && job->control_fd >= 0) read_control(job);
    }
    if (!fds[JOBS_MAX * FDS_PER_JOB].revents) return;
    pid_t pid = prepared_hear();
    if (pid > 0) forked(pid);
}

int jobs_next_timeout_ms(void)
{
    int timeout = -1;
    for (int i = 0; i < JOBS_MAX; i++) {
        const struct job *job = &jobs[i];
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

void jobs_check_limits(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        struct job *job = &jobs[i];
        if (job->state != JOB_RUNNING) continue;
        if (writes_for_ever(job)) {
            finish(job, EXIT_OUTPUT, -1, SIGKILL);
            continue;
        }
        uint64_t now = now_us();
        if (now - job->cpu_watched_us >= CPU_WATCH_MS * 1000) note_cpu_of_all(job);
        if (now - job->started_us >= (uint64_t)job->limits.wall_ms * 1000) {
            finish(job, EXIT_WALL, -1, SIGKILL);
        } else if (job->cpu_us >= (uint64_t)job->limits.cpu_ms * 1000) {
            finish(job, EXIT_CPU, -1, SIGKILL);
        } else if (now - job->memory_watched_us >= MEMORY_WATCH_MS * 1000 && takes_too_much_memory(job)) {
            finish(job, EXIT_MEMORY, -1, SIGKILL);
        }
    }
}

static void reaped(struct job *job, int status, const struct rusage *usage)
{
    note_cpu(job, (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000u +
                      (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec));
    job->pid = 0;
    /* What waits never ends by itself in a stage: it reports the stage's end and waits on. */
    if (job->state == JOB_RUNNING && job->limits.is_stage && WIFEXITED(status)) {
        refuse(job->id, "the compiler's host ended in a stage");
    } else if (job->state == JOB_RUNNING) {
        int by_signal = WIFSIGNALED(status);
        finish(job, EXIT_ENDED, by_signal ? -1 : WEXITSTATUS(status), by_signal ? WTERMSIG(status) : 0);
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

/* ---- ending ---- */

static int kill_everything(struct job *job)
{
    uint64_t deadline = now_us() + END_PATIENCE_MS * 1000;
    while (watch_kill_all(job->uid) > 0) {
        if (now_us() > deadline) return -1;
        struct timespec moment = {.tv_nsec = 200 * 1000};
        nanosleep(&moment, NULL);
        jobs_reap();
    }
    return 0;
}

/* Memory that no process holds any more and that stays: in flight somewhere, or lost. */
static int has_released_memory(void)
{
    uint64_t deadline = now_us() + RELEASE_PATIENCE_MS * 1000;
    while (watch_memory_bytes() > memory_clean_bytes + MEMORY_LEFT_BYTES_MAX) {
        if (now_us() > deadline) return 0;
        struct timespec moment = {.tv_nsec = 2 * 1000 * 1000};
        nanosleep(&moment, NULL);
    }
    return 1;
}

void job_end(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    if (!job || job->state == JOB_FORKING) return refuse(frame->job, "end");
    job->state = JOB_OVER;
    close_channels(job);
    if (kill_everything(job) != 0) return fault(frame->job, "processes that would not die");
    jobs_reap();
    if (wipe_all() != 0) return fault(frame->job, "something that would not go");
    if (!has_released_memory()) return fault(frame->job, "memory that was not released");
    reset_scheduling();
    if (chown(WORKSPACE, 0, 0) != 0 || chmod(WORKSPACE, 0755) != 0) return fault(frame->job, "workspace");
    job->state = JOB_FREE;
    send_frame(FRAME_CLEANED, frame->job, NULL, 0);
}
