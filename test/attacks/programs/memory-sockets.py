# wants: memory|ok|error|timeout; within 3500 ms; stdout starts with "start"
# Socket buffers, full and never read, in many processes.
import os
import signal
import socket

print("start", flush=True)
for _ in range(24):
    if os.fork() == 0:
        held = []
        try:
            for _ in range(100):
                pair = socket.socketpair()
                pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
                pair[0].setblocking(False)
                held.append(pair)
                for _ in range(64):
                    pair[0].send(b"x" * 65536)
        except OSError:
            pass
        signal.pause()
signal.pause()
