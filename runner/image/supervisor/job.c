/* The life of a job; job.h says what a job is, supervisor.c how the pieces meet. */
#define _GNU_SOURCE
#include "job.h"
#include "files.h"
#include "spawn.h"
#include "watch.h"
#include "wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
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

enum job_state { JOB_FREE, JOB_WARMING, JOB_READY, JOB_RUNNING, JOB_OVER };

struct stream {
    int fd; /* the end we read, -1 when closed */
    uint32_t frame_type;
    uint64_t bytes;
};

struct job {
    enum job_state state;
    uint32_t id;
    uid_t uid;
    pid_t pid; /* 0 once reaped */
    int control_fd, stdin_fd;
    struct stream out, err;
    uint8_t *stdin_data;
    size_t stdin_used, stdin_sent;
    int stdin_closing;
    struct start_head limits;
    uint64_t started_us, memory_watched_us, cpu_watched_us;
    uint64_t memory_mapped_bytes; /* what the sandbox holds of files it only reads, when last seen */
    uint64_t memory_peak_bytes;
    uint64_t cpu_base_us; /* what warming up had used */
    uint64_t cpu_us;
};

static struct job jobs[JOBS_MAX];

/* What the sandbox held before its first job; nothing of a job's may stay on top of it. */
static uint64_t memory_clean_bytes;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static struct job *find_job(uint32_t id)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].state != JOB_FREE && jobs[i].id == id) return &jobs[i];
    }
    return NULL;
}

static struct job *find_free_job(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].state == JOB_FREE) return &jobs[i];
    }
    return NULL;
}

