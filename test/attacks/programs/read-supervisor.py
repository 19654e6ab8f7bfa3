# wants: ok; stdout lacks "RUNNER"; stdout lacks "SECRET"; stdout lacks "opened"; stdout lacks "read its"; stdout has "done"
# Looks into process 1 by every file that shows what it holds, and opens what it has open.
import os

for name in ("environ", "auxv", "cmdline", "status", "limits", "io", "fdinfo/0"):
    try:
        with open(f"/proc/1/{name}", errors="replace") as file:
            print(name, file.read(1000))
    except OSError:
        pass
for name in ("mem", "stack", "syscall", "pagemap", "clear_refs"):
    try:
        with open(f"/proc/1/{name}", "r+b", buffering=0) as file:
            file.seek(0x400000)
            print("read its", name, file.read(16))
    except OSError:
        pass
for fd in range(64):
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
        try:
            os.open(f"/proc/1/fd/{fd}", flags | os.O_NONBLOCK)
            if os.readlink(f"/proc/1/fd/{fd}") != "/proc":
                print("opened", fd, os.readlink(f"/proc/1/fd/{fd}"))
        except OSError:
            pass
print("done")
