# wants: ok; exit 0; within 1500 ms; stdout is "\n"
# Opens a file where the control socket was: nothing of ours may be written into it.
import os

os.close(3)
file = open("/workspace/notes", "w+b", buffering=0)
print(open("/workspace/notes").read())