static void refuse(uint32_t id, const char *what)
{
    errno = EINVAL;
    fault(id, what);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void close_stdin(struct job *job)
{
    close_fd(&job->stdin_fd);
    free(job->stdin_data);
    job->stdin_data = NULL;
    job->stdin_used = job->stdin_sent = 0;
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

static int open_channels(struct job *job, struct spawn_plan *plan)
{
    int control[2];
    if (open_pipe(&job->stdin_fd, &plan->in, 0) != 0) return -1;
    if (open_pipe(&job->out.fd, &plan->out, 1) != 0) return -1;
    if (open_pipe(&job->err.fd, &plan->err, 1) != 0) return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) return -1;
    job->control_fd = control[0];
    plan->control = control[1];
    return fcntl(job->control_fd, F_SETFL, O_NONBLOCK);
}

void job_spawn(const struct frame *frame)
{
    static struct spawn_plan plan; /* static: too large for comfort on the stack of a vfork */
    memset(&plan, 0, sizeof plan);
    struct job *job = find_free_job();
    if (!job || find_job(frame->job) || !parse_spawn(frame, &plan)) return refuse(frame->job, "spawn");

    if (memory_clean_bytes == 0) memory_clean_bytes = watch_memory_bytes();
    memset(job, 0, sizeof *job);
    job->id = frame->job;
    job->uid = plan.head.uid;
    job->control_fd = job->stdin_fd = -1;
    job->out = (struct stream){.fd = -1, .frame_type = FRAME_STDOUT};
    job->err = (struct stream){.fd = -1, .frame_type = FRAME_STDERR};
    if (open_channels(job, &plan) != 0) return fault(frame->job, "pipes");

    pid_t pid = vfork();
    if (pid == 0) become_program(&plan);
    close(plan.in);
    close(plan.out);
    close(plan.err);
    close(plan.control);
    if (pid < 0) return fault(frame->job, "vfork");
    job->pid = pid;
    job->state = JOB_WARMING;
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
    job->started_us = job->memory_watched_us = job->cpu_watched_us = now_us();
    if (send(job->control_fd, control, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) {
        fault(frame->job, "control");
    }
}

static void feed_stdin(struct job *job)
{
    while (job->stdin_sent < job->stdin_used) {
        ssize_t n = write(job->stdin_fd, job->stdin_data + job->stdin_sent, job->stdin_used - job->stdin_sent);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) return close_stdin(job); /* the program does not read, which is its right */
        job->stdin_sent += (size_t)n;
    }
    if (job->stdin_closing) close_stdin(job);
}

void job_stdin(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    if (!job) return refuse(frame->job, "stdin");
    if (job->stdin_fd < 0) return;
    if (frame->length == 0) {
        job->stdin_closing = 1;
        return feed_stdin(job);
    }
    if (job->stdin_sent == job->stdin_used) job->stdin_sent = job->stdin_used = 0;
    uint8_t *grown = realloc(job->stdin_data, job->stdin_used + frame->length);
    if (!grown) return fault(frame->job, "stdin");
    memcpy(grown + job->stdin_used, frame->payload, frame->length);
    job->stdin_data = grown;
    job->stdin_used += frame->length;
    feed_stdin(job);
}

void job_signal(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    uint32_t number;
    if (!job || frame->length != sizeof number) return refuse(frame->job, "signal");
    memcpy(&number, frame->payload, sizeof number);
    if (job->pid > 0 && job->state == JOB_RUNNING) kill(-job->pid, (int)number);
}

static void note_memory(struct job *job, uint64_t bytes)
{
    if (bytes > job->memory_peak_bytes) job->memory_peak_bytes = bytes;
}

/* One cheap call, good as long as the program maps no more files than when last looked at closely. */
static uint64_t look_at_memory(struct job *job)
{
    uint64_t held = watch_held_bytes();
    job->memory_watched_us = now_us();
    return held > job->memory_mapped_bytes ? held - job->memory_mapped_bytes : 0;
}

static void look_closely_at_memory(struct job *job)
{
    uint64_t held = watch_held_bytes(), own = watch_memory_bytes();
    job->memory_mapped_bytes = held > own ? held - own : 0;
    job->memory_watched_us = now_us();
    note_memory(job, own);
}

/* Nobody is stopped on the cheap figure alone: it may have counted libraries just loaded. */
static int takes_too_much(struct job *job)
{
    uint64_t bytes = look_at_memory(job);
    if (bytes <= job->limits.memory_bytes) {
        note_memory(job, bytes);
        return 0;
    }
    look_closely_at_memory(job);
    return job->memory_peak_bytes > job->limits.memory_bytes;
}

static void note_cpu(struct job *job, uint64_t total_us)
{
    uint64_t used_us = total_us > job->cpu_base_us ? total_us - job->cpu_base_us : 0;
    if (used_us > job->cpu_us) job->cpu_us = used_us;
}

static void look_at_cpu(struct job *job)
{
    note_cpu(job, watch_cpu_us(job->uid));
    job->cpu_watched_us = now_us();
}

static void read_stream(struct job *job, struct stream *stream);

/* Reports the end of a job, after everything it had written by then. */
static void finish(struct job *job, enum exit_reason reason, int code, int signal_number)
{
    uint64_t ended_us = now_us();
    job->state = JOB_OVER;
    note_memory(job, look_at_memory(job));
    if (job->pid > 0) note_cpu(job, watch_process_cpu_us(job->pid));
    read_stream(job, &job->out);
    read_stream(job, &job->err);
    struct exit_body body = {
        .reason = reason,
        .code = code,
        .signal = signal_number,
        .wall_us = ended_us - job->started_us,
        .cpu_us = job->cpu_us,
        .memory_peak_bytes = job->memory_peak_bytes,
        .stdout_bytes = job->out.bytes,
        .stderr_bytes = job->err.bytes,
    };
    send_frame(FRAME_EXIT, job->id, &body, sizeof body);
    close_fd(&job->control_fd);
    close_stdin(job);
    close_fd(&job->out.fd);
    close_fd(&job->err.fd);
}

static void pass_on(struct job *job, struct stream *stream, const uint8_t *data, size_t length)
{
    uint64_t keep = job->limits.output_keep_bytes, before = stream->bytes;
    stream->bytes += length;
    if (before >= keep) return;
    uint64_t room = keep - before;
    send_frame(stream->frame_type, job->id, data, length < room ? length : (size_t)room);
}

static int writes_for_ever(const struct job *job)
{
    return job->out.bytes + job->err.bytes > job->limits.output_stop_bytes;
}

/* Reads all there is now, up to the point where the program is to be stopped for it. */
static void read_stream(struct job *job, struct stream *stream)
{
    static uint8_t data[PAYLOAD_BYTES_MAX];
    for (int rounds = 0; stream->fd >= 0 && rounds < 16; rounds++) {
        ssize_t n = read(stream->fd, data, sizeof data);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return;
        if (n == 0) return close_fd(&stream->fd);
        if (job->state >= JOB_RUNNING) pass_on(job, stream, data, (size_t)n);
    }
}

/* The interpreter may say R and its version, ready, once; and D with its exit code, done, once. */
static void read_control(struct job *job)
{
    uint8_t said[VERSION_BYTES_MAX + 1];
    ssize_t n = recv(job->control_fd, said, job->state == JOB_WARMING ? sizeof said : 2, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return close_fd(&job->control_fd);
    if (job->state == JOB_WARMING && said[0] == 'R') {
        read_stream(job, &job->out); /* what warming up printed is nobody's output */
        read_stream(job, &job->err);
        job->state = JOB_READY;
        look_closely_at_memory(job);
        send_frame(FRAME_READY, job->id, said + 1, (size_t)n - 1);
    } else if (job->state == JOB_RUNNING && n == 2 && said[0] == 'D') {
        finish(job, EXIT_ENDED, said[1], 0);
    }
}

int jobs_poll_fds(struct pollfd *fds)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        struct job *job = &jobs[i];
        int live = job->state == JOB_WARMING || job->state == JOB_READY || job->state == JOB_RUNNING;
        int feeding = live && job->stdin_sent < job->stdin_used;
        struct pollfd *mine = fds + i * FDS_PER_JOB;
        mine[0] = (struct pollfd){.fd = live ? job->control_fd : -1, .events = POLLIN};
        mine[1] = (struct pollfd){.fd = live ? job->out.fd : -1, .events = POLLIN};
        mine[2] = (struct pollfd){.fd = live ? job->err.fd : -1, .events = POLLIN};
        mine[3] = (struct pollfd){.fd = feeding ? job->stdin_fd : -1, .events = POLLOUT};
    }
    return JOBS_MAX * FDS_PER_JOB;
}

