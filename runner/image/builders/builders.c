/* Finds the builder of a language and takes its words apart. */
#include "builders.h"

#include <stdio.h>
#include <string.h>

/* Options come last, and no source can be mistaken for one: runner/commands.ts sees to it. */
static struct request parse(char **words)
{
    struct request request = {.program = words[0], .sources = words + 1};
    char **word = request.sources;
    while (*word && **word != '-') word++;
    request.source_count = (int)(word - request.sources);
    request.options = word;
    return request;
}

static int build_request(const char *tool, const struct request *request)
{
    if (strcmp(tool, "gcc") == 0 || strcmp(tool, "g++") == 0) return build_with_gcc(request, tool);
    if (strcmp(tool, "go") == 0) return build_with_go(request);
    if (strcmp(tool, "rustc") == 0) return build_with_rustc(request);
    dprintf(2, "cannot execute: %s\n", tool);
    return 127;
}

int build(char **argv)
{
    if (!argv[1]) return 127;
    struct request request = parse(argv + 1);
    int code = build_request(argv[0], &request);
    return code < 0 ? 128 - code : code;
}
