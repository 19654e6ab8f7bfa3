# wants: memory|ok|error|timeout; within 3500 ms; stdout starts with "start"
# TCP over the loopback device: the network stack's own buffers, full and never read.
import os
import signal
import socket

print("start", flush=True)
for _ in range(16):
    if os.fork() == 0:
        held = []
        try:
            server = socket.create_server(("127.0.0.1", 0))
            for _ in range(60):
                client = socket.create_connection(server.getsockname())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
                client.setblocking(False)
                held += [client, server.accept()[0]]
                try:
                    while True:
                        client.send(b"x" * 65536)
                except BlockingIOError:
                    pass
        except OSError:
            pass
        signal.pause()
signal.pause()
