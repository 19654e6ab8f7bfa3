# wants: ok|error|signal|timeout; timeoutMs=1000; within 1400 ms; stdout starts with "start"
# Shuts the control socket down in both directions and goes on.
import socket

print("start", flush=True)
control = socket.socket(fileno=15)
control.shutdown(socket.SHUT_RDWR)
control.detach()
print("after", flush=True)
