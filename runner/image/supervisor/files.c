/*
 * Files are only ever written into a workspace that has been wiped, before its program starts, so no
 * program can have put a link in the way; a name that exists already is refused all the same.
 */
#define _GNU_SOURCE
#include "files.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the directories of `path`, owned by `uid`. Only ever called for a workspace wiped by us. */
static int make_parents(int root, char *path, uid_t uid)
{
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(root, path, 0755) == 0) {
            if (fchownat(root, path, uid, uid, AT_SYMLINK_NOFOLLOW) != 0) return -1;
        } else if (errno != EEXIST) {
            return -1;
        }
        *slash = '/';
    }
    return 0;
}

int write_all_to(int fd, const uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

int write_file(uid_t uid, const struct file_part *part)
{
    int root = open(WORKSPACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return -1;
    int result = -1;
    if (part->flags & FILE_CREATE && make_parents(root, part->name, uid) != 0) goto out;
    int how = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    how |= part->flags & FILE_CREATE ? O_CREAT | O_EXCL : O_APPEND;
    int fd = openat(root, part->name, how, part->mode);
    if (fd < 0) goto out;
    result = write_all_to(fd, part->data, part->length);
    if (result == 0 && part->flags & FILE_CREATE) result = fchown(fd, uid, uid);
    close(fd);
out:
    close(root);
    return result;
}
