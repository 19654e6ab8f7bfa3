# wants: ok; stdout is "2 or more, none of them reached\n"
# Attaches to every process of root's there is, the prepared interpreter among them, and reads and
# writes its memory by every call there is for that.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206


class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def word_of(pid):
    """An address that is mapped in the process, where its map can be read."""
    try:
        with open(f"/proc/{pid}/maps") as maps:
            return int(maps.readline().split("-")[0], 16)
    except (OSError, ValueError):
        return 0x400000


def reach(pid):
    for request in (PTRACE_ATTACH, PTRACE_SEIZE):
        if libc.ptrace(request, pid, None, None) == 0:
            yield f"traced {pid}"
    buffer = ctypes.create_string_buffer(8)
    own = Part(ctypes.cast(buffer, ctypes.c_void_p), 8)
    theirs = Part(word_of(pid), 8)
    for call in (libc.process_vm_readv, libc.process_vm_writev):
        if call(pid, ctypes.byref(own), 1, ctypes.byref(theirs), 1, 0) > 0:
            yield f"{call.__name__} {pid}"


def of_root():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == 0:
                yield int(name)
        except OSError:
            pass


pids = list(of_root())
reached = [what for pid in pids for what in reach(pid)]
print(f"{'2 or more' if len(pids) > 1 else pids}, {reached or 'none of them reached'}")
