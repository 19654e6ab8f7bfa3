// wants: signal; signal SIGABRT; stdout is "before\n"; stderr has "something broke"
#include <assert.h>
#include <stdio.h>

int main(void)
{
    puts("before");
    fflush(stdout);
    assert(!"something broke");
    puts("after");
    return 0;
}
