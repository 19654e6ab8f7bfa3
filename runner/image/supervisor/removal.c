/*
 * Every step begins at the top again, because the program may have moved anything meanwhile. A link
 * is removed and never followed; what a program keeps putting back is not fought for ever, because
 * whoever asks for steps counts them.
 */
#define _GNU_SOURCE
#include "removal.h"
#include "beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 128

static enum removal remove_in(int directory, const char *name, int depth, int *left);

static enum removal empty(int parent, const char *name, int depth, int *left)
{
    if (depth > DEPTH_MAX) {
        errno = E2BIG;
        return REMOVAL_FAILED;
    }
    int fd = open_directory_to_read(parent, name);
    if (fd < 0) return errno == EMFILE || errno == ENOMEM ? REMOVAL_FAILED : REMOVAL_GOES_ON; /* it has changed */
    DIR *directory = fdopendir(fd);
    if (!directory) {
        close(fd);
        return REMOVAL_FAILED;
    }
    enum removal result = REMOVAL_DONE;
    struct dirent *entry;
    while (result == REMOVAL_DONE && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        result = remove_in(dirfd(directory), entry->d_name, depth, left);
    }
    int error = errno;
    closedir(directory);
    errno = error;
    return result;
}

static enum removal remove_in(int directory, const char *name, int depth, int *left)
{
    if (*left <= 0) return REMOVAL_GOES_ON;
    --*left;
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return REMOVAL_DONE;
    if (errno != EISDIR && errno != EPERM) return REMOVAL_FAILED;
    ++*left; /* only what goes counts, or a deep tree would never lose anything */
    enum removal result = empty(directory, name, depth + 1, left);
    if (result != REMOVAL_DONE) return result;
    if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return REMOVAL_DONE;
    /* Removing while reading may skip entries, and the program may make new ones. */
    return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? REMOVAL_GOES_ON : REMOVAL_FAILED;
}

enum removal remove_some(const char *path)
{
    struct place place;
    int left = REMOVED_AT_ONCE;
    if (find_place(path, &place) != 0) return REMOVAL_FAILED;
    enum removal result = remove_in(place.directory, place.name, 0, &left);
    int error = errno;
    leave_place(&place);
    errno = error;
    return result;
}

int remove_one(const char *path)
{
    struct place place;
    if (find_place(path, &place) != 0) return -1;
    int result = unlinkat(place.directory, place.name, 0);
    if (result != 0 && (errno == EISDIR || errno == EPERM)) {
        result = unlinkat(place.directory, place.name, AT_REMOVEDIR);
    }
    int error = errno;
    leave_place(&place);
    errno = error;
    return result;
}
