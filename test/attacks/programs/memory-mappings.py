# wants: ok|memory|timeout|error; timeoutMs=2000; within 2400 ms; stdout starts with "start"
# Hundreds of thousands of one-page mappings cost the kernel more than the program.
import ctypes
import mmap

print("start", flush=True)
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
for i in range(400_000):
    protection = mmap.PROT_READ if i % 2 else mmap.PROT_NONE
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    libc.mmap(None, ctypes.c_size_t(4096), protection, flags, -1, ctypes.c_long(0))
print("done")
