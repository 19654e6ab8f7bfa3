# wants: ok; stdout is "done\n"
# Sockets that see or forge packets: raw, packet, and ping.
import socket

for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET, socket.SOCK_RAW, 255),
                               (socket.AF_INET6, socket.SOCK_RAW, 58), (17, socket.SOCK_RAW, 0x0300),
                               (17, socket.SOCK_DGRAM, 0x0300), (40, socket.SOCK_STREAM, 0)):
    try:
        socket.socket(family, kind, protocol)
        print("opened", family, kind, protocol)
    except OSError:
        pass
print("done")
