# How a Python program or a cell of a session ends: its exit code, its output flushed, its error told
# as Python tells it, with nothing of ours in the traceback.

import atexit
import builtins
import os
import sys
import threading
import types
from os import fstat, getpid, path  # noqa: F401

# A program may overwrite or delete any builtin; what is defined from here on keeps those it was made with.
__builtins__ = dict(vars(builtins))

CONTROL = 15
PLACE = path.dirname(__file__) + "/"


def exit_code_of(stop):
    """What the shell would see after `raise SystemExit(...)`."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    try:
        print(stop.code, file=sys.stderr)
    except Exception:
        pass
    return 1


def flush():
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except Exception:
            pass


def is_same(descriptor, identity):
    """Whether a descriptor is still what it was; a program may close any and open another there."""
    try:
        return fstat(descriptor)[:3] == identity
    except OSError:
        return False


def identity_of(descriptor):
    try:
        return fstat(descriptor)[:3]
    except OSError:
        return None


def is_own(trace, hidden):
    return trace.tb_frame.f_code.co_filename.startswith(hidden)


def own_part(trace, *more):
    """A traceback from the program's own first frame on, and without frames of ours further down."""
    while trace is not None and is_own(trace, (PLACE, *more)):
        trace = trace.tb_next
    entries = []
    at = trace
    while at is not None:
        entries.append(at)
        at = at.tb_next
    if not any(is_own(entry, PLACE) for entry in entries):
        return trace
    whole = None
    for entry in reversed(entries):
        if not is_own(entry, PLACE):
            whole = types.TracebackType(whole, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return whole


def tell(error, *more):
    """Prints an error as Python does for one that nobody catches."""
    trace = own_part(error.__traceback__, *more)
    error.__traceback__ = trace
    try:
        sys.excepthook(type(error), error, trace)
    except Exception:
        sys.__excepthook__(type(error), error, trace)


def end(code):
    """Ends as Python does, threads joined, exit handlers run, output flushed; returns the exit code."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except SystemExit as stop:
        code = exit_code_of(stop)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    flush()
    return code


def leave(code):
    """Ends a process that has nothing to say to the supervisor, such as a child that a program forked."""
    os._exit(end(code))
