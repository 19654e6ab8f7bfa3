/*
 * The root filesystem is read-only, so the writable places are few and known. A tree too deep or
 * too large to be removed quickly is not worth fighting: -1 makes the runner discard the sandbox.
 */
#define _GNU_SOURCE
#include "wipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DEPTH_MAX 32
#define ENTRIES_MAX 20000

static const char *const WRITABLE[] = {"/workspace", "/tmp", "/dev/shm"};
static int entries_left;

static int empty_directory(int parent, const char *name, int depth);

static int remove_entry(int directory, const char *name, int depth)
{
    if (--entries_left < 0) return -1;
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return 0;
    if (empty_directory(directory, name, depth + 1) != 0) return -1;
    return unlinkat(directory, name, AT_REMOVEDIR);
}

static int empty_directory(int parent, const char *name, int depth)
{
    if (depth > DEPTH_MAX) return -1;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    DIR *directory = fdopendir(fd);
    if (!directory) {
        close(fd);
        return -1;
    }
    int result = 0, seen;
    do { /* until a whole pass sees nothing, because removing while reading may skip entries */
        struct dirent *entry;
        seen = 0;
        rewinddir(directory);
        while (result == 0 && (entry = readdir(directory)) != NULL) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            seen = 1;
            result = remove_entry(dirfd(directory), entry->d_name, depth);
        }
    } while (result == 0 && seen);
    closedir(directory);
    return result;
}

/* Attributes of the places themselves, which removing what is in them does not remove. */
static int remove_attributes(const char *path)
{
    char names[4096];
    ssize_t length = listxattr(path, names, sizeof names);
    if (length < 0) return errno == ENOTSUP ? 0 : -1;
    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
        if (strncmp(names + at, "user.", 5) == 0 && removexattr(path, names + at) != 0) return -1;
    }
    return 0;
}

/* System V objects outlive their makers, and cannot all be found by number under gVisor. */
static int has_system_v_objects(void)
{
    struct shm_info memory;
    struct seminfo semaphores;
    struct msginfo queues;
    if (shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&memory) >= 0 && memory.used_ids > 0) return 1;
    if (semctl(0, 0, SEM_INFO, &semaphores) >= 0 && semaphores.semusz > 0) return 1;
    return msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&queues) >= 0 && queues.msgpool > 0;
}

/* Sockets that hold each other in flight are never closed, and keep their names. */
static int has_named_sockets(void)
{
    char line[512];
    int found = 0;
    FILE *list = fopen("/proc/net/unix", "re");
    if (!list) return 0;
    while (!found && fgets(line, sizeof line, list)) found = strchr(line, '@') != NULL;
    fclose(list);
    return found;
}

int wipe_all(void)
{
    entries_left = ENTRIES_MAX;
    for (size_t i = 0; i < sizeof WRITABLE / sizeof *WRITABLE; i++) {
        if (empty_directory(AT_FDCWD, WRITABLE[i], 0) != 0) return -1;
        if (remove_attributes(WRITABLE[i]) != 0) return -1;
    }
    return has_system_v_objects() || has_named_sockets() ? -1 : 0;
}
