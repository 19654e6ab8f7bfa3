# wants: ok|memory|error; stdout starts with "start"; peak <= 320 MB
# Asks for all of its memory to be locked in, and for more of it than there is.
import ctypes
import mmap

print("start", flush=True)
libc = ctypes.CDLL(None)
libc.mlockall(3)
area = mmap.mmap(-1, 600 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
print("done")
