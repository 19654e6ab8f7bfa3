// wants: ok; compileTimeoutMs=15000; times=3; stdout is "mine\n"
// Leaves links where its own program and its source were, so that the next ones would be written to
// where they lead; a writable one and one that leads back to itself.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
    puts("mine");
    unlink("/workspace/.program");
    unlink("/workspace/main.c");
    if (symlink("/tmp/elsewhere", "/workspace/.program") != 0) return 1;
    if (symlink("main.c", "/workspace/main.c") != 0) return 1;
    return 0;
}
