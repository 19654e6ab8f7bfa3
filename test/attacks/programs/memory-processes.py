# wants: memory; within 2900 ms; stdout starts with "start"
# Forty processes with sixteen megabytes each: none is large, all together are.
import os
import time

print("start", flush=True)
for _ in range(40):
    if os.fork() == 0:
        held = bytearray(b"x" * (16 << 20))
        time.sleep(10)
time.sleep(10)
