/*
 * The prepared interpreter: started once in a sandbox's life, warmed up, and forked for every job.
 * It never runs a line of anybody's program, and belongs to a user that no program ever is, so what
 * it says is as good as what the supervisor says.
 */
#pragma once
#include "spawn.h"

#include <sys/types.h>

/* Starts it. Returns -1 with errno. */
int prepared_start(struct spawn_plan *plan);
/* Whether it is warm, and so can be forked. */
int prepared_is_ready(void);
/* Asks it for a child born as `birth` says. Returns -1 with errno. */
int prepared_fork(const struct birth *birth);

/* Where it is heard, or -1. */
int prepared_fd(void);
/* Reads what it says: that it is warm, which is told to the runner, or a child's id, which is returned. */
pid_t prepared_hear(void);

/* Whether it is `pid` that has ended, which is a fault. */
int prepared_is(pid_t pid);
/* What it held when it was warm, on top of what the sandbox held without it. */
uint64_t prepared_memory_bytes(void);
