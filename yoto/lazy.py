"""Exports that are loaded with their first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def exports(
    package: str, homes: Mapping[str, str] | None = None, rest: str | None = None
) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package that imports its exports on first access.

    It raises ``ConfigurationError`` where an extra is missing, and says which.

    Args:
        package: its name.
        homes: exported name to the module that has it, as ``import_module`` takes it.
        rest: the module that has all others.
    """
    known = homes or {}

    def load(name: str) -> Any:
        home = known.get(name, rest)
        if home is None or name.startswith("__"):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = import_module(home, package)
        except ModuleNotFoundError as error:
            from yoto.extras import EXTRAS, missing  # only here: an import that works needs none

            if error.name not in EXTRAS:
                raise
            raise missing(error.name, f"{package}.{name}") from error
        found = getattr(module, name)
        setattr(sys.modules[package], name, found)  # from now on it is found without us
        return found

    return load
