# wants: ok|memory; stdout starts with "start"
# Sockets sent into themselves with files of nine megabytes: the cycle keeps all of it alive after
# the process is gone, if nobody collects it.
import os
import socket

print("start", flush=True)
for _ in range(12):
    a, b = socket.socketpair()
    fd = os.memfd_create("in flight")
    for _ in range(9):
        os.write(fd, b"x" * (1 << 20))
    socket.send_fds(a, [b"x"], [a.fileno(), b.fileno(), fd])
    a.close()
    b.close()
    os.close(fd)
print("left")
