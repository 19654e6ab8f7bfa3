# wants: ok|timeout; timeoutMs=1000; within 1400 ms; stdout starts with "start"
# The first thread ends alone; the process lives on in the others.
import ctypes
import threading
import time

print("start", flush=True)
threading.Thread(target=lambda: time.sleep(30)).start()
ctypes.CDLL(None).syscall(60, 0)
