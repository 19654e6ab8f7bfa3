# wants: ok; stdout is "done\n"
# Everything /proc shows of processes that are not its own: there are only those of the sandbox's
# own user, which it can neither look into nor touch.
import os

for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) == os.getpid():
        continue
    if os.stat(f"/proc/{name}").st_uid != 0:
        print("sees process", name)
    for file in ("environ", "mem", "maps", "auxv"):
        try:
            if open(f"/proc/{name}/{file}", "rb").read(1):
                print("reads", file, "of", name)
        except OSError:
            pass
    try:
        print("opens descriptors of", name, os.listdir(f"/proc/{name}/fd"))
    except OSError:
        pass
    for number in range(1, 65):
        try:
            os.kill(int(name), number)
            print("signals", name)
        except OSError:
            pass
print("done")
