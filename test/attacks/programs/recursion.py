# wants: signal|memory|error; within 2900 ms; stdout is "start\n"
# Recursion past the interpreter's own limit, into the end of the stack.
import sys

print("start", flush=True)
sys.setrecursionlimit(10**9)
nested = None


class Node:
    def __repr__(self):
        return repr(Node()) + ""


repr(Node())
