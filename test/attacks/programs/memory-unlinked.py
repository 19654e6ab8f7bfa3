# wants: memory|error; within 3000 ms; stdout starts with "start"
# Files that are open but in no directory any more, next to a heap: both must count.
import os
import time

print("start", flush=True)
for place in ("/workspace", "/tmp", "/dev/shm"):
    for i in range(7):
        fd = os.open(f"{place}/f{i}", os.O_RDWR | os.O_CREAT)
        os.unlink(f"{place}/f{i}")
        for _ in range(9):
            os.write(fd, b"x" * (1 << 20))
held = b"x" * (200 << 20)
time.sleep(1)  # memory is looked at every few milliseconds, and later on a busy host
print("had it all")
