# wants: timeout|ok|signal; timeoutMs=1000; within 1400 ms; stdout starts with "start"
# Ten thousand timers that all fire all the time, with signals that are never taken.
import ctypes
import signal
import time

print("start", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
spec = (ctypes.c_long * 4)(0, 1000, 0, 1000)
for _ in range(10_000):
    timer = ctypes.c_void_p()
    if libc.timer_create(1, None, ctypes.byref(timer)) != 0:
        break
    libc.timer_settime(timer, 0, spec, None)
signal.setitimer(signal.ITIMER_REAL, 0.000001, 0.000001)
time.sleep(5)
