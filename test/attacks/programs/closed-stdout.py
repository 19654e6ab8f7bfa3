# wants: error|ok|signal; within 1500 ms; stdout is "start\n"
# Closes its output, goes on for a while and then writes to it.
import os
import time

print("start", flush=True)
os.close(1)
time.sleep(0.1)
os.close(2)
open("/workspace/one", "w")
print("x" * 100_000)
