/*
 * Memory is what the sandbox holds, less what only the image's files take and less what the prepared
 * interpreter held before any job: a job shares that until it writes to it, and then holds its own.
 */
#include "meter.h"
#include "prepared.h"
#include "watch.h"

#include <time.h>

uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

#define CLOSE_LOOK_US (50 * 1000)
#define CLOSE_LOOK_AT_MORE_US (20 * 1000)
#define CLOSE_LOOK_BYTES (8u << 20)

static uint64_t above(uint64_t bytes, uint64_t base)
{
    return bytes > base ? bytes - base : 0;
}

static void note(struct job *job, uint64_t bytes)
{
    if (bytes > job->memory_peak_bytes) job->memory_peak_bytes = bytes;
}

/*
 * One cheap call is good as long as the program maps as much of files as when last looked at closely.
 * Compilers map much and come and go, so in a stage a figure that is much more than any before is not
 * believed without a closer look. That is dear, and a program that takes memory fast must not be looked
 * at more slowly for it: of one a closer look is taken only before it is stopped.
 */
static void look(struct job *job, uint64_t patience_us)
{
    uint64_t bytes = above(watch_held_bytes(), job->memory_mapped_bytes);
    job->memory_watched_us = now_us();
    if (job->limits.kind != START_STAGE && bytes <= job->limits.memory_bytes) return note(job, bytes);
    uint64_t age_us = job->memory_watched_us - job->memory_looked_us;
    int is_more = bytes > job->memory_peak_bytes + CLOSE_LOOK_BYTES;
    if (bytes > job->limits.memory_bytes || age_us > (is_more ? patience_us : CLOSE_LOOK_US)) note_memory_closely(job);
    else if (!is_more) note(job, bytes);
}

void note_memory(struct job *job)
{
    look(job, 0);
}

void note_memory_closely(struct job *job)
{
    uint64_t held = watch_held_bytes();
    uint64_t own = above(watch_memory_bytes(), prepared_memory_bytes());
    job->memory_mapped_bytes = above(held, own);
    job->memory_watched_us = job->memory_looked_us = now_us();
    note(job, own);
}

int takes_too_much_memory(struct job *job)
{
    look(job, CLOSE_LOOK_AT_MORE_US);
    return job->memory_peak_bytes > job->limits.memory_bytes;
}

void note_cpu(struct job *job, uint64_t total_us)
{
    uint64_t used_us = above(total_us, job->cpu_base_us);
    if (used_us > job->cpu_us) job->cpu_us = used_us;
}

void note_cpu_of_all(struct job *job)
{
    note_cpu(job, watch_cpu_us(job->uid));
    job->cpu_watched_us = now_us();
}
