/*
 * C and C++: the compiler proper writes to the assembler's pipe, and one quick linker links. The
 * driver would start five programs for that, each with a file between it and the next.
 */
#define _GNU_SOURCE
#include "builders.h"
#include "headers.h"
#include "tools.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCES_MAX 128
#define OBJECTS "{objects}"

struct recipe {
    const char *driver;
    struct words compile, assemble, link;
};

static int read_steps(struct recipe *recipe, const char *driver)
{
    static struct words sections[3];
    if (!read_recipe(driver, sections, 3)) return 0;
    *recipe = (struct recipe){
        .driver = driver, .compile = sections[0], .assemble = sections[1], .link = sections[2]};
    return 1;
}

static void say_how_it_ended(const char *driver, const char *tool, int signal_number)
{
    const char *name = strrchr(tool, '/');
    dprintf(2, "%s: fatal error: %s signal terminated program %s\ncompilation terminated.\n", driver,
            strsignal(signal_number), name ? name + 1 : tool);
}

/* Compiles one source; what the compiler says goes to `held`, if it is any. Returns its exit code. */
static int compile(const struct recipe *recipe, const struct words *command, const char *object, int held)
{
    static struct words assemble;
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) return 127;
    assemble = recipe->assemble;
    add(&assemble, "-o");
    add(&assemble, object);
    /* The assembler first: it loads while the compiler works. */
    pid_t assembler = start(assemble.word, pipe_ends[0], -1, held);
    pid_t compiler = start(command->word, -1, pipe_ends[1], held);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    int code = wait_for(compiler), assembled = wait_for(assembler);
    if (code < 0) say_how_it_ended(recipe->driver, command->word[0], -code);
    return code != 0 ? code : assembled;
}

static int compile_source(const struct recipe *recipe, const struct request *request, char *source, const char *object)
{
    static struct words command;
    const char *header = strcmp(recipe->driver, "g++") == 0 && !request->options[0] ? header_for(source) : NULL;
    int held = header ? open_held() : -1;
    for (;; header = NULL) {
        command = recipe->compile;
        add_all(&command, request->options, WORDS_MAX);
        if (header) add(&command, "-include");
        if (header) add(&command, header);
        add(&command, source);
        int code = compile(recipe, &command, object, held);
        /* A header of ours must not be told of; what there is to tell can be had without it. */
        if (header && held_has(held, HEADERS)) {
            close(held);
            held = -1;
            continue;
        }
        say_held(held);
        if (held >= 0) close(held);
        return code;
    }
}

static int link_program(const struct recipe *recipe, const struct request *request, char **objects)
{
    static struct words command, plain;
    for (int i = 0; i < recipe->link.count; i++) {
        char *word = recipe->link.word[i];
        if (strcmp(word, OBJECTS) == 0) add_all(&command, objects, request->source_count);
        else add(&command, word);
    }
    add(&command, "-o");
    add(&command, request->program);
    int held = open_held();
    if (run_held(command.word, held) == 0 && !held_has(held, "")) return 0;
    add(&plain, strcmp(recipe->driver, "g++") == 0 ? "/usr/bin/g++" : "/usr/bin/gcc");
    add(&plain, "-o");
    add(&plain, request->program);
    add_all(&plain, objects, request->source_count);
    add(&plain, "-lm");
    return run(plain.word);
}

int build_with_gcc(const struct request *request, const char *driver)
{
    static struct recipe recipe;
    static char names[SOURCES_MAX][24];
    static char *objects[SOURCES_MAX];
    int failed = 0, count = request->source_count;
    if (count > SOURCES_MAX || !read_steps(&recipe, driver)) return 127;
    for (int i = 0; i < count; i++) {
        strcpy(names[i], "/tmp/ccXXXXXX.o");
        int fd = mkstemps(names[i], 2);
        if (fd < 0) return 127;
        close(fd);
        objects[i] = names[i];
        if (compile_source(&recipe, request, request->sources[i], objects[i]) != 0) failed = 1;
    }
    int code = failed ? 1 : link_program(&recipe, request, objects);
    for (int i = 0; i < count; i++) unlink(objects[i]);
    return code;
}
