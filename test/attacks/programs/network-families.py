# wants: ok; stdout is "done\n"
# Every address family there is; only the local ones may open at all.
import socket

local = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
for family in range(64):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET, 10):
        try:
            socket.socket(family, kind).close()
            if family not in local:
                print("opened family", family, "kind", kind)
        except OSError:
            pass
print("done")
