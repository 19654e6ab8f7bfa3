# wants: ok; exit 0; stdout is "done\n"; stderr is ""
# Closes every descriptor it was not given by name, as any daemon does: an ordinary end.
import os

os.closerange(3, 256)
print("done")
