/*
 * How the compiled languages are built, each by as few processes as its tools allow: starting one
 * costs some ten milliseconds in a sandbox. What the caller reads is what the plain tool would say;
 * where ours would say anything else, the plain tool is run after all. The steps that depend on the
 * tools' version are asked of the tools when the image is made (install.sh) and kept as recipes.
 */
#pragma once

/*
 * Builds as `argv` says: the language's tool by its plain name, the program to make, its sources, and
 * options. Returns the exit code, as a shell would give it.
 */
int build(char **argv);

struct request {
    char *program;
    char **sources;
    int source_count;
    char **options; /* ended by NULL */
};

/* Each returns the exit code, or minus the signal that ended its tool. */
int build_with_gcc(const struct request *request, const char *driver);
int build_with_go(const struct request *request);
int build_with_rustc(const struct request *request);
