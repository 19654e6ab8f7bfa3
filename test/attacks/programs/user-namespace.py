# wants: ok; stdout is "done\n"
# Root of a user namespace of its own: what does that allow towards everybody else?
import ctypes
import os
import resource
import signal

uid, gid = os.getuid(), os.getgid()
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000) == 0:
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        try:
            open(f"/proc/self/{name}", "w").write(text)
        except OSError:
            pass


def attempt(what, act):
    try:
        act()
        print(what)
    except (OSError, ValueError):
        pass


attempt("signalled process 1", lambda: os.kill(1, signal.SIGTERM))
attempt("read its memory", lambda: open("/proc/1/mem", "rb").read(1))
for fd in range(3):
    attempt(f"opened its descriptor {fd}", lambda: os.open(f"/proc/1/fd/{fd}", os.O_WRONLY))
attempt("raised a limit", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999)))
attempt("raised the size of files", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)))
attempt("set the clock", lambda: __import__("time").clock_settime(0, 0))
attempt("set the host name", lambda: __import__("socket").sethostname("mine"))
attempt("wrote to /etc", lambda: open("/etc/passwd", "a"))
attempt("wrote to a setting", lambda: open("/proc/sys/kernel/hostname", "w").write("mine"))
if libc.ptrace(16, 1, None, None) == 0:
    print("traced process 1")
if resource.getrlimit(resource.RLIMIT_NPROC)[1] > 64:
    print("may have more processes")
os.write(1, b"done\n")
os._exit(0)
