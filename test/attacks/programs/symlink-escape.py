# wants: ok; stdout is "done\n"
# Symbolic links to what belongs to others, and writing through them.
import os

targets = ["/etc/passwd", "/proc/1/mem", "/proc/1/root/etc/passwd", "/proc/1/fd/1", "/proc/sys/kernel/hostname",
           "/opt/coderunner/supervisor", "/usr/bin/python3", "/proc/sysrq-trigger", "/sys/fs/cgroup/pids/pids.max"]
for i, target in enumerate(targets):
    os.symlink(target, f"link{i}")
    for flags in (os.O_WRONLY, os.O_RDWR | os.O_TRUNC, os.O_WRONLY | os.O_CREAT):
        try:
            fd = os.open(f"link{i}", flags)
            os.write(fd, b"root::0:0::/:/bin/sh\n")
            print("wrote to", target)
        except OSError:
            pass
print("done")
