/*
 * Rust: the compiler starts the linker itself, without gcc's driver between them, and takes its memory
 * from the kernel in large pieces.
 */
#define _GNU_SOURCE
#include "builders.h"
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>

#define RUSTC "/usr/bin/rustc"
#define EDITION "--edition=2021"

static void add_request(struct words *command, const struct request *request)
{
    add(command, EDITION);
    add_all(command, request->options, WORDS_MAX);
    add(command, "-o");
    add(command, request->program);
    add_all(command, request->sources, request->source_count);
}

int build_with_rustc(const struct request *request)
{
    static struct words command, plain;
    if (!read_recipe("rustc", &command, 1)) return 127;
    add_request(&command, request);
    setenv("MALLOC_ARENA_MAX", "1", 1);
    setenv("MALLOC_TOP_PAD_", "67108864", 1);
    setenv("MALLOC_TRIM_THRESHOLD_", "268435456", 1);
    setenv("MALLOC_MMAP_THRESHOLD_", "268435456", 1);
    int held = open_held(), code = run_held(command.word, held);
    if (code != 0 && held_has(held, "error: linking with ")) {
        add(&plain, RUSTC);
        add_request(&plain, request);
        return run(plain.word);
    }
    say_held(held);
    if (code == 0 && !is_program(request->program)) {
        dprintf(2, "error: this crate is a library, which cannot be run\n");
        return 1;
    }
    return code;
}
