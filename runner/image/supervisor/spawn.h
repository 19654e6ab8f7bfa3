/* How a program's process is made: what the runner asked for, and becoming it in the child. */
#pragma once
#include "birth.h"

#include <sys/types.h>

#define ARGUMENTS_MAX 256

struct spawn_plan {
    struct birth birth;
    char *argv[ARGUMENTS_MAX + 1], *envp[ARGUMENTS_MAX + 1];
};

/*
 * Reads the payload of SPAWN or PREPARE; the strings stay where they are. No arguments at all mean a
 * fork of the prepared interpreter. Returns 0 when it is malformed.
 */
int parse_spawn(const struct frame *frame, struct spawn_plan *plan);

/* Makes a process that becomes the program, or exits with 126 or 127. Returns -1 with errno. */
pid_t spawn_program(const struct spawn_plan *plan);

/*
 * Makes a process that is to prepare an interpreter and never runs a program itself. It stays what
 * the supervisor is, because it must be able to make its children anybody.
 */
pid_t spawn_prepared(const struct spawn_plan *plan);
