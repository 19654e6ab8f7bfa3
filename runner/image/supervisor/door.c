/* The way to the runner; door.h says which ways there are. */
#define _GNU_SOURCE
#include "door.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void knock(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof address.sun_path) return;
    strcpy(address.sun_path, path);
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (door < 0) return;
    if (connect(door, (struct sockaddr *)&address, sizeof address) == 0) {
        dup2(door, STDIN_FILENO);
        dup2(door, STDOUT_FILENO);
    }
    close(door);
}
