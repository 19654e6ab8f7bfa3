# wants: ok; stdout is "done\n"
# Leaves semaphores, queues with messages and shared memory to whoever comes next.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for i in range(200):
    libc.semget(0x2000 + i, 10, 0o1666)
    queue = libc.msgget(0x3000 + i, 0o1666)
    libc.msgsnd(queue, b"\1\0\0\0\0\0\0\0secret", 6, 0o4000)
    libc.shmget(0x4000 + i, 4096, 0o1666)
print("done")
