# wants: ok; stdout has "done"; stdout lacks "Traceback"
# Writes what looks like the supervisor's report to every descriptor there could be.
import os
import struct

body = struct.pack("<IiiIQQQQQ", 0, 0, 0, 0, 1, 1, 1, 1, 1)
frame = struct.pack("<IIII", len(body), 105, 1, 3) + body
for fd in range(256):
    if fd == 15:
        continue
    try:
        os.write(fd, frame)
    except OSError:
        pass
print("done")
