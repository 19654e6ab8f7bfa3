/* Finds the builder of a language and takes its words apart. */
#include "builders.h"

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

int build(char **argv)
{
    if (!argv[1]) return -1;
    struct request request = parse(argv + 1);
    if (strcmp(argv[0], "gcc") == 0 || strcmp(argv[0], "g++") == 0) return build_with_gcc(&request, argv[0]);
    if (strcmp(argv[0], "go") == 0) return build_with_go(&request);
    if (strcmp(argv[0], "rustc") == 0) return build_with_rustc(&request);
    return -1;
}
