# wants: ok; within 1500 ms; stdout starts with "start"
# The main process ends while its children go on writing to its standard output.
import os

print("start", flush=True)
for _ in range(10):
    if os.fork() == 0:
        while True:
            os.write(1, b"later " * 1000)
os._exit(0)
