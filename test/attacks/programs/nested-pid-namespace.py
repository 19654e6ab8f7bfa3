# wants: ok; stdout is "done\n"
# Hides children in a process namespace of their own, where they are 1 and out of sight.
import ctypes
import os
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, CLONE_NEWPID = 0x10000000, 0x20000000
if libc.unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0:
    for _ in range(4):
        try:
            if os.fork() == 0:
                os.setsid()
                while True:
                    time.sleep(0.01)
                    open("/tmp/later", "a").close()
        except OSError:
            break
time.sleep(0.1)
print("done", flush=True)
os._exit(0)
