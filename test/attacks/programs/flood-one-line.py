# wants: ok; stdoutBytes >= 2000000; stdout starts with "xxxx"
# A single line of two million characters without an end of line.
import sys

sys.stdout.write("x" * 2_000_000)
