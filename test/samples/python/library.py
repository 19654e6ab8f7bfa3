# wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
import base64
import collections
import datetime
import decimal
import hashlib
import itertools
import json
import math
import re
import statistics
import tempfile
import zlib

numbers = [5, 3, 9, 1, 8, 2]
print(*sorted(numbers))
print(*(f"{letter}={count}" for letter, count in collections.Counter("abacab").most_common()))
print(f"{math.pi:.4f}")
print(re.sub("-", "/", datetime.date(2026, 11, 22).isoformat()))
print(b"Hello".hex())

assert json.loads(json.dumps({"a": [1, None, "é"]})) == {"a": [1, None, "é"]}
assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf")
assert base64.b64decode(base64.b64encode(b"\0\xff")) == b"\0\xff"
assert zlib.decompress(zlib.compress(b"x" * 1000)) == b"x" * 1000
assert list(itertools.accumulate(numbers))[-1] == 28
assert statistics.median(numbers) == 4
assert decimal.Decimal("0.1") + decimal.Decimal("0.2") == decimal.Decimal("0.3")
with tempfile.TemporaryFile() as file:
    file.write(b"kept")
    file.seek(0)
    assert file.read() == b"kept"
