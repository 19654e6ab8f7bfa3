# wants: ok; stdout is "start\n"
# A process that forks and at once exits, for ever: whoever kills it by number always comes too late.
import os

print("start", flush=True)
if os.fork() == 0:
    while True:
        try:
            if os.fork() > 0:
                os._exit(0)
        except OSError:
            pass
