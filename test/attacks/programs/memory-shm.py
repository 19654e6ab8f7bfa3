# wants: memory|error|signal; within 2500 ms; stdout starts with "start"
# POSIX shared memory, mapped and filled, under many names.
from multiprocessing import resource_tracker, shared_memory

print("start", flush=True)
resource_tracker.register = lambda *_: None
held = []
for i in range(64):
    segment = shared_memory.SharedMemory(create=True, size=8 << 20, name=f"left{i}")
    segment.buf[:] = b"x" * (8 << 20)
    held.append(segment)
print("had it all")
