/*
 * The root filesystem is read-only, so the writable places are few and known. A tree too deep or
 * too large to be removed quickly is not worth fighting: -1 makes the runner discard the sandbox.
 */
#define _GNU_SOURCE
#include "wipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
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

/* System V objects outlive their makers. Ids are handed out by index, so a scan finds them all. */
static int remove_system_v(void)
{
    struct shmid_ds memory;
    struct shm_info memory_info;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&memory_info);
    for (int i = 0; i <= last; i++) {
        int id = shmctl(i, SHM_STAT, &memory);
        if (id >= 0 && shmctl(id, IPC_RMID, NULL) != 0) return -1;
    }
    struct seminfo semaphore_info;
    struct semid_ds semaphore;
    last = semctl(0, 0, SEM_INFO, &semaphore_info);
    for (int i = 0; i <= last; i++) {
        int id = semctl(i, 0, SEM_STAT, &semaphore);
        if (id >= 0 && semctl(id, 0, IPC_RMID) != 0) return -1;
    }
    struct msginfo queue_info;
    struct msqid_ds queue;
    last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&queue_info);
    for (int i = 0; i <= last; i++) {
        int id = msgctl(i, MSG_STAT, &queue);
        if (id >= 0 && msgctl(id, IPC_RMID, NULL) != 0) return -1;
    }
    return 0;
}

int wipe_all(void)
{
    entries_left = ENTRIES_MAX;
    for (size_t i = 0; i < sizeof WRITABLE / sizeof *WRITABLE; i++) {
        if (empty_directory(AT_FDCWD, WRITABLE[i], 0) != 0) return -1;
    }
    return remove_system_v();
}
