# wants: ok; stdout is "done\n"
# POSIX message queues have names that outlive processes; the second run must not find the first's.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for i in range(20):
    libc.mq_open(f"/left{i}".encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
print("done")
