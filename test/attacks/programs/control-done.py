# wants: ok; exit 0; within 800 ms; stdout is "start\n"
# Says that it is done while it is not: its run ends there, and what it does later is nobody's.
import os
import time

print("start", flush=True)
os.write(15, b"D\0")
time.sleep(1)
print("later", flush=True)
with open("/workspace/later", "w") as file:
    file.write("x")
