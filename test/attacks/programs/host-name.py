# wants: ok; stdout is "sandbox\ndone\n"
# Renames the machine for everybody.
import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)
for call in (libc.sethostname, libc.setdomainname):
    if call(b"mine", 4) == 0:
        print("renamed")
print(socket.gethostname())
print("done")
