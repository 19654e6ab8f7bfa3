# wants: ok; exit 0; within 1500 ms; stdout is "\n"
# Puts a file where the control socket was: nothing of ours may be written into it.
import os

file = open("/workspace/notes", "w+b", buffering=0)
os.dup2(file.fileno(), 15)
print(open("/workspace/notes").read())
