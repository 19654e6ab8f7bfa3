/*
 * A file on its way into the workspace. Until it is whole it has a name that nobody is told, at the
 * workspace's root, and belongs to root, so that no program can read or change it; then it takes its
 * place at once, in which whatever was there before is gone.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UPLOAD_PREFIX ".upload-"

struct upload {
    int fd; /* -1 when there is none */
    char name[32];
};

/* Begins one that is to be `path`. Returns -1 with errno, also when there is a directory of that name. */
int upload_begin(struct upload *upload, const char *path);
/* Puts it at `path`, with the directories that takes, as a file of `uid`. Returns -1 with errno. */
int upload_place(struct upload *upload, const char *path, uid_t uid, mode_t mode);
/* Removes what there is of it. */
void upload_drop(struct upload *upload);
