// wants: ok|error|signal|timeout; timeoutMs=1500; compileTimeoutMs=15000; stdout lacks "said"
// Speaks on every descriptor there could be as the launcher would: that it is ready, that a stage is
// over, that the job is done.
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
    for (int fd = 3; fd < 256; fd++) {
        if (send(fd, "Rc=9.9.9;", 9, MSG_NOSIGNAL) > 0) puts("said R");
        if (send(fd, "C\0\0", 3, MSG_NOSIGNAL) > 0) puts("said C");
        if (send(fd, "D\0", 2, MSG_NOSIGNAL) > 0) puts("said D");
    }
    return 3;
}
