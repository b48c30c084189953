"""Who is at the terminal."""

from __future__ import annotations

import getpass
import os


def login() -> str:
    """``cli:`` and the name of the account on this machine, as an author."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        return f"cli:{os.getuid()}"
