# wants: timeout; timeoutMs=700; within 1100 ms; stdout is "start\n"
# Ignores every signal that can be ignored and blocks the rest.
import signal

print("start", flush=True)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
