# wants: ok; stdout is "done\n"
# Listens under an abstract name, kept alive by a process that outlives the run, if it can.
import os
import socket
import time

server = socket.socket(socket.AF_UNIX)
server.bind("\0left-behind")
server.listen()
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
a, b = socket.socketpair()
socket.send_fds(a, [b"x"], [a.fileno(), b.fileno(), server.fileno()])
print("done", flush=True)
os._exit(0)
