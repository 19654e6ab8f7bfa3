# Prints "clean" when nothing of any earlier execution can be seen, and otherwise what can be seen.
import ctypes
import os

found = []
for place in ("/workspace", "/tmp", "/dev/shm"):
    found += [f"{place}/{name}" for name in os.listdir(place) if f"{place}/{name}" != "/workspace/main.py"]
    found += [f"{place} xattr {name}" for name in os.listxattr(place)]
found += [f"process {name}" for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid() and os.stat(f"/proc/{name}").st_uid != 0]
wanted = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "PWD", "PYTHONDONTWRITEBYTECODE", "MPLCONFIGDIR", "LC_CTYPE"}
found += [f"variable {name}" for name in os.environ if name not in wanted]
libc = ctypes.CDLL(None)
SHM_INFO, SEM_INFO, MSG_INFO = 14, 19, 12
info = (ctypes.c_int * 64)()
for name, call, count in (
    ("segments", lambda: libc.shmctl(0, SHM_INFO, info), 0),
    ("semaphores", lambda: libc.semctl(0, 0, SEM_INFO, info), 7),
    ("queues", lambda: libc.msgctl(0, MSG_INFO, info), 0),
):
    if call() >= 0 and info[count] != 0:
        found.append(f"{info[count]} System V {name}")
if libc.mq_open(b"/left0", os.O_RDWR) >= 0:
    found.append("a message queue")
found += [line for line in open("/proc/net/unix").read().splitlines()[1:] if line.split()[-1].startswith("@")]
if os.getcwd() != "/workspace" or os.umask(0o22) != 0o22:
    found.append("another directory or umask")
if os.nice(0) != 0 or os.getpriority(os.PRIO_PROCESS, 1) != 0:
    found.append(f"priority {os.nice(0)}")
if len(os.sched_getaffinity(0)) != os.cpu_count():
    found.append(f"processors {os.sched_getaffinity(0)}")
info = dict(line.split(":", 1) for line in open("/proc/meminfo"))
held = sum(int(info[name].split()[0]) for name in ("AnonPages", "Shmem"))
if held > 48 * 1024:
    found.append(f"{held} KiB held")
print("\n".join(found) or "clean")
