# wants: ok; stdout is "refused\n"
# Opens files until it is refused, in every process it may have.
import os
import signal

for _ in range(30):
    if os.fork() == 0:
        try:
            while True:
                os.dup(1)
        except OSError:
            signal.pause()
count = 0
try:
    while count < 5000:
        os.open("/dev/null", os.O_RDONLY)
        count += 1
except OSError:
    pass
os.write(1, b"refused\n" if count < 300 else b"never refused\n")
os._exit(0)
