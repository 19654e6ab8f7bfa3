# wants: ok; stdout is "done\n"
# Every kind of namespace without owning one, and entering those of process 1.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
names = {0x00020000: "mount", 0x04000000: "uts", 0x08000000: "ipc", 0x20000000: "pid", 0x40000000: "net"}
for flag, name in names.items():
    if os.fork() == 0:
        if libc.unshare(flag) == 0:
            os.write(1, f"unshared {name}\n".encode())
        os._exit(0)
    os.wait()
for name in ("mnt", "user", "pid", "net", "uts", "ipc"):
    try:
        fd = os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
        if libc.setns(fd, 0) == 0:
            print("entered", name)
    except OSError:
        pass
print("done")
