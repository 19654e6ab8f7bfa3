# wants: output_limit; within 2900 ms; stderrBytes >= 60000000; stdout is "start\n"
# Large blocks to standard error for ever.
import os

print("start", flush=True)
while True:
    os.write(2, b"x" * (1 << 20))
