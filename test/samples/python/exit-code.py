# wants: error; exit 7; stdout is "before\n"; stderr is ""
import sys

print("before")
sys.exit(7)
print("after")
