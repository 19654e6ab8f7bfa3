/* Starting tools, waiting for them, holding back what they say, and growing their command lines. */
#pragma once
#include <sys/types.h>

#define WORDS_MAX 1024

/* A command line, ended by NULL. What does not fit is dropped, and the tool will miss it. */
struct words {
    char *word[WORDS_MAX + 1];
    int count;
};

void add(struct words *words, const char *word);
void add_all(struct words *words, char *const *more, int count);

/* Reads a recipe: the words of its lines, a section at a time. Returns 0 when there is none. */
int read_recipe(const char *name, struct words *sections, int count);

/* Starts a tool with these three streams, or ours where one is -1; the caller closes them. */
pid_t start(char *const *argv, int in, int out, int err);

/* Waits for a tool; returns its exit code, or minus the signal that ended it. */
int wait_for(pid_t pid);

/* Whether a file is something that can be executed, and no library. */
int is_program(const char *path);

/* Runs a tool with our streams; returns as wait_for does. */
int run(char *const *argv);

/* A file of its own in /tmp for what a tool says; nobody else finds it. */
int open_held(void);

/* Runs a tool and holds back both of its streams. */
int run_held(char *const *argv, int held);

/* Whether what was held back contains `text`. */
int held_has(int held, const char *text);

/* Gives what was held back, if anything was, to whoever reads our standard error. */
void say_held(int held);
