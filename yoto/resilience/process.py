"""The id of this process, without asking the system at every call."""

from __future__ import annotations

import os


class _Process:
    pid = os.getpid()


def current_pid() -> int:
    """The id of this process, also right after a fork."""
    return _Process.pid


def _forked() -> None:
    _Process.pid = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
