# display() and the classes that say in which form their data is to be shown.

import json
import os
from builtins import display

__all__ = ["HTML", "JSON", "Image", "Latex", "Markdown", "Math", "Pretty", "SVG", "clear_output", "display"]


def clear_output(wait=False):
    """Does nothing: what has been written cannot be taken back."""


class _Shown:
    mode = "r"

    def __init__(self, data=None, filename=None, **options):
        if data is None and filename is not None:
            with open(filename, self.mode) as file:
                data = file.read()
        self.data = data
        self.options = options

    def __repr__(self):
        return f"<IPython.display.{type(self).__name__} object>"


class HTML(_Shown):
    def _repr_html_(self):
        return self.data


class Markdown(_Shown):
    def _repr_markdown_(self):
        return self.data


class Latex(_Shown):
    def _repr_latex_(self):
        return self.data


class Math(_Shown):
    def _repr_latex_(self):
        return f"$\\displaystyle {str(self.data).strip('$')}$"


class SVG(_Shown):
    def _repr_svg_(self):
        return self.data


class JSON(_Shown):
    def _repr_json_(self):
        return json.loads(self.data) if isinstance(self.data, (str, bytes)) else self.data


class Pretty(_Shown):
    def __repr__(self):
        return str(self.data)


class Image(_Shown):
    """A picture's bytes, or the name of its file."""

    mode = "rb"

    def __init__(self, data=None, filename=None, **options):
        if isinstance(data, (str, os.PathLike)):
            data, filename = None, data
        super().__init__(data, filename, **options)

    def _repr_png_(self):
        return self.data if self.data[:4] == b"\x89PNG" else None

    def _repr_jpeg_(self):
        return self.data if self.data[:2] == b"\xff\xd8" else None
