# wants: ok; stdout is "done\n"
# Calls that load code into a kernel, look into it or bring it down; none may succeed.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(4096)
calls = {"bpf": (321, 0, buffer, 120), "perf_event_open": (298, buffer, 0, -1, -1, 0), "init_module": (175, buffer, 16, b""),
         "finit_module": (313, 0, b"", 0), "delete_module": (176, b"x", 0), "kexec_load": (246, 0, 0, None, 0),
         "reboot": (169, 0xFEE1DEAD, 672274793, 0), "swapon": (167, b"/tmp/x", 0), "iopl": (172, 3), "ioperm": (173, 0x70, 1, 1),
         "syslog": (103, 3, buffer, 4096), "acct": (163, b"/tmp/x"), "quotactl": (179, 0, None, 0, None), "lookup_dcookie": (212, 0, buffer, 10),
         "open_by_handle_at": (304, 0, buffer, 0), "name_to_handle_at": (303, -100, b"/", buffer, buffer, 0), "userfaultfd": (323, 0),
         "io_uring_setup": (425, 8, buffer), "add_key": (248, b"user", b"left", b"x", 1, -3), "request_key": (249, b"user", b"left", None, -3),
         "fanotify_init": (300, 0, 0), "vhangup": (153,), "modify_ldt": (154, 0x11, buffer, 16), "uselib": (134, b"/bin/sh"), "nfsservctl": (180, 0, None, None)}
allowed = {"syslog", "modify_ldt", "io_uring_setup"}
for name, call in calls.items():
    if name in ("reboot", "vhangup") and os.getuid() == 0:
        continue
    if libc.syscall(*call) >= 0 and name not in allowed:
        print(name)
print("done")
