# Is started once in a sandbox, warms up, and is forked for every program. Each child waits for one
# Python program and then runs it as if `python3 main.py` had been typed; or for a session's first cell,
# and then it is cells.py that goes on.
#
# Whatever a program commonly needs has been imported and executed once before the fork, and executed
# again before the wait: in the sandbox code that has never run is slow code, and so is code that for
# the first time since a fork writes to what it shares. The parent runs nobody's program. After the
# program's end its output is flushed and its exit handlers are run, then its exit code goes to the
# supervisor at once: taking the interpreter apart would only cost time. Tracebacks begin at the
# program's own first frame.

import atexit
import builtins
import collections  # noqa: F401
import datetime  # noqa: F401
import functools  # noqa: F401
import gc
import io  # noqa: F401
import itertools  # noqa: F401
import json
import linecache  # noqa: F401
import math  # noqa: F401
import os
import random  # noqa: F401
import re  # noqa: F401
import signal
import string  # noqa: F401
import sys
import threading  # noqa: F401
import time  # noqa: F401
import traceback
import types
from importlib.machinery import SourceFileLoader

import cells
import ends
import toplevel

CONTROL = 15
SHOWN = 14
CELL = "/cell"  # no file of a workspace can be called so
WORKSPACE = "/workspace"
WARM = "/opt/coderunner/languages/warm.py"


def warm_up():
    """Takes the paths that a short program and its start and end take, with harmless content."""
    warm = types.ModuleType("warm")
    warm.__builtins__ = builtins
    warm.__loader__ = SourceFileLoader("warm", WARM)
    with open(WARM, "rb") as file:
        program = compile(file.read(), WARM, "exec", dont_inherit=True)
    toplevel.run(program, warm.__dict__)
    try:
        raise ValueError("warm")
    except ValueError:
        traceback.format_exc()
    ends.exit_code_of(SystemExit(0))
    ends.flush()
    ends.identity_of(0)
    atexit.register(ends.flush)
    atexit.unregister(ends.flush)
    cells.warm_up()


def read_words():
    """The main file's name and the arguments: a count, a newline, then that many strings ended by NUL."""
    data = os.read(CONTROL, 65536)
    if not data:
        os._exit(0)
    count, _, rest = data.partition(b"\n")
    return [os.fsdecode(part) for part in rest.split(b"\0")[: int(count)]]


def forget_own_modules():
    """A program has the names of our files to itself."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) and module.__file__.startswith(ends.PLACE):
            if name != "__main__":
                del sys.modules[name]


def make_main(name, *arguments):
    """A fresh `__main__`, with the interpreter looking as it does just after its start."""
    main = types.ModuleType("__main__")
    main.__file__ = f"{WORKSPACE}/{name}"
    main.__builtins__ = builtins
    main.__loader__ = SourceFileLoader("__main__", main.__file__)
    sys.modules["__main__"] = main
    sys.argv = [main.__file__, *arguments]
    sys.path[0] = os.path.dirname(main.__file__)
    return main


def run(main):
    """Runs the program; returns its exit code."""
    try:
        with open(main.__file__, "rb") as file:
            program = compile(file.read(), main.__file__, "exec", dont_inherit=True)
        toplevel.run(program, main.__dict__)
    except SystemExit as stop:
        return ends.exit_code_of(stop)
    except BaseException as error:
        ends.tell(error)
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        return 1
    return 0


def finish(code, is_program):
    """Ends as Python does; the supervisor hears of it at once where the process is the program's own."""
    code = ends.end(code)
    if is_program:
        os.write(CONTROL, bytes([68, code]))
        signal.pause()  # the supervisor measures this process and then kills it
    os._exit(code)


def boot():
    sys.stdout.reconfigure(line_buffering=True)
    warm_up()
    gc.collect()
    gc.freeze()
    version = "%d.%d.%d" % sys.version_info[:3]
    toplevel.serve_forks(version)
    # From here on in a child, with a program's user, limits and streams.
    for own in (CONTROL, SHOWN):
        os.set_inheritable(own, False)
    identity = ends.identity_of(CONTROL)
    warm_up()
    forget_own_modules()
    os.write(CONTROL, b"R" + version.encode())
    words = read_words()
    if words[0] == CELL:
        cells.serve(words, identity)
    main = make_main(*words)
    own_pid = os.getpid()
    code = run(main)
    finish(code, os.getpid() == own_pid and ends.is_same(CONTROL, identity))


boot()
