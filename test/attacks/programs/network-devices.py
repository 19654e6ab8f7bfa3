# wants: ok; stdout is "interfaces lo\ndone\n"
# Makes devices of its own, and asks which ones there are.
import fcntl
import os
import socket
import struct

print("interfaces", *[name for _, name in socket.if_nameindex()])
try:
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
    print("made a device")
except OSError:
    pass
with socket.socket() as any_socket:
    try:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0))
        print("took the loopback down")
    except OSError:
        pass
print("done")
