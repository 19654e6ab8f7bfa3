# A session's Python: runs cell after cell in one `__main__` that remembers, and waits on. Each cell is
# run as a program's main file would be, alone on the stack, and is over when its own threads are; what
# it shows, shown.py writes. An interrupt ends a cell and keeps the variables; between cells there is
# none. A child that a cell has forked ends as a program's child would, and never speaks for us.

import __future__

import _ast
import _signal
import builtins
import io
import linecache
import os
import sys
import threading
import types
from _thread import _count as count_threads
from importlib.machinery import PathFinder
from os import close, dup2, getpid, read, readv, write

import ends
import modules
import shown
import toplevel

__builtins__ = dict(vars(builtins))  # see ends.py

CONTROL = ends.CONTROL
PLACE = "/run/cell/"
WORKSPACE = "/workspace"
SHIMS = [ends.PLACE + "session"]
PACKAGES = WORKSPACE + "/.packages/python"
COMMANDS = (PACKAGES + "/bin", WORKSPACE + "/node_modules/.bin")
MESSAGE_BYTES_MAX = 65536
SIGINT = 2
ONLY_AST = 0x400
TOP_LEVEL_AWAIT = 0x2000
IS_COROUTINE = 0x80
ANNOTATIONS = __future__.annotations.compiler_flag
SOURCE_BYTES_MAX = 1 << 20
POLL_SECONDS = 0.005
LOOK_AGAIN_SECONDS = 0.0005

own_pid = getpid()


def is_silenced(source, last):
    """Whether a semicolon follows the last expression, which says that its value is not wanted."""
    lines = source.split(b"\n")[last.end_lineno - 1 :]
    rest = [lines[0][last.end_col_offset :], *lines[1:]]
    return b"".join(line.partition(b"#")[0] for line in rest).strip().endswith(b";")


def is_idle(thread):
    """Whether this is a worker of a pool that has nothing to do; a program would end such workers."""
    if type(thread).__name__ == "_ExecutorManagerThread":
        return not thread.pending_work_items
    pools = sys.modules.get("concurrent.futures.thread")
    queue = pools._threads_queues.get(thread) if pools is not None else None
    if queue is None:
        return False
    frame = sys._current_frames().get(thread.ident)
    return frame is not None and frame.f_code is pools._worker.__code__ and queue.empty()


