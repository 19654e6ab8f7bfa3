# wants: ok; stdout is "done\n"
# Everything /proc shows of processes that are not its own: those that are left are the sandbox's
# root's, whose memory and descriptors it cannot open and which it cannot signal.
import os

for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) == os.getpid():
        continue
    if os.stat(f"/proc/{name}").st_uid != 0:
        print("sees process", name)
    paths = [f"/proc/{name}/mem"] + [f"/proc/{name}/fd/{fd}" for fd in (0, 1, 2, 15)]
    for path in paths:
        for how in (os.O_RDONLY, os.O_WRONLY):
            try:
                os.close(os.open(path, how | os.O_NONBLOCK))
                print("opens", path)
            except OSError:
                pass
    for number in range(1, 65):
        try:
            os.kill(int(name), number)
            print("signals", name)
        except OSError:
            pass
print("done")
