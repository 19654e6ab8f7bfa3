// wants: compile_error; stdout is ""; stderr has "main"
#include <stdio.h>

int main(void)
{
    puts("never")
    return 0;
}