class Session:
    """One `__main__` and what its cells leave for each other."""

    def __init__(self):
        main = types.ModuleType("__main__")
        main.__builtins__ = builtins
        self.main = main
        self.flags = TOP_LEVEL_AWAIT
        self.directory = None
        self.loop = None
        self.hidden = ()
        self.threads_left = set()
        self.stdin = None
        self.empty_input = None

    # ---- compiling ----

    def compile(self, source, name):
        """A cell's statements and, where it ends in an expression whose value is wanted, that."""
        tree = compile(source, name, "exec", ONLY_AST | self.flags, dont_inherit=True)
        last = None
        if tree.body and isinstance(tree.body[-1], _ast.Expr):
            if not is_silenced(source, tree.body[-1]):
                last = _ast.Expression(tree.body.pop().value)
        body = compile(tree, name, "exec", self.flags, dont_inherit=True)
        self.flags |= body.co_flags & ANNOTATIONS
        if last is None:
            return body, None
        return body, compile(last, name, "eval", self.flags, dont_inherit=True)

    def compile_or_explain(self, source, name, lines):
        try:
            return self.compile(source, name)
        except SyntaxError as error:
            number = error.lineno or 0
            if error.text is None and error.filename == name and 0 < number <= len(lines):
                error.text = lines[number - 1]
            raise

    # ---- running ----

    def evaluate(self, code):
        value = toplevel.run(code, self.main.__dict__)
        if not code.co_flags & IS_COROUTINE:
            return value
        return toplevel.call(self.run_in_loop, value)

    def run_in_loop(self, coroutine):
        import asyncio

        if self.loop is None or self.loop.get_loop().is_closed():
            self.loop = asyncio.Runner()
            self.hidden = (os.path.dirname(asyncio.__file__) + "/",)
        try:
            return self.loop.run(coroutine)
        except KeyboardInterrupt as error:
            # It was told to the cell by cancelling it, and that is where it was.
            if isinstance(error.__context__, asyncio.CancelledError):
                error.__traceback__ = error.__context__.__traceback__
                error.__context__ = None
            raise

    def run(self, source, name):
        lines = source.decode("utf-8", "replace").splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)
        body, last = self.compile_or_explain(source, name, lines)
        self.evaluate(body)
        if last is None or getpid() != own_pid:
            return
        value = self.evaluate(last)
        if value is not None and getpid() == own_pid:
            builtins._ = value
            toplevel.call(shown.show, "value", value)

    def wait_for_threads(self):
        """Waits for what a program would wait for, but not for what an earlier cell was to wait for."""
        if count_threads() == 0:
            return
        own = threading.current_thread()
        for thread in threading.enumerate():
            if thread is own or thread.daemon or thread in self.threads_left:
                continue
            while thread.is_alive():
                if is_idle(thread) and thread.join(LOOK_AGAIN_SECONDS) is None and is_idle(thread):
                    break  # twice, because it may just have taken something to do
                thread.join(POLL_SECONDS)

    def leave_threads(self):
        self.threads_left = {thread for thread in threading.enumerate() if not thread.daemon}

    def attempt(self, step, *arguments):
        """Does one part of a cell; returns the exit code and the signal that it came to."""
        try:
            step(*arguments)
        except SystemExit as stop:
            return ends.exit_code_of(stop), 0
        except KeyboardInterrupt as error:
            ends.tell(error, *self.hidden)
            return 0, SIGINT
        except BaseException as error:
            ends.tell(error, *self.hidden)
            return 1, 0
        return 0, 0

    def run_cell(self, source, name):
        """Runs a cell to its end; returns its exit code and signal."""
        code, signal = self.attempt(self.run, source, name)
        if getpid() != own_pid:
            ends.leave(code)
        for step in (self.wait_for_threads, self.show_figures):
            if signal == 0:
                failed, signal = self.attempt(step)
                code = code or failed
        if signal == 0:
            return code, 0
        shown.close_figures(is_to_show=False)
        self.leave_threads()
        return 0, signal

    def show_figures(self):
        shown.close_figures(is_to_show=True)

    # ---- what a cell finds ----

    def take_input(self, has_input):
        """Gives a cell a standard input that holds nothing of what an earlier one has left unread."""
        if not has_input and self.has_empty_input():
            return
        fd = os.open(PLACE + "stdin" if has_input else os.devnull, os.O_RDONLY)
        dup2(fd, 0, inheritable=True)
        if fd != 0:
            close(fd)
        else:
            os.set_inheritable(0, True)
        if has_input or sys.stdin is self.stdin or sys.stdin is sys.__stdin__:
            raw = io.FileIO(0, "r", closefd=False)
            raw.name = "<stdin>"
            buffered = io.BufferedReader(raw)
            sys.stdin = io.TextIOWrapper(buffered, encoding="utf-8", errors="surrogateescape")
            sys.__stdin__ = self.stdin = sys.stdin
        self.empty_input = None if has_input else ends.identity_of(0)
        if has_input:
            write(CONTROL, b"I")

    def has_empty_input(self):
        stdin = self.stdin
        is_known = stdin is not None and self.empty_input is not None and not stdin.closed
        return is_known and ends.is_same(0, self.empty_input)

    def restore_streams(self):
        """Opens again what a cell has closed or deleted; what it has put in its place stays."""
        for fd, name in ((1, "stdout"), (2, "stderr")):
            stream = getattr(sys, name, None)
            if stream is not None and not getattr(stream, "closed", False):
                continue
            errors = "surrogateescape" if fd == 1 else "backslashreplace"
            stream = open(fd, "w", buffering=1, encoding="utf-8", errors=errors, closefd=False)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def take_name(self, name, arguments):
        """A cell that stands for a file looks like it from inside; returns what tracebacks call it."""
        if name == "":
            return None
        path = f"{WORKSPACE}/{name}"
        directory = os.path.dirname(path)
        self.main.__file__ = path
        sys.argv = [path, *arguments]
        if sys.path[:1] == [self.directory]:
            sys.path[0] = directory
        elif directory not in sys.path:
            sys.path.insert(0, directory)
        self.directory = directory
        return path

    def find_packages(self):
        """Packages may have been put into the session since the import system saw that there are none."""
        if sys.path_importer_cache.get(PACKAGES, self) is None and os.path.isdir(PACKAGES):
            del sys.path_importer_cache[PACKAGES]

    def prepare(self, name, arguments):
        sys.modules["__main__"] = self.main
        names = self.main.__dict__
        names.setdefault("__name__", "__main__")
        names.pop("__warningregistry__", None)  # it knows lines, and those of another cell are others
        modules.forget_changed()
        self.find_packages()
        self.restore_streams()
        return self.take_name(name, arguments)


