# wants: ok; stdout is "done\n"
# The files of /proc that would show the kernel's memory, log, keys or symbols.
import os

for name in ("kcore", "kmsg", "kallsyms", "keys", "key-users", "iomem", "ioports", "kpagecount", "kpageflags",
             "sched_debug", "timer_list", "vmallocinfo", "slabinfo", "sysrq-trigger", "self/stack", "acpi", "scsi"):
    path = f"/proc/{name}"
    try:
        content = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(64)
        if content:
            print(name, content)
    except OSError:
        pass
print("done")
