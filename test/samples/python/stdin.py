# wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
import sys

sys.stdout.write(sys.stdin.read())
