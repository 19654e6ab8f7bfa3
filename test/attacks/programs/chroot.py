# wants: ok; stdout is "done\n"
# Changes its root, outside and inside a user namespace, and climbs out by an open directory.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
try:
    os.chroot("/workspace")
    print("changed its root")
except OSError:
    pass
if libc.unshare(0x10000000) == 0:
    outside = os.open("/", os.O_RDONLY)
    try:
        os.mkdir("/workspace/jail")
        os.chroot("/workspace/jail")
        os.fchdir(outside)
        for _ in range(50):
            os.chdir("..")
        os.chroot(".")
        if os.path.exists("/var/lib/docker") or os.path.exists("/home/") and os.listdir("/home"):
            print("climbed out")
    except OSError:
        pass
os.write(1, b"done\n")
