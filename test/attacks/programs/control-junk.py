# wants: ok|error|timeout; timeoutMs=1500; within 1900 ms; stdout starts with "start"
# Writes a megabyte of junk to the control socket, in every alignment.
import os

print("start", flush=True)
for size in (1, 3, 7, 1000, 65536, 65536, 65536):
    os.write(15, b"R" * size)
