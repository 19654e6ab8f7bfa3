# wants: ok|error|timeout|signal; timeoutMs=800; within 1200 ms; stdout starts with "start"
# Replaces everything that runs after it: streams, handlers, system calls and the interpreter's own.
import atexit
import os
import signal
import sys
import threading

print("start", flush=True)
os.write = os._exit = lambda *_: None
signal.pause = lambda: None
threading._shutdown = lambda: 1 / 0
atexit._run_exitfuncs = lambda: sys.exit(999)
sys.excepthook = lambda *_: (_ for _ in ()).throw(SystemExit("no"))
sys.stdout = sys.stderr = None
sys.modules.clear()
raise KeyboardInterrupt
