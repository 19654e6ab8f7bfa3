// wants: ok; compileTimeoutMs=15000; times=3; stdout is "mine\n"
// Puts another program in the place of its own, for whoever comes next to run. The first time it is
// built, after that it is taken from what was kept, and it must be the same one each time.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
    puts("mine");
    fflush(stdout);
    unlink("/workspace/.program");
    FILE *other = fopen("/workspace/.program", "w");
    if (!other) return 1;
    fputs("#!/bin/sh\necho another\n", other);
    fclose(other);
    chmod("/workspace/.program", 0777);
    return 0;
}
