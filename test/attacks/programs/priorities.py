# wants: ok; stdout is "done\n"
# Takes more of the processor than its share, and leaves less of it to process 1 and what comes after.
import os
import resource

for act in (lambda: os.nice(-20), lambda: os.setpriority(os.PRIO_PROCESS, 1, 19), lambda: os.setpriority(os.PRIO_USER, 0, 19)):
    try:
        act()
    except OSError:
        pass
for name in ("RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE"):
    limit = getattr(resource, name)
    soft, hard = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (hard + 1, hard + 1))
        print("raised", name)
    except (OSError, ValueError):
        pass
print("done")
