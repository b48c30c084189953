"""Ties a server that a test starts to the life of the test process."""

from __future__ import annotations

import subprocess
from pathlib import Path


def tie_to_this_process(pid: int, folder: Path) -> subprocess.Popen[bytes]:
    """Kill the group that ``pid`` leads, and remove ``folder``, when this process ends without
    saying a word.

    ``let_go`` takes the leash off.
    """
    # Reading fails when the pipe's only writer is gone, however it went.
    script = 'read -r word || { kill -9 "-$1"; rm -rf "$2"; } 2>/dev/null'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, "leash", str(pid), str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def let_go(leash: subprocess.Popen[bytes]) -> None:
    """The server has ended by itself."""
    leash.communicate(b"let go\n")
