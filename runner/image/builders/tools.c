#define _GNU_SOURCE
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECIPES "/opt/coderunner/recipes/"
#define RECIPE_BYTES_MAX (16 * 1024)

extern char **environ;

void add(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX) words->word[words->count++] = (char *)(size_t)word;
    words->word[words->count] = NULL;
}

void add_all(struct words *words, char *const *more, int count)
{
    for (int i = 0; i < count && more[i]; i++) add(words, more[i]);
}

/* One word a line; an empty line ends a section. */
int read_recipe(const char *name, struct words *sections, int count)
{
    static char text[RECIPE_BYTES_MAX + 1];
    char path[128];
    snprintf(path, sizeof path, RECIPES "%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, RECIPE_BYTES_MAX);
    if (fd >= 0) close(fd);
    if (length <= 0) return 0;
    int section = 0;
    for (char *line = text, *end; section < count && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (line == end) section++;
        else add(&sections[section], line);
    }
    return section == count;
}

pid_t start(char *const *argv, int in, int out, int err)
{
    pid_t pid = vfork();
    if (pid != 0) return pid;
    if (in >= 0) dup2(in, 0);
    if (out >= 0) dup2(out, 1);
    if (err >= 0) dup2(err, 2);
    execve(argv[0], argv, environ);
    dprintf(2, "cannot execute: %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int wait_for(pid_t pid)
{
    int status;
    if (pid < 0) return 127;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return 127;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int is_program(const char *path)
{
    char start[4] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, start, sizeof start);
    if (fd >= 0) close(fd);
    return n == 4 && memcmp(start, "\177ELF", 4) == 0;
}

int run(char *const *argv)
{
    return wait_for(start(argv, -1, -1, -1));
}

int open_held(void)
{
    return memfd_create("held", MFD_CLOEXEC);
}

int run_held(char *const *argv, int held)
{
    return wait_for(start(argv, -1, held, held));
}

int held_has(int held, const char *text)
{
    struct stat info;
    if (fstat(held, &info) != 0 || info.st_size == 0) return 0;
    void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, held, 0);
    if (data == MAP_FAILED) return 0;
    int found = memmem(data, (size_t)info.st_size, text, strlen(text)) != NULL;
    munmap(data, (size_t)info.st_size);
    return found;
}

void say_held(int held)
{
    static char part[64 * 1024];
    ssize_t n;
    if (held < 0) return;
    lseek(held, 0, SEEK_SET);
    while ((n = read(held, part, sizeof part)) > 0) {
        for (ssize_t said = 0, m; said < n; said += m) {
            if ((m = write(2, part + said, (size_t)(n - said))) <= 0) return;
        }
    }
}
