"""Which version of the package this is."""

from __future__ import annotations

import platform

__version__ = "0.1.0"

USER_AGENT = f"agent-coderunner-python/{__version__} Python/{platform.python_version()}"
