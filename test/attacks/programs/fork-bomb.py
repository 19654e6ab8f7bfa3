# wants: timeout|memory; timeoutMs=1000; within 2500 ms; stdout is "start\n"
# Every process forks as fast as it can and never gives up when it is refused.
import os

print("start", flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass
