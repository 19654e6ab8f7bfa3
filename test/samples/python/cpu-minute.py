# wants: timeout; timeoutMs=1500; stdout is "started\n"
import time

print("started", flush=True)
end = time.monotonic() + 60
count = 0
while time.monotonic() < end:
    count += 1
print("never")
