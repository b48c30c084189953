"""``YOTO_PLANT``: plants a bug, or some with commas between, in a process of the tests and in the
workers that it starts.
"""

from __future__ import annotations

import os

from proof.planted.bugs import PLANTED
from proof.planted.change import make

SWITCH = "YOTO_PLANT"
# For workers, whose application refuses settings that it does not know; see ``FOREIGN_PREFIXES``.
PASSED_ON = "TEST_PLANT"
EXTENSION = f"{__name__}:register"


def plant_what_is_asked() -> str:
    """Change the code of this process as ``YOTO_PLANT`` says, and have ``settings`` pass it on.

    Returns:
        The names that were asked for; empty: none.

    Raises:
        SystemExit: there is no such bug.
    """
    name = os.environ.pop(SWITCH, "")
    if name:
        if unknown := [one for one in name.split(",") if one not in PLANTED]:
            raise SystemExit(
                f"{SWITCH}: no bug is called {unknown[0]}; see python -m proof.planted --list"
            )
        os.environ[f"YOTO_{PASSED_ON}"] = name
        _plant(name)
    return name


def settings(extensions: str, name: str = "") -> dict[str, str]:
    """The settings by which workers plant ``name``, or else what this process was asked to.

    Args:
        extensions: those that they have anyway.
    """
    name = name or os.environ.get(f"YOTO_{PASSED_ON}", "")
    if not name:
        return {"EXTENSIONS": extensions}
    return {"EXTENSIONS": f"{extensions},{EXTENSION}", PASSED_ON: name}


def register(app: object) -> None:
    """In a worker, as an extension of the application, which knows nothing of it."""
    _plant(os.environ[f"YOTO_{PASSED_ON}"])


def _plant(names: str) -> None:
    for name in names.split(","):
        for change in PLANTED[name].changes:
            make(change)
