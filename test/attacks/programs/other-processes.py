# wants: ok; stdout is "done\n"
# Everything /proc shows of processes that are not its own.
import os

for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) in (1, os.getpid()):
        continue
    print("sees process", name)
print("done")
