"""Builds no package without the files that the control plane draws charts with.

Hatchling calls this before it builds a wheel or a source package. git does not keep those files, so
a fresh checkout has none: npm fetches them where the machine has it. An editable install reads the
checkout, where ``make charts`` may add them later.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("yoto", "control_plane", "static", "vendor")
NEEDED = ("uplot.js", "socket.io.js")


class ChartsHook(BuildHookInterface[Any]):
    """Takes the files, or ends the build with the command that does."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises ``SystemExit`` where files are missing and cannot be fetched."""
        root = Path(self.root)
        if version == "editable" or has_charts(root):
            return
        fetch = [sys.executable, "-m", "tools.frontend"]
        if shutil.which("npm") and subprocess.run(fetch, cwd=root, check=False).returncode == 0:
            return
        sys.exit(
            "yoto: the control plane's charts are missing from this checkout. Run"
            f" 'python -m tools.frontend' in {root} (it needs npm, or an index to install it"
            " from), then build again."
        )


def has_charts(root: Path) -> bool:
    """Whether the folder of the control plane has each file that its charts and sockets need."""
    return all((root / VENDOR / name).is_file() for name in NEEDED)
