/* A pipe by name, because some shells can take no descriptor but one they open themselves. */
#define _GNU_SOURCE
#include "cell.h"
#include "protocol.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE CELL_PLACE "/source"
#define INPUT CELL_PLACE "/stdin"

int write_source(const struct file_part *part)
{
    int how = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(SOURCE, how | (part->flags & FILE_CREATE ? O_TRUNC : O_APPEND), 0444);
    if (fd < 0) return -1;
    int result = write_all_to(fd, part->data, part->length);
    close(fd);
    return result;
}

/* Open for both, or opening would wait for a reader; so it is closed for the reader to see its end. */
int open_cell_input(uid_t uid)
{
    unlink(INPUT);
    if (mkfifo(INPUT, 0400) != 0 || chown(INPUT, uid, uid) != 0) return -1;
    return open(INPUT, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

void remove_cell(void)
{
    unlink(SOURCE);
    unlink(INPUT);
}
