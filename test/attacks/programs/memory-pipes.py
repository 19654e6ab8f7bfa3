# wants: memory|ok|error|timeout; within 3500 ms; stdout starts with "start"
# Pipes as large as they may be, full and never read, in many processes.
import fcntl
import os
import signal

print("start", flush=True)
for _ in range(24):
    if os.fork() == 0:
        try:
            for _ in range(120):
                _, end = os.pipe()
                os.set_blocking(end, False)
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 1 << 20)
                os.write(end, b"x" * (1 << 20))
        except OSError:
            pass
        signal.pause()
try:
    while True:
        os.wait()
except ChildProcessError:
    print("done")
