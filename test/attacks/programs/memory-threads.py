# wants: memory; within 2900 ms; stdout is "start\n"
# Memory on the stacks and in the hands of threads.
import threading
import time

print("start", flush=True)


def hold():
    held = bytearray(b"x" * (16 << 20))
    time.sleep(10)
    del held


for _ in range(40):
    threading.Thread(target=hold, daemon=True).start()
time.sleep(10)
