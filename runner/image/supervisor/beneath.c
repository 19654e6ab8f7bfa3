/* See beneath.h; the empty path is the workspace, and no path leads out of it or back. */
#define _GNU_SOURCE
#include "beneath.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int open_directory(int parent, const char *name)
{
    struct stat info;
    int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) return close_with_errno(fd);
    if (S_ISDIR(info.st_mode)) return fd;
    errno = S_ISLNK(info.st_mode) ? ELOOP : ENOTDIR;
    return close_with_errno(fd);
}

int open_directory_to_read(int parent, const char *name)
{
    int fd = open_directory(parent, name);
    if (fd < 0) return -1;
    int opened = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close_with_errno(fd);
    return opened;
}

/* What is made here belongs to `uid`; what was there already stays whose it is. */
static int open_or_make(int parent, const char *name, uid_t uid)
{
    int is_new = uid != NOBODY && mkdirat(parent, name, 0755) == 0;
    if (uid != NOBODY && !is_new && errno != EEXIST) return -1;
    int fd = open_directory(parent, name);
    if (fd >= 0 && is_new && fchownat(fd, "", uid, uid, AT_EMPTY_PATH) != 0) return close_with_errno(fd);
    return fd;
}

static int find(const char *path, uid_t maker, struct place *place)
{
    int fd = open_directory(AT_FDCWD, WORKSPACE);
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
    if (find_place(path, &place) != 0) return -1;
    int fd = openat(place.directory, place.name, how);
    close_with_errno(place.directory);
    return fd;
}

int open_directory_beneath(const char *path)
{
    struct place place;
    if (path[0] == '\0') return open_directory_to_read(AT_FDCWD, WORKSPACE);
    if (find_place(path, &place) != 0) return -1;
    int fd = open_directory_to_read(place.directory, place.name);
    close_with_errno(place.directory);
    return fd;
}
