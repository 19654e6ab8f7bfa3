# wants: ok|timeout|memory; timeoutMs=2000; within 2400 ms; stdout starts with "start"
# Empty files take no space of a mount that is limited by space only.
import os

print("start", flush=True)
for i in range(60_000):
    os.close(os.open(f"/tmp/{i}", os.O_CREAT))
