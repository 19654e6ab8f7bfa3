# wants: error; exit 7; within 1000 ms; stdout is "start\n"
# Ends without any of the ends Python has: no flush, no handler, no word to anybody.
import os

os.write(1, b"start\n")
os._exit(7)
