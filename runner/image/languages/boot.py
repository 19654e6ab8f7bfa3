# Is started once in a sandbox, warms up, and is forked for every program. Each child waits for one
# Python program and then runs it as if `python3 main.py` had been typed.
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
import threading
import time  # noqa: F401
import traceback
import types
from importlib.machinery import SourceFileLoader

import toplevel

CONTROL = 15
SHOWN = 14
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
    exit_code_of(SystemExit(0))
    flush()
    is_control(None)
    atexit.register(flush)
    atexit.unregister(flush)


def read_words():
    """The main file's name and the arguments: a count, a newline, then that many strings ended by NUL."""
    data = os.read(CONTROL, 65536)
    if not data:
        os._exit(0)
    count, _, rest = data.partition(b"\n")
    return [os.fsdecode(part) for part in rest.split(b"\0")[: int(count)]]


def make_main(name, *arguments):
    """A fresh `__main__`, with the interpreter looking as it does just after its start."""
    main = types.ModuleType("__main__")
    main.__file__ = f"{WORKSPACE}/{name}"
    main.__builtins__ = builtins
    main.__loader__ = SourceFileLoader("__main__", main.__file__)
    sys.modules["__main__"] = main
    del sys.modules["toplevel"]
    sys.argv = [main.__file__, *arguments]
    sys.path[0] = os.path.dirname(main.__file__)
    return main


def exit_code_of(stop):
    """What the shell would see after `raise SystemExit(...)`."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def run(main):
    """Runs the program; returns its exit code."""
    try:
        with open(main.__file__, "rb") as file:
            program = compile(file.read(), main.__file__, "exec", dont_inherit=True)
        toplevel.run(program, main.__dict__)
    except SystemExit as stop:
        return exit_code_of(stop)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        return 1
    return 0


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def is_control(identity):
    """Whether the control socket is still what it was; a program may close any descriptor."""
    try:
        return os.fstat(CONTROL)[:3] == identity
    except OSError:
        return False


def finish(code, is_program):
    """Ends as Python does: threads joined, exit handlers run, output flushed."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except SystemExit as stop:
        code = exit_code_of(stop)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    flush()
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
    identity = os.fstat(CONTROL)[:3]
    warm_up()
    os.write(CONTROL, b"R" + version.encode())
    main = make_main(*read_words())
    own_pid = os.getpid()
    code = run(main)
    finish(code, os.getpid() == own_pid and is_control(identity))


boot()
