# wants: ok; stdout is "done\n"
# Directories that nobody may enter, with files in them that nobody may write.
import os

for place in ("/workspace", "/tmp", "/dev/shm"):
    os.makedirs(f"{place}/closed/inner/sticky")
    open(f"{place}/closed/inner/file", "w").close()
    os.chmod(f"{place}/closed/inner/file", 0o000)
    os.chmod(f"{place}/closed/inner/sticky", 0o1700)
    os.chmod(f"{place}/closed/inner", 0o000)
    os.chmod(f"{place}/closed", 0o000)
print("done")
