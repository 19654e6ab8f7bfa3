# wants: ok; stdout is "done\n"
# Attaches to process 1 as a debugger would, and reads and writes its memory directly.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.process_vm_readv.restype = libc.process_vm_writev.restype = ctypes.c_ssize_t
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
for request in (PTRACE_ATTACH, PTRACE_SEIZE):
    if libc.ptrace(request, 1, None, None) == 0:
        print("attached with", request)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


buffer = ctypes.create_string_buffer(16)
local = Vector(ctypes.cast(buffer, ctypes.c_void_p), 16)
remote = Vector(0x400000, 16)
for call in (libc.process_vm_readv, libc.process_vm_writev):
    if call(1, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0:
        print("reached its memory")
print("done")
