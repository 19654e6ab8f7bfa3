# A program that does a little of everything, run while an interpreter warms up; see boot.py.

import json
import math
import re
import sys
import time


class Warm:
    count = 0

    def __init__(self, name, *rest, **named):
        self.name = name
        self.rest = [*rest, *named.values()]

    def __repr__(self):
        return f"Warm({self.name!r}, {len(self.rest):>3}, {math.pi:.3f})"

    @property
    def size(self):
        return sum(n * n for n in range(10) if n % 2 == 0)


def countdown(n):
    while n > 0:
        yield n
        n -= 1


def call(function, /, *arguments):
    try:
        return function(*arguments)
    except (KeyError, ZeroDivisionError) as error:
        return str(error)
    finally:
        Warm.count += 1


squares = {n: n * n for n in countdown(50)}
words = sorted({"b", "a"} | set("c d".split()), key=lambda word: (len(word), word))
print(Warm("w", 1, x=2), Warm("w").size, squares[3], words[-1:], call(squares.__getitem__, -1), call(divmod, 1, 0))
print("%s %d" % ("a", 2**70), "{:,}".format(1234567), b"ab".hex(), "ä".encode(), file=sys.stderr)
print(json.dumps(json.loads('{"a": [1, 2.5, null, "x"]}'), indent=1), re.sub(r"\d+", "", "a1"), time.time() > 0)
