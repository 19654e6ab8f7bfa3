# wants: signal; signal SIGSEGV; within 1500 ms; stdout is "start\n"
# Crashes with core dumps asked for: no core may be written anywhere.
import ctypes
import resource

try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
except (OSError, ValueError):
    pass
print("start", flush=True)
ctypes.string_at(0)
