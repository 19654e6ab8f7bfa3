// wants: ok; compileTimeoutMs=15000; named "-fplugin=x.c"; stdout is "a file\n"
// Called as an option that would load code into the compiler.
#include <stdio.h>
int main(void)
{
    puts("a file");
    return 0;
}
