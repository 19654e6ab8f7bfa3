# wants: ok; stdout is "done\n"
# A process that takes in the orphans of others, so that they never reach process 1.
import ctypes
import os
import time

libc = ctypes.CDLL(None)
PR_SET_CHILD_SUBREAPER = 36
if os.fork() == 0:
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for _ in range(10):
        if os.fork() == 0:
            if os.fork() > 0:
                os._exit(0)
            time.sleep(30)
    time.sleep(30)
time.sleep(0.1)
print("done")
