# wants: ok; timeoutMs=25000; within 25000 ms; stdout is "nothing\n"
# Looks for the socket the supervisor came by, and for any other that leads out of the sandbox.
import os
import socket

PLACES = ["/run/coderunner", "/run/coderunner/door", "/run/docker.sock", "/var/run/docker.sock",
          "/run/containerd/containerd.sock", "/run/systemd/private", "/dev/log"]


def reach(path):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            return True
    except OSError:
        return False


found = [path for path in PLACES if reach(path)]
try:
    found += os.listdir("/run/coderunner")
except OSError:
    pass
for root, _, names in os.walk("/"):
    if root.startswith(("/proc", "/sys")):
        continue
    for name in names:
        path = os.path.join(root, name)
        try:
            if os.stat(path).st_mode & 0o170000 == 0o140000:
                found.append(path)
        except OSError:
            pass
print(found or "nothing")
