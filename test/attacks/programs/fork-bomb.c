// wants: ok|error|signal|timeout|memory; timeoutMs=2000; compileTimeoutMs=15000
// As many processes as there may be, each of which makes more.
#include <unistd.h>
int main(void)
{
    for (;;) fork();
}
