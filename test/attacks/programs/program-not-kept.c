// wants: ok; compileTimeoutMs=15000; times=2; stdout is "1\n"
// A built program that is allowed, but too large to be kept: it is built and run each time.
#include <stdio.h>
char all[20 << 20] = {1};
int main(void)
{
    printf("%d\n", all[0]);
    return 0;
}
