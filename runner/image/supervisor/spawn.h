/* How a program's process is made: what the runner asked for, and becoming it in the child. */
#pragma once
#include "protocol.h"

#define ARGUMENTS_MAX 256

struct spawn_plan {
    struct spawn_head head;
    char *argv[ARGUMENTS_MAX + 1], *envp[ARGUMENTS_MAX + 1];
    const char *directory;
    int in, out, err, control;
};

/* Reads a SPAWN frame's payload; the strings stay where they are. Returns 0 when it is malformed. */
int parse_spawn(const struct frame *frame, struct spawn_plan *plan);

/* In the child, between vfork and exec: becomes the program, or exits with 126 or 127. */
void become_program(const struct spawn_plan *plan);

/*
 * Gives this process every processor and ordinary priority again. gVisor lets any program change
 * both for any other, and what it changed here every later program would inherit.
 */
void reset_scheduling(void);
