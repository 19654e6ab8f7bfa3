/*
 * Reads what the kernel, which is gVisor's, says of the sandbox and of one uid's processes. The uid is the only thing a job's processes cannot leave: process
 * groups and sessions can be changed by the program, so nothing here relies on them.
 */
#define _GNU_SOURCE
#include "watch.h"
#include "protocol.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

static DIR *proc;

void watch_open(void)
{
    proc = opendir("/proc");
    if (!proc) fault(0, "/proc");
}

/* The next process of `uid` in /proc, or 0 after the last. */
static pid_t next_process(uid_t uid)
{
    struct dirent *entry;
    while ((entry = readdir(proc)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        pid_t pid = (pid_t)atoi(entry->d_name);
        struct stat info;
        if (pid <= 1 || fstatat(dirfd(proc), entry->d_name, &info, 0) != 0) continue;
        if (info.st_uid == uid) return pid;
    }
    return 0;
}

uint64_t watch_held_bytes(void)
{
    struct sysinfo info;
    if (sysinfo(&info) != 0) return 0;
    return (uint64_t)(info.totalram - info.freeram) * info.mem_unit;
}

/* The figure, in bytes, on the line of /proc/meminfo that begins with `name`. */
static uint64_t meminfo_bytes(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

uint64_t watch_memory_bytes(void)
{
    char text[4096];
    int fd = openat(dirfd(proc), "meminfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    text[n] = '\0';
    return meminfo_bytes(text, "AnonPages:") + meminfo_bytes(text, "Shmem:");
}

uint64_t watch_process_cpu_us(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

uint64_t watch_cpu_us(uid_t uid)
{
    uint64_t total = 0;
    pid_t pid;
    rewinddir(proc);
    while ((pid = next_process(uid)) != 0) total += watch_process_cpu_us(pid);
    return total;
}

int watch_kill_all(uid_t uid)
{
    int count = 0;
    pid_t pid;
    rewinddir(proc);
    while ((pid = next_process(uid)) != 0) {
        kill(pid, SIGKILL);
        count++;
    }
    return count;
}
