/*
 * What a cell of a session gets besides its START: its text, and a standard input of its own. Both
 * lie where only the supervisor can put anything; a program finds them by their names.
 */
#pragma once
#include "files.h"

#include <sys/types.h>

#define CELL_PLACE "/run/cell"

/* Writes one part of the text of the next cell. Returns -1 with errno. */
int write_source(const struct file_part *part);

/*
 * A new input that `uid` may open and nobody else: the end we write, which never blocks and waits
 * for no reader. Returns -1 with errno.
 */
int open_cell_input(uid_t uid);
/* Removes both, the text and the input; who has them open may read on. */
void remove_cell(void);
