# What a session's cells show besides their output: the value of a last expression, what display() is
# given, and Matplotlib's figures. One JSON object a line, with every form the value has for itself;
# where they are too much for one cell, the largest are left out, and never half a line is written.

import binascii
import builtins
import io
import json
import sys
import threading
from importlib.machinery import PathFinder
from json.encoder import encode_basestring as quoted
from os import write

import ends

__builtins__ = dict(vars(builtins))  # see ends.py

SHOWN = 14
BYTES_MAX = 8 << 20  # of one cell, all together
TEXT_CHARS_MAX = 512 << 10
PYPLOT = "matplotlib.pyplot"

# In the order in which they are asked for. An image has more than one form of itself: one is enough.
METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
}
TYPES = {"text/plain", *METHODS}
PLAIN = {int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, range}

lock = threading.RLock()
descriptor = SHOWN
identity = None
bytes_left = BYTES_MAX
is_torn = False


def begin(to):
    """Writes to the descriptor `to` from here on, and as much as a cell may."""
    global descriptor, identity, bytes_left, is_torn
    if identity is None or to != descriptor:
        descriptor, identity = to, ends.identity_of(to)
    bytes_left, is_torn = BYTES_MAX, False


# ---- the forms of a value ----


def as_text(media_type, form):
    """A form as the text that goes into a line, or None where it is not one."""
    if media_type == "application/json" and form is not None:
        return form if isinstance(form, str) else json.dumps(form)
    if isinstance(form, (bytes, bytearray)):
        return binascii.b2a_base64(form, newline=False).decode("ascii")
    return str(form) if isinstance(form, str) else None


def asked(value, method, *arguments, **named):
    """What a value's own method says; one that fails is told and does no harm."""
    if getattr(type(value), method, None) is None:
        return None
    try:
        said = getattr(value, method)(*arguments, **named)
        return said[0] if isinstance(said, tuple) and said else said
    except Exception as error:
        ends.tell(error)
        return None


def add(data, media_type, form):
    try:
        text = as_text(media_type, form)
    except Exception:
        return
    if text is not None and media_type in TYPES:
        data[media_type] = text


def plain(value):
    text = repr(value)
    if len(text) <= TEXT_CHARS_MAX:
        return text
    return f"{text[:TEXT_CHARS_MAX]}… ({len(text) - TEXT_CHARS_MAX} more characters)"


def forms_of(value):
    """Every form a value has, by media type. Fails only where its repr does."""
    data = {"text/plain": plain(value)}
    if type(value) in PLAIN or isinstance(value, type):
        return data
    if is_figure(value):
        add(data, "image/png", picture_of(value))
        return data
    bundle = asked(value, "_repr_mimebundle_", include=None, exclude=None)
    if isinstance(bundle, dict):
        for media_type, form in bundle.items():
            add(data, media_type, form)
    for media_type, method in METHODS.items():
        is_second = media_type == "image/jpeg" and "image/png" in data
        if media_type not in data and not is_second:
            add(data, media_type, asked(value, method))
    return data


# ---- writing ----


def line_of(kind, data):
    forms = ",".join(f"{quoted(name)}:{quoted(text)}" for name, text in data.items())
    return f'{{"kind":"{kind}","data":{{{forms}}}}}\n'.encode("utf-8", "replace")


def put(line):
    global bytes_left, is_torn
    if is_torn:
        line = b"\n" + line
    bytes_left -= len(line)
    rest = memoryview(line)
    is_torn = True
    try:
        while rest:
            rest = rest[write(descriptor, rest) :]
    except OSError:
        return
    is_torn = False


def show_forms(kind, data):
    with lock:
        if identity is None or not ends.is_same(descriptor, identity):
            return
        line = line_of(kind, data)
        while len(line) > bytes_left and data:
            del data[max(data, key=lambda name: len(data[name]))]
            line = line_of(kind, data)
        put(line if data else b"\n")  # an empty line is no value, and so tells that one is missing


def show(kind, value):
    show_forms(kind, forms_of(value))


def display(*values):
    """Shows each value in every form it has: text, HTML, Markdown, LaTeX, JSON, a picture."""
    for value in values:
        show("display", value)


# ---- Matplotlib ----


def is_figure(value):
    module = sys.modules.get("matplotlib.figure")
    if module is None or not isinstance(value, module.Figure):
        return False
    figures_shown.add(id(value))
    return True


def picture_of(figure):
    data = io.BytesIO()
    try:
        figure.savefig(data, format="png", bbox_inches="tight")
    except Exception as error:
        ends.tell(error)
        return None
    return data.getvalue()


figures_shown = set()


def show_figures(*_arguments, **_named):
    """Shows and closes the figures that are open, in place of `pyplot.show`."""
    close_figures(is_to_show=True)


def close_figures(is_to_show):
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return
    for manager in helpers.Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        try:
            if is_to_show and id(figure) not in figures_shown:
                show("display", figure)
        finally:
            helpers.Gcf.destroy(manager)
    figures_shown.clear()


def find_pyplot(name, path=None, target=None):
    """Lets `pyplot` be found where it is, and changes what its `show` does once it is loaded."""
    if name != PYPLOT:
        return None
    spec = PathFinder.find_spec(name, path, target)
    if spec is None:
        return None
    load = spec.loader.exec_module

    def exec_module(module):
        load(module)
        module.show = show_figures

    spec.loader.exec_module = exec_module
    return spec
