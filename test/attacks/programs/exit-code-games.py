# wants: error; exit 255; stdout is "done\n"
# An exit code that does not fit into a byte.
import sys

print("done")
sys.exit(-1)
