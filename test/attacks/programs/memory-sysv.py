# wants: memory; within 2500 ms; stdout is "start\n"
# System V shared memory needs no process to live on, and lies in no file system.
import ctypes

print("start", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
for i in range(100):
    segment = libc.shmget(0x1000 + i, 8 << 20, 0o1666)
    address = libc.shmat(segment, None, 0)
    ctypes.memset(address, 1, 8 << 20)
    libc.shmdt(ctypes.c_void_p(address))
print("had it all")
