"""Which version of the package this is."""

from __future__ import annotations

import platform

from ._tables import VERSION

__version__ = VERSION

USER_AGENT = f"agent-coderunner-python/{__version__} Python/{platform.python_version()}"
