# wants: ok; stdout lacks "$HOST_NAME"; stdout lacks "$HOST_RELEASE"; stdout lacks "$HOST_CPU"; stdout has "done"
# Prints everything that /proc says of the machine; the harness looks for the machine's own facts.
import os
import platform

for name in ("version", "cmdline", "cpuinfo", "mounts", "self/mountinfo", "self/cgroup", "filesystems", "modules",
             "partitions", "diskstats", "swaps", "interrupts", "net/route", "net/arp", "net/dev", "sys/kernel/osrelease",
             "sys/kernel/hostname", "version_signature", "config.gz", "bus/pci/devices"):
    try:
        with open(f"/proc/{name}", errors="replace") as file:
            print(name, file.read(20_000))
    except OSError:
        pass
print(platform.uname(), os.uname())
print("done")
