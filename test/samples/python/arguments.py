# wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
import sys

print(len(sys.argv) - 1)
for argument in sys.argv[1:]:
    print(f"[{argument}]")
