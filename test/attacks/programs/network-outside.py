# wants: ok; within 2500 ms; stdout is "done\n"
# The ways out: TCP, UDP and the resolver, over both versions of IP.
import socket

for family, address in ((socket.AF_INET, "1.1.1.1"), (socket.AF_INET, "172.17.0.1"), (socket.AF_INET, "10.0.0.1"),
                        (socket.AF_INET6, "2606:4700:4700::1111"), (socket.AF_INET6, "fe80::1")):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(family, kind) as out:
                out.settimeout(0.2)
                out.connect((address, 53))
                out.send(b"x")
                print("sent to", address)
        except OSError:
            pass
try:
    print(socket.getaddrinfo("example.com", 80))
except OSError:
    pass
print("done")
