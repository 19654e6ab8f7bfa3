// wants: timeout; timeoutMs=1500; stdout is "started\n"
#include <stdio.h>
#include <time.h>

int main(void)
{
    time_t end = time(NULL) + 60;
    volatile unsigned long count = 0;
    puts("started");
    fflush(stdout);
    while (time(NULL) < end) count++;
    puts("never");
    return 0;
}
