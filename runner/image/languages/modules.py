# Which modules a session has imported from its workspace, and whether their files are still what they
# were. When one has changed, all are forgotten, so that whatever is imported next is loaded anew: what
# one of them has taken from another cannot be told.

import builtins
import importlib
import sys
from os import stat

__builtins__ = dict(vars(builtins))  # see ends.py

WORKSPACE = "/workspace/"

known = {}  # of each module's name: its file, that file's time and size, and a hash of its content
count_seen = 0


def state_of(file):
    try:
        entry = stat(file)
        return entry.st_mtime_ns, entry.st_size
    except OSError:
        return None


def content_of(file):
    try:
        with open(file, "rb") as source:
            return hash(source.read())
    except OSError:
        return None


def notice():
    """Looks for modules of the workspace that have been imported since the last time."""
    global count_seen
    if len(sys.modules) == count_seen:
        return
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__dict__", {}).get("__file__") if name != "__main__" else None
        if name not in known and isinstance(file, str) and file.startswith(WORKSPACE):
            known[name] = (file, state_of(file), content_of(file))
    count_seen = len(sys.modules)


def is_changed(name):
    file, state, content = known[name]
    now = state_of(file)
    if now == state:
        return False
    known[name] = (file, now, content)
    return content_of(file) != content


def forget_changed():
    """Forgets the workspace's modules if any of them has changed."""
    global count_seen
    if not any([is_changed(name) for name in known]):
        return
    for name in known:
        module = sys.modules.pop(name, None)
        parent, _, last = name.rpartition(".")
        holder = getattr(sys.modules.get(parent), "__dict__", {})
        if holder.get(last) is module:
            del holder[last]
    known.clear()
    count_seen = 0
    importlib.invalidate_caches()
