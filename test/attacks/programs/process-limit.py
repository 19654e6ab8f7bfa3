# wants: ok; stdout is "refused in time\n"; stderr is ""
# Counts how many sleeping processes and threads it may have at once, all together.
import os
import signal
import threading

count = 0
try:
    for _ in range(30):
        if os.fork() == 0:
            signal.pause()
        count += 1
    for _ in range(300):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        count += 1
except (OSError, RuntimeError):
    pass
os.write(1, b"refused in time\n" if count <= 64 else f"has {count}\n".encode())
os._exit(0)
