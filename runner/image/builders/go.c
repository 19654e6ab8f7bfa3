/*
 * Go: a program of one package is compiled and linked against the standard library that was built with
 * the image. Whatever needs the go command to look at more than that has it look.
 */
#define _GNU_SOURCE
#include "builders.h"
#include "tools.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG "/opt/coderunner/go-config"
#define PACKAGE "/tmp/go-main.a"
/* What go prints above the messages of a package that was named by its files. */
#define HEADING "# command-line-arguments\n"
#define NO_PROGRAM "package command-line-arguments is not a main package\n"

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), ending = strlen(end);
    return length >= ending && strcmp(text + length - ending, end) == 0;
}

/* Names and lines that say which files belong to the package, or what else does. */
static int is_plain(const char *source)
{
    static const char *const CONDITIONS[] = {"//go:build", "//go:embed", "//go:debug", "+build"};
    struct stat info;
    if (strpbrk(source, "/_") || !ends_with(source, ".go")) return 0;
    int fd = open(source, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size == 0) return 0;
    char *text = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (text == MAP_FAILED) return 0;
    int plain = 1;
    for (unsigned i = 0; i < sizeof CONDITIONS / sizeof *CONDITIONS; i++) {
        if (memmem(text, (size_t)info.st_size, CONDITIONS[i], strlen(CONDITIONS[i]))) plain = 0;
    }
    munmap(text, (size_t)info.st_size);
    return plain;
}

static int is_one_plain_package(const struct request *request)
{
    if (access("go.mod", F_OK) == 0) return 0;
    for (int i = 0; i < request->source_count; i++) {
        if (!is_plain(request->sources[i])) return 0;
    }
    return 1;
}

static int refuse_library(void)
{
    dprintf(2, NO_PROGRAM);
    return 1;
}

/* Of a package that is no program go makes an archive, and says nothing. */
static int check_program(const struct request *request)
{
    return is_program(request->program) ? 0 : refuse_library();
}

static int run_go(const struct words *command, const struct request *request)
{
    int code = run(command->word);
    return code == 0 ? check_program(request) : code;
}

/* Without a module, packages in folders cannot be imported; their files are no part of the program. */
static int build_plainly(const struct request *request)
{
    static struct words command;
    if (!read_recipe("go", &command, 1)) return 127;
    add(&command, "-o");
    add(&command, request->program);
    if (access("go.mod", F_OK) == 0) {
        add(&command, ".");
        return run_go(&command, request);
    }
    for (int i = 0; i < request->source_count; i++) {
        const char *source = request->sources[i];
        if (i == 0 || (!strchr(source, '/') && !ends_with(source, "_test.go"))) add(&command, source);
    }
    return run_go(&command, request);
}

/* Messages name files as go does, from the folder they were built in. */
static void add_sources(struct words *command, const struct request *request)
{
    for (int i = 0; i < request->source_count; i++) {
        char *name;
        if (asprintf(&name, "./%s", request->sources[i]) > 0) add(command, name);
    }
}

static int compile_and_link(const struct request *request)
{
    static struct words steps[2];
    if (!read_recipe("go-tools", steps, 2)) return 127;
    struct words *compile = &steps[0], *link = &steps[1];
    add(compile, "-o");
    add(compile, PACKAGE);
    add_sources(compile, request);
    add(link, "-o");
    add(link, request->program);
    add(link, PACKAGE);
    int held = open_held(), code = run_held(compile->word, held);
    if (code == 0) code = run_held(link->word, held);
    unlink(PACKAGE);
    if (code == 0) return 0;
    if (code < 0 || held_has(held, "could not import")) return build_plainly(request);
    if (held_has(held, ": not package main")) return refuse_library();
    dprintf(2, HEADING);
    say_held(held);
    return 1;
}

static void limit_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    setenv("GOMAXPROCS", processors < 2 ? "1" : processors < 4 ? "2" : "4", 1);
}

int build_with_go(const struct request *request)
{
    limit_threads();
    setenv("GODEBUG", "installgoroot=all", 1); /* the standard library is where install.sh put it */
    setenv("GOCACHE", "/tmp/go-build", 1);
    setenv("GOPATH", "/tmp/go", 1);
    setenv("GOENV", "off", 1);
    setenv("GOPROXY", "off", 1);
    setenv("GOTOOLCHAIN", "local", 1);
    setenv("XDG_CONFIG_HOME", CONFIG, 1); /* says that nothing is to be counted, and by whom */
    setenv("CGO_ENABLED", "0", 1);
    return is_one_plain_package(request) ? compile_and_link(request) : build_plainly(request);
}
