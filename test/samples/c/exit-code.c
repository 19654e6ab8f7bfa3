// wants: error; exit 7; stdout is "before\n"; stderr is ""
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    puts("before");
    exit(7);
}
