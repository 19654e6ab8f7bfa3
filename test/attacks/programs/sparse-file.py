# wants: ok; stdout is "truncate refused\nallocate refused\nseek refused\n"
# Files that are huge in name only: by truncation, by allocation, and by writing far out.
import os

for name, make in {
    "truncate": lambda fd: os.truncate(fd, 1 << 40),
    "allocate": lambda fd: os.posix_fallocate(fd, 0, 1 << 34),
    "seek": lambda fd: os.pwrite(fd, b"x", 1 << 36),
}.items():
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    try:
        make(fd)
        print(name, "worked", os.fstat(fd).st_size)
    except OSError:
        print(name, "refused")
