# wants: ok; stdout is "done\n"
# A process that is not dumpable hides whose it is on some kernels.
import ctypes
import os
import time

libc = ctypes.CDLL(None)
PR_SET_DUMPABLE = 4
for _ in range(4):
    if os.fork() == 0:
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        os.setsid()
        while True:
            time.sleep(0.01)
            open("/tmp/later", "a").close()
time.sleep(0.1)
print("done")
