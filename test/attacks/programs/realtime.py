# wants: timeout; timeoutMs=600; within 1000 ms; stdout starts with "start"
# Real-time threads on every processor that never yield.
import os
import threading

print("start", flush=True)
for _ in range(8):
    if os.fork() == 0:
        break
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
except OSError:
    pass
while True:
    pass
