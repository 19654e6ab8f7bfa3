# wants: ok|error|output_limit; stdout starts with "start"; stdout lacks "Traceback"
# Makes the pipe of its own standard output as large as it can, fills it and ends at once. (Or writes on, for as long as all of it is read at once.)
import fcntl
import os

os.write(1, b"start\n")
for size in (1 << 20, 4 << 20, 8 << 20):
    try:
        fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, size)
    except OSError:
        break
os.set_blocking(1, False)
try:
    while True:
        os.write(1, b"x" * 65536)
except BlockingIOError:
    pass
os._exit(0)
