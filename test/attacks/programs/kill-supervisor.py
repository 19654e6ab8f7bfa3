# wants: ok; stdout is "done\n"
# Sends every signal there is to process 1 and to process 0's and 1's groups' relatives.
import os
import signal

for number in range(1, 65):
    try:
        os.kill(1, number)
        print("sent", number)
    except (PermissionError, OSError):
        pass
for set_thread in (os.getppid(),):
    try:
        os.kill(set_thread, signal.SIGKILL)
        print("sent to the parent")
    except (PermissionError, ProcessLookupError):
        pass
print("done")
