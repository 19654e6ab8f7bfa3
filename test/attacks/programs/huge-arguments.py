# wants: ok; stdout is "refused\n"
# Starts a program with more arguments and variables than fit into memory.
import os

try:
    os.execve("/bin/true", ["x" * 100_000] * 300, {f"v{i}": "x" * 100_000 for i in range(100)})
except OSError:
    print("refused")
