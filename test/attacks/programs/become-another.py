# wants: error; exit 3; within 1500 ms; stdout is "another\n"
# Becomes another program, which knows nothing of the control socket.
import os

os.execv("/bin/sh", ["sh", "-c", "echo another; exit 3"])
