# wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\n"
# A pattern that tries every way to divide a line, inside one call that lets no signal through.
import re

print("start", flush=True)
re.match(r"(a|aa)+$", "a" * 60 + "b")
