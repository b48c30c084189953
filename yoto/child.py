"""Child processes that load one module of the platform, with only its own imports.

``python -P child.py yoto.rooms.policies.sandbox.answering`` calls ``main`` of that module.
Importing the packages above it as usual would load all that they export; so here they are bare
names that have a folder.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).parents[1]


def child_command(module: str) -> list[str]:
    """The command that starts a child that calls ``main`` of ``module``."""
    # Not the script's own folder in the path: its modules would hide others.
    return [python(), "-P", str(Path(__file__)), module]


def python() -> str:
    """The path of this process's Python, which may live in a server such as uWSGI."""
    if Path(sys.executable).name.startswith("python"):
        return sys.executable
    return str(Path(sys.exec_prefix, "bin", "python3"))


def child_environment() -> dict[str, str]:
    """The variables of a child: nothing of this process's settings, of which some are secrets."""
    return {key: value for key, value in os.environ.items() if key in ("PATH", "LANG")}


def main(module: str) -> None:
    """Be such a child."""
    names = module.split(".")
    for depth in range(1, len(names)):
        package = ModuleType(".".join(names[:depth]))
        package.__path__ = [str(_ROOT.joinpath(*names[:depth]))]
        sys.modules[package.__name__] = package
    importlib.import_module(module).main()


if __name__ == "__main__":
    main(sys.argv[1])
