/* See beneath.h; the empty path is the workspace, and no path leads out of it or back. */
#define _GNU_SOURCE
#include "beneath.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOW_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
#define NOBODY ((uid_t)-1)

static int close_with_errno(int fd)
{
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

/* Copies the first part of `path`, which must be one that a directory can hold. Returns its length. */
static size_t take_part(const char *path, char *part)
{
    size_t length = strcspn(path, "/");
    if (length == 0 || length > NAME_MAX) return 0;
    memcpy(part, path, length);
    part[length] = '\0';
    return strcmp(part, ".") == 0 || strcmp(part, "..") == 0 ? 0 : length;
}

/* What is made here belongs to `uid`; what was there already stays whose it is. */
static int open_or_make(int parent, const char *name, uid_t uid)
{
    int is_new = uid != NOBODY && mkdirat(parent, name, 0755) == 0;
    if (uid != NOBODY && !is_new && errno != EEXIST) return -1;
    int fd = openat(parent, name, HOW_DIRECTORY);
    if (fd >= 0 && is_new && fchown(fd, uid, uid) != 0) return close_with_errno(fd);
    return fd;
}

static int find(const char *path, uid_t maker, struct place *place)
{
    int fd = open(WORKSPACE, HOW_DIRECTORY);
    place->directory = -1;
    while (fd >= 0) {
        size_t length = take_part(path, place->name);
        if (length == 0) {
            errno = ELOOP;
            return close_with_errno(fd);
        }
        if (path[length] == '\0') {
            place->directory = fd;
            return 0;
        }
        int next = open_or_make(fd, place->name, maker);
        close_with_errno(fd);
        fd = next;
        path += length + 1;
    }
    return -1;
}

int find_place(const char *path, struct place *place)
{
    return find(path, NOBODY, place);
}

int make_place(const char *path, uid_t uid, struct place *place)
{
    return find(path, uid, place);
}

void leave_place(struct place *place)
{
    close_with_errno(place->directory);
    place->directory = -1;
}

int open_beneath(const char *path, int how)
{
    struct place place;
    how |= O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
    if (path[0] == '\0') return open(WORKSPACE, how);
    if (find_place(path, &place) != 0) return -1;
    int fd = openat(place.directory, place.name, how);
    close_with_errno(place.directory);
    return fd;
}
