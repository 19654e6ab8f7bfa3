// wants: ok; stdout is "Hello, world!\n"
#include <stdio.h>

int main(void)
{
    puts("Hello, world!");
    return 0;
}
