# wants: ok|timeout; times=11; timeoutMs=200; within 600 ms; stdout starts with "start"
# Ends within five milliseconds of its deadline, before or after, a different one each time.
import sys
import time

started = time.monotonic()
print("start", flush=True)
ends_after = 0.195 + int(sys.argv[1]) / 1000
while time.monotonic() - started < ends_after:
    pass
print("end")
