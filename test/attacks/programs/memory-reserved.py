# wants: ok|error; stdout has "done"; peak <= 100 MB
# Address space that is only reserved is not memory: sixteen gigabytes must not count.
import mmap

try:
    area = mmap.mmap(-1, 16 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_NORESERVE)
    area[0] = 1
except OSError:
    pass
print("done")
