/*
 * The program may remove or replace the hidden name, for it owns the directory. That does it no good:
 * what is put in place is only what we have written ourselves, and what it hides away is empty.
 */
#define _GNU_SOURCE
#include "upload.h"
#include "beneath.h"
#include "files.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fails where the file could never be put, as far as can be told now. */
static int check_place(const char *path)
{
    struct place place;
    struct stat info;
    if (find_place(path, &place) != 0) return errno == ENOENT ? 0 : -1;
    int is_directory =
        fstatat(place.directory, place.name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
    leave_place(&place);
    if (is_directory) errno = EISDIR;
    return is_directory ? -1 : 0;
}

int upload_begin(struct upload *upload, const char *path)
{
    uint64_t number;
    upload->fd = -1;
    if (check_place(path) != 0) return -1;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return -1;
    snprintf(upload->name, sizeof upload->name, UPLOAD_PREFIX "%016llx", (unsigned long long)number);
    int root = open(WORKSPACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return -1;
    upload->fd = openat(root, upload->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    close_fd(&root);
    return upload->fd < 0 ? -1 : 0;
}

/* Whether the hidden name is still our file's. */
static int is_ours(const struct upload *upload, int root)
{
    struct stat ours, named;
    if (fstat(upload->fd, &ours) != 0) return 0;
    if (fstatat(root, upload->name, &named, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static int place_from(int root, struct upload *upload, const char *path, uid_t uid, mode_t mode)
{
    struct place place;
    if (!is_ours(upload, root)) {
        errno = ESTALE;
        return -1;
    }
    if (fchmod(upload->fd, mode) != 0 || fchown(upload->fd, uid, uid) != 0) return -1;
    if (make_place(path, uid, &place) != 0) return -1;
    int result = renameat(root, upload->name, place.directory, place.name);
    int error = errno;
    leave_place(&place);
    errno = error;
    return result;
}

int upload_place(struct upload *upload, const char *path, uid_t uid, mode_t mode)
{
    int root = open(WORKSPACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return -1;
    int result = place_from(root, upload, path, uid, mode);
    int error = errno;
    close_fd(&root);
    if (result == 0) close_fd(&upload->fd);
    errno = error;
    return result;
}

void upload_drop(struct upload *upload)
{
    if (upload->fd < 0) return;
    int root = open(WORKSPACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0 && is_ours(upload, root)) unlinkat(root, upload->name, 0);
    if (ftruncate(upload->fd, 0) != 0) errno = 0; /* only matters where the program has hidden it */
    close_fd(&root);
    close_fd(&upload->fd);
}
