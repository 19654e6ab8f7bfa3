# wants: ok|error|timeout; timeoutMs=1500; within 1900 ms; stdout starts with "start"
# Sends descriptors over the control socket, to fill the supervisor's table with them.
import array
import socket

print("start", flush=True)
control = socket.socket(fileno=15)
some = [control.dup() for _ in range(60)]
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno() for one in some]))]
control.setblocking(False)
for _ in range(200):
    try:
        control.sendmsg([b"RR"], rights)
    except BlockingIOError:
        break
control.setblocking(True)
control.detach()
