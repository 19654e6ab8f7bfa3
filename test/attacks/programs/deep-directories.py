# wants: ok; within 2900 ms; stdout is "done\n"
# Directories in directories, far deeper than any path can name.
import os

for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
print("done")
