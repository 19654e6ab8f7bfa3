# wants: ok; stdout is "done\n"
# Mounts, moves and unmounts, as the user it is.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for source, target, kind, flags in ((b"none", b"/tmp", b"tmpfs", 0), (b"proc", b"/proc", b"proc", 0), (b"/etc", b"/workspace", None, 4096),
                                    (None, b"/", None, 32 | 4096), (b"none", b"/sys", b"sysfs", 0), (b"none", b"/tmp", b"cgroup", 0)):
    if libc.mount(source, target, kind, flags, None) == 0:
        print("mounted", target)
for target in (b"/proc", b"/tmp", b"/workspace", b"/etc/hosts"):
    if libc.umount2(target, 2) == 0:
        print("unmounted", target)
PIVOT_ROOT, OPEN_TREE, FSOPEN, MOVE_MOUNT = 155, 428, 430, 429
for call in ((PIVOT_ROOT, b"/workspace", b"/workspace"), (OPEN_TREE, -100, b"/", 1), (FSOPEN, b"tmpfs", 0), (MOVE_MOUNT, 0, b"", 0, b"/tmp", 0)):
    if libc.syscall(*call) >= 0:
        print("call", call[0])
print("done")
