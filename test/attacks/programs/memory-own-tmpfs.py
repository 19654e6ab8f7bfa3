# wants: memory|error; within 3000 ms; stdout starts with "start"
# In a user namespace a program is root of its own mounts: a tmpfs without a size.
import ctypes
import os

print("start", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x00020000
if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
    raise SystemExit("refused")
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) != 0:
    raise SystemExit("refused: " + os.strerror(ctypes.get_errno()))
for i in range(80):
    with open(f"/tmp/f{i}", "wb") as file:
        file.write(b"x" * (9 << 20))
print("had it all")
