/* What the runner has done with a job; job.h says what a job is, supervisor.c how the pieces meet. */
#define _GNU_SOURCE
#include "cell.h"
#include "content.h"
#include "files.h"
#include "jobs.h"
#include "meter.h"
#include "prepared.h"
#include "requests.h"
#include "spawn.h"
#include "watch.h"
#include "wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define END_PATIENCE_MS 1500 /* killing everything of a job must not take longer */
#define RELEASE_PATIENCE_MS 500 /* nor may gVisor take longer to give its memory back */
#define MEMORY_LEFT_BYTES_MAX (16u << 20) /* what may stay of it, as caches of gVisor's own */

struct job jobs[JOBS_MAX];

/* What the sandbox held before its first job; nothing of a job's may stay on top of it. */
static uint64_t memory_clean_bytes;

struct job *find_job(uint32_t id)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].state != JOB_FREE && jobs[i].id == id) return &jobs[i];
    }
    return NULL;
}

struct job *find_in_state(enum job_state state)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].state == state) return &jobs[i];
    }
    return NULL;
}

void refuse(uint32_t id, const char *what)
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
    close(birth->shown);
    close(birth->control);
}

void job_forked(pid_t pid)
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
    if (!job || job->state == JOB_RUNNING || frame->length < sizeof words) return refuse(frame->job, "file");
    memcpy(words, frame->payload, sizeof words);
    const uint8_t *at = frame->payload + sizeof words, *end = frame->payload + frame->length;
    char *name = take_string(&at, end);
    if (!name || name[0] == '/' || name[0] == '\0') return refuse(frame->job, "file name");
    struct file_part part = {
        .flags = words[0], .mode = words[1], .name = name, .data = at, .length = (size_t)(end - at)};
    int result = part.flags & FILE_SOURCE ? write_source(&part) : write_file(job->uid, &part);
    if (result != 0) fault(frame->job, "file");
}

/* ---- running ---- */

/* A cell's input is its own; what came before it, and the pipe the process was made with, are gone. */
static int change_input(struct job *job)
{
    if (job->limits.kind != START_CELL) return 0;
    int fd = job->limits.has_input ? open_cell_input(job->uid) : -1;
    change_stdin(&job->streams, fd);
    return job->limits.has_input && fd < 0 ? -1 : 0;
}

/* A session's process that has ended since its last cell. */
static int is_gone(const struct job *job)
{
    return job->state == JOB_OVER && job->stages > 0 && job->limits.kind == START_CELL;
}

static void tell_gone(const struct job *job)
{
    struct exit_body gone = {.reason = EXIT_GONE, .code = -1};
    send_frame(FRAME_EXIT, job->id, &gone, sizeof gone);
}

/* It has ended this very moment, or has left so much unread that there is no room for more. */
static void job_not_heard(struct job *job)
{
    if (job->stages == 0 || job->limits.kind != START_CELL) return fault(job->id, "control");
    job->state = JOB_OVER;
    job_close_channels(job);
    tell_gone(job);
}

void job_start(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    if (job && is_gone(job)) return tell_gone(job);
    if (!job || job->state != JOB_READY || frame->length < sizeof job->limits) return refuse(frame->job, "start");
    memcpy(&job->limits, frame->payload, sizeof job->limits);
    const uint8_t *control = frame->payload + sizeof job->limits;
    size_t length = frame->length - sizeof job->limits;
    if (chown(WORKSPACE, job->uid, job->uid) != 0) return fault(frame->job, "workspace");
    if (change_input(job) != 0) return fault(frame->job, "input");
    job->state = JOB_RUNNING;
    job->cpu_base_us = watch_process_cpu_us(job->pid);
    if (job->stages > 0) job->cpu_base_us += watch_children_cpu_us(job->pid);
    job->started_us = job->memory_watched_us = job->cpu_watched_us = now_us();
    if (send(job->control_fd, control, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) job_not_heard(job);
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

void job_ask(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    if (!job) return refuse(frame->job, "ask");
    request_begin(frame, job->uid);
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

static int wipe(const struct job *job)
{
    const char *failed = NULL;
    if (wipe_all() != 0) failed = "something that would not go";
    else if (!has_released_memory()) failed = "memory that was not released";
    else if (chown(WORKSPACE, 0, 0) != 0 || chmod(WORKSPACE, 0755) != 0) failed = "workspace";
    if (failed) fault(job->id, failed);
    return failed ? -1 : 0;
}

void job_end(const struct frame *frame)
{
    struct job *job = find_job(frame->job);
    uint32_t keeps_files = 0;
    if (!job || job->state == JOB_FORKING || frame->length != sizeof keeps_files) return refuse(frame->job, "end");
    memcpy(&keeps_files, frame->payload, sizeof keeps_files);
    job->state = JOB_OVER;
    job_close_channels(job);
    requests_stop(job->id);
    if (kill_everything(job) != 0) return fault(frame->job, "processes that would not die");
    jobs_reap();
    if (!keeps_files && wipe(job) != 0) return;
    remove_cell();
    reset_scheduling();
    job->state = JOB_FREE;
    send_frame(FRAME_CLEANED, frame->job, NULL, 0);
}
