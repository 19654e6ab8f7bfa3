# wants: ok|error|signal|memory; within 2900 ms; stdout starts with "start"
# Grows a file to its limit, maps it past its end and writes there.
import mmap
import os

print("start", flush=True)
fd = os.open("mapped", os.O_RDWR | os.O_CREAT)
os.truncate(fd, 10 << 20)
area = mmap.mmap(fd, 10 << 20)
os.truncate(fd, 4096)
area[8 << 20] = 1
print("wrote past the end")
