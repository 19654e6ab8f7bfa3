/*
 * Everything a program is born with: its streams, its user, its limits, nothing else. Shared by the
 * supervisor, which then executes an interpreter, and by prepared interpreters, which fork.
 */
#pragma once
#include "protocol.h"

/* Low enough for Node to mark it close-on-exec, high enough for a program's first file to be 3. */
#define CONTROL_FD 15
#define SHOWN_FD 14
#define DIRECTORY_BYTES_MAX 256

struct birth {
    struct spawn_head head;
    const char *directory;
    int in, out, err, shown, control;
};

/* What the supervisor asks of a prepared interpreter; the five descriptors go with it, in order. */
struct birth_request {
    struct spawn_head head;
    char directory[DIRECTORY_BYTES_MAX];
};

/* Makes this process the program's, or exits with 126: none of it can be undone from inside. */
void be_born(const struct birth *birth);

/*
 * Gives this process every processor and ordinary priority again. gVisor lets any program change
 * both for any other, and what it changed here every later program would inherit.
 */
void reset_scheduling(void);
