# wants: memory; within 2500 ms; stdout is "start\n"
# Shared anonymous mappings belong to no heap and survive a fork.
import mmap

print("start", flush=True)
held = []
while True:
    area = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    area.write(b"x" * (8 << 20))
    held.append(area)
