// wants: ok; compileTimeoutMs=15000; named "@list.c"; stdout is "a file\n"
// Called as a list of further options would be.
#include <stdio.h>
int main(void)
{
    puts("a file");
    return 0;
}
