# wants: ok; stdout is "done\n"
# A daemon by the book: two forks, a session of its own, no streams; it writes after the end.
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        for i in range(100):
            time.sleep(0.02)
            for place in ("/workspace", "/tmp", "/dev/shm"):
                try:
                    open(f"{place}/later{i}", "w").close()
                except OSError:
                    pass
    os._exit(0)
os.wait()
print("done")
