# wants: signal; signal SIGKILL; within 1500 ms; stdout is "start\n"
# Kills its own process group, from a child, after the group has grown.
import os
import signal
import time

print("start", flush=True)
for _ in range(5):
    if os.fork() == 0:
        time.sleep(0.05)
        os.kill(0, signal.SIGKILL)
time.sleep(5)
