# wants: ok; within 2900 ms; stdout is "done\n"
# Whatever the host itself might offer on its loopback: ssh, Docker, databases, the runner.
import socket

ports = [*range(1, 1025), 2019, 2024, 2375, 2376, 3000, 3306, 5000, 5432, 6379, 8080, 8443, 8787, 8788, 9000, 9090, 9100, 9788]
for port in ports:
    with socket.socket() as probe:
        probe.settimeout(0.05)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            print("something listens on", port)
print("done")