void jobs_handle_fds(const struct pollfd *fds, int count)
{
    for (int i = 0; i < count / FDS_PER_JOB; i++) {
        const struct pollfd *mine = fds + i * FDS_PER_JOB;
        struct job *job = &jobs[i];
        if (mine[1].revents && job->out.fd >= 0) read_stream(job, &job->out);
        if (mine[2].revents && job->err.fd >= 0) read_stream(job, &job->err);
        if (mine[3].revents && job->stdin_fd >= 0) feed_stdin(job);
        if (mine[0].revents && job->control_fd >= 0) read_control(job);
    }
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
        if (now - job->cpu_watched_us >= CPU_WATCH_MS * 1000) look_at_cpu(job);
        if (now - job->started_us >= (uint64_t)job->limits.wall_ms * 1000) {
            finish(job, EXIT_WALL, -1, SIGKILL);
        } else if (job->cpu_us >= (uint64_t)job->limits.cpu_ms * 1000) {
            finish(job, EXIT_CPU, -1, SIGKILL);
        } else if (now - job->memory_watched_us >= MEMORY_WATCH_MS * 1000 && takes_too_much(job)) {
            finish(job, EXIT_MEMORY, -1, SIGKILL);
        }
    }
}

static void reaped(struct job *job, int status, const struct rusage *usage)
{
    note_cpu(job, (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000u +
                      (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec));
    job->pid = 0;
    if (job->state == JOB_RUNNING) {
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
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
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
    if (!job) return refuse(frame->job, "end");
    job->state = JOB_OVER;
    close_fd(&job->control_fd);
    close_stdin(job);
    close_fd(&job->out.fd);
    close_fd(&job->err.fd);
    if (kill_everything(job) != 0) return fault(frame->job, "processes that would not die");
    jobs_reap();
    if (wipe_all() != 0) return fault(frame->job, "something that would not go");
    if (!has_released_memory()) return fault(frame->job, "memory that was not released");
    reset_scheduling();
    if (chown(WORKSPACE, 0, 0) != 0 || chmod(WORKSPACE, 0755) != 0) return fault(frame->job, "workspace");
    job->state = JOB_FREE;
    send_frame(FRAME_CLEANED, frame->job, NULL, 0);
}
