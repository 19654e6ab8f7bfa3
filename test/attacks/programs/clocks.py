# wants: ok; stdout is "done\n"
# Moves the clock, so that deadlines never come.
import ctypes
import time

libc = ctypes.CDLL(None, use_errno=True)
for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME):
    try:
        time.clock_settime(clock, 0)
        print("set clock", clock)
    except OSError:
        pass
seconds = (ctypes.c_long * 2)(0, 0)
if libc.settimeofday(seconds, None) == 0:
    print("set the time of day")
timex = ctypes.create_string_buffer(256)
timex.raw = (0x0001).to_bytes(4, "little") + bytes(252)
if libc.adjtimex(timex) >= 0:
    print("adjusted the clock")
print("done")
