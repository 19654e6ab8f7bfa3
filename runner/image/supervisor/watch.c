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
#include <stdio.h>
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

/* The text of a file in /proc, ended by NUL; returns its length, or what is not positive. */
static ssize_t read_proc(const char *path, char *text, size_t size)
{
    int fd = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n;
}

uint64_t watch_memory_bytes(void)
{
    char text[4096];
    if (read_proc("meminfo", text, sizeof text) <= 0) return 0;
    return meminfo_bytes(text, "AnonPages:") + meminfo_bytes(text, "Shmem:");
}

uint64_t watch_process_cpu_us(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

/* The line begins with the process's id and name, and the name may hold anything but ends with `)`. */
uint64_t watch_children_cpu_us(pid_t pid)
{
    char path[32], line[1024];
    snprintf(path, sizeof path, "%d/stat", (int)pid);
    if (read_proc(path, line, sizeof line) <= 0) return 0;
    const char *rest = strrchr(line, ')');
    unsigned long long user, system;
    const char *form = ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu";
    if (!rest || sscanf(rest, form, &user, &system) != 2) return 0;
    return (user + system) * (1000000u / (unsigned long long)sysconf(_SC_CLK_TCK));
}

uint64_t watch_cpu_us(uid_t uid)
{
    uint64_t total = 0;
    pid_t pid;
    rewinddir(proc);
    while ((pid = next_process(uid)) != 0) total += watch_process_cpu_us(pid);
    return total;
}

int watch_kill_others(uid_t uid, pid_t spared)
{
    int count = 0;
    pid_t pid;
    rewinddir(proc);
    while ((pid = next_process(uid)) != 0) {
        if (pid == spared) continue;
        kill(pid, SIGKILL);
        count++;
    }
    return count;
}

int watch_kill_all(uid_t uid)
{
    return watch_kill_others(uid, 0);
}
