# wants: ok; stdout is "done\n"
# Asks for every identity and capability there is.
import ctypes
import os

for become in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0]),
               lambda: os.setuid(20_001 if os.getuid() != 20_001 else 20_002), lambda: os.setfsuid(0)):
    try:
        become()
        print("became", os.getresuid())
    except (OSError, AttributeError):
        pass
status = dict(line.split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
    if int(status.get(name, "0"), 16):
        print(name, status[name])
if ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) != 1:
    print("may gain privileges")
os.setuid(os.getuid())
print("done")
