# wants: ok; stdout is "done\n"
# Leaves a mark on the workspace itself, which is never removed, rather than in it.
import os

os.setxattr("/workspace", "user.left", b"a mark")
os.chmod("/workspace", 0o7777)
os.utime("/workspace", (1, 1))
print("done")
