# wants: ok; stdout is "done\n"
# The newer ways to a process: a descriptor of it, its signals queued with a value, its limits.
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(256)
PIDFD_SEND_SIGNAL, PIDFD_OPEN, PIDFD_GETFD = 424, 434, 438
pidfd = libc.syscall(PIDFD_OPEN, 1, 0)
if pidfd >= 0 and libc.syscall(PIDFD_SEND_SIGNAL, pidfd, 9, None, 0) == 0:
    print("sent by descriptor")
if pidfd >= 0 and libc.syscall(PIDFD_GETFD, pidfd, 1, 0) >= 0:
    print("got its descriptor")
RT_SIGQUEUEINFO, TGKILL, TKILL = 129, 234, 200
for call in ((RT_SIGQUEUEINFO, 1, 9, buffer), (TGKILL, 1, 1, 9), (TKILL, 1, 9)):
    if libc.syscall(*call) == 0:
        print("sent by call", call[0])
for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    try:
        resource.prlimit(1, limit, (0, 0))
        print("limited the supervisor")
    except OSError:
        pass
try:
    os.sched_setaffinity(1, {0})  # whoever is started next would have one processor
except OSError:
    pass
print("done")
