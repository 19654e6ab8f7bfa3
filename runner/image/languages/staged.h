/*
 * The waiting of virtual machines that we start ourselves, Java's and Mono's: what they are told to
 * compile and to run, and what they say of it. They have a job's user and limits already.
 */
#pragma once
#include <sys/resource.h>

/* What came over the control socket: a stage and what stood after its `--` (runner/commands.ts). */
struct order {
    int is_compile;
    rlim_t file_bytes_max;
    int count;
    char **words; /* followed by NULL */
};

/* Whether a supervisor is there to be told anything; there is none while the image is built. */
int staged_begin(void);
/* Says that it waits, and the version of its language. */
void staged_ready(const char *version);
/* Waits for what is to be done next. Returns 0 when nothing more will come. */
int staged_next(struct order *order);
/* Says what a compiler's exit code would have been. */
void staged_compiled(int code);
/*
 * From here on the process is the program's: no file may be larger than a program's, and the exit
 * code is reported as soon as all exit handlers have run.
 */
void staged_become(const struct order *order);
