# wants: timeout; times=3; timeoutMs=250; within 650 ms; stdout starts with "start"
# Forks, and kills what it has forked, at the moment it is stopped.
import os
import signal

print("start", flush=True)
while True:
    try:
        child = os.fork()
        if child == 0:
            os.setsid()
            os.fork()
            signal.pause()
        os.kill(child, signal.SIGKILL)
    except OSError:
        os.system("true")
