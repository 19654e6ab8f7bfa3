# wants: ok|timeout; timeoutMs=800; within 1200 ms; stdout starts with "start"
# Traces a child and leaves it stopped under the tracer, where it cannot be told to end.
import ctypes
import os
import signal
import time

print("start", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
for _ in range(5):
    child = os.fork()
    if child == 0:
        libc.ptrace(0, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(10)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
