# What programs written for notebooks import of IPython, where that is not installed: display() and
# what it is given. There is no shell, and whoever asks for one is told so.

from . import display  # noqa: F401

__version__ = "0"


def get_ipython():
    return None
