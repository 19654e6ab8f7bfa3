# wants: ok; stdin of 500000 bytes; within 2500 ms; stdout is "500000\n"
# Reads its input from two processes at once, byte by byte here and in blocks there.
import os

ours, theirs = os.pipe()
if os.fork() == 0:
    total = 0
    while block := os.read(0, 65536):
        total += len(block)
    os.write(theirs, f"{total}\n".encode())
    os._exit(0)
total = sum(1 for _ in range(200) if os.read(0, 1))
os.wait()
print(total + int(os.read(ours, 20)))
