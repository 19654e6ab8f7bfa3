/*
 * Paths inside the workspace. The workspace is the program's: it may hold links to anywhere, pipes
 * that nobody ever writes to, and directories that become links between two looks. So no part of a
 * path is ever followed, and each is opened from the one before.
 */
#pragma once
#include <limits.h>
#include <sys/types.h>

/* A name and the directory it is in, which has to be closed. */
struct place {
    int directory; /* -1 when there is none */
    char name[NAME_MAX + 1];
};

/* Where `path` leads, whether or not there is anything. Returns -1 with errno. */
int find_place(const char *path, struct place *place);
/* The same, but makes the directories that are missing, for `uid`. */
int make_place(const char *path, uid_t uid, struct place *place);
void leave_place(struct place *place);

/*
 * The directory `name` in `parent`, to find others in it, and the same to read what is in it. Under
 * gVisor O_DIRECTORY makes O_NOFOLLOW follow, so what has been opened is looked at instead. Both
 * return -1 with errno.
 */
int open_directory(int parent, const char *name);
int open_directory_to_read(int parent, const char *name);

/* Opens what `path` leads to, without waiting. Returns -1 with errno. */
int open_beneath(const char *path, int how);
/* The directory at `path`, which may be the workspace itself, to be read. Returns -1 with errno. */
int open_directory_beneath(const char *path);
