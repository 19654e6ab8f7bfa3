# wants: error|timeout|signal|memory; timeoutMs=2000; within 2400 ms; stdout starts with "start"
# A module that writes and imports the next one.
import sys

if __name__ == "__main__":
    print("start", flush=True)
sys.setrecursionlimit(10**6)
source = "import os, importlib\nn = int(__name__[1:]) + 1\nopen(f'/workspace/m{n}.py', 'w').write(open(__file__).read())\nimportlib.invalidate_caches()\nimportlib.import_module(f'm{n}')\n"
open("/workspace/m1.py", "w").write(source)
import m1
