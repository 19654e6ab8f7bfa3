# wants: memory; within 2500 ms; stdout is "start\n"
# Anonymous files count towards no mount's size.
import os

print("start", flush=True)
for i in range(100):
    fd = os.memfd_create(f"m{i}")
    for _ in range(9):
        os.write(fd, b"x" * (1 << 20))
print("had it all")