def interruptible(is_so):
    """Between cells an interrupt comes too late, and is nobody's."""
    while True:
        try:
            _signal.signal(SIGINT, _signal.default_int_handler if is_so else _signal.SIG_IGN)
            return
        except BaseException:
            if is_so:
                raise


def read_source():
    fd = os.open(PLACE + "source", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return read(fd, SOURCE_BYTES_MAX)
    finally:
        close(fd)


def run_next(session, words):
    """Does what the supervisor has asked for; returns the exit code and the signal."""
    _, number, has_input, name, *arguments = words
    shown.begin(shown.SHOWN)
    try:
        file = session.prepare(name, arguments)
        source = read_source()
        session.take_input(has_input == "input")
        try:
            interruptible(True)
            return session.run_cell(source, file or f"<cell {number}>")
        finally:
            interruptible(False)
            ends.flush()
            modules.notice()
    except KeyboardInterrupt as error:
        ends.tell(error, *session.hidden)
        return 0, SIGINT
    except BaseException as error:  # such as one from a signal handler of the program's
        ends.tell(error, *session.hidden)
        return 1, 0


def take_packages():
    """Where packages of a session's are looked for, here and by what a program starts."""
    own = [place for place in sys.path if place.endswith("/dist-packages")]
    sys.path.insert(sys.path.index(own[0]) if own else len(sys.path), PACKAGES)
    os.environ["PYTHONPATH"] = PACKAGES
    os.environ["PATH"] = ":".join((os.environ.get("PATH", os.defpath), *COMMANDS))


def words_of(message):
    count, _, rest = message.partition(b"\n")
    return [str(part, "utf-8", "surrogateescape") for part in rest.split(b"\0")[: int(count)]]


def hear(identity):
    """The next words. A signal handler of the program's may raise anything at any time meanwhile."""
    message = bytearray(MESSAGE_BYTES_MAX)
    while message[0] == 0:
        try:
            if readv(CONTROL, [message]) == 0:
                os._exit(0)
        except BaseException:
            if not ends.is_same(CONTROL, identity):
                os._exit(0)
    return words_of(bytes(message))


def serve(words, identity):
    """Runs the cell that `words` ask for, and then those that come."""
    global own_pid
    own_pid = getpid()
    session = Session()
    sys.argv = [""]
    sys.path[0] = session.directory = WORKSPACE
    take_packages()
    sys.meta_path.insert(0, types.SimpleNamespace(find_spec=shown.find_pyplot))
    sys.meta_path.append(types.SimpleNamespace(find_spec=find_shim))
    builtins.display = shown.display
    while True:
        outcome = run_next(session, words)
        if not ends.is_same(CONTROL, identity):
            ends.leave(outcome[0] if outcome[1] == 0 else 128 + outcome[1])
        write(CONTROL, bytes((67, *outcome)))
        words = hear(identity)


def find_shim(name, path=None, target=None):
    """What programs import of IPython, for when there is none."""
    if name.partition(".")[0] != "IPython":
        return None
    return PathFinder.find_spec(name, path or SHIMS, target)


def warm_up():
    """Takes the way of a cell that shows a value, and of one that fails."""
    global own_pid
    own_pid = getpid()
    null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    shown.begin(null)
    session = Session()
    for source in (b"x = 40\nx + 2\n", b"def f(n):\n    return 1 / n\nf(0)\n", b"x = [\n"):
        session.run_cell(source, "<warm>")
    linecache.cache.pop("<warm>", None)
    words_of(b"2\n/cell\0001\0")
    modules.notice()
    modules.forget_changed()
    close(null)
    builtins.__dict__.pop("_", None)
