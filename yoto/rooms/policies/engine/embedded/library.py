"""The Rego interpreter of this process: the first installed library.

Its objects may be used, and dropped, only in the thread that made them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

from yoto.errors import ConfigurationError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.protocol import LibraryName

# The first that can be imported is taken.
LIBRARIES: tuple[LibraryName, ...] = ("regorus", "regopy")

_MODULES = {
    "regorus": "yoto.rooms.policies.engine.embedded.by_regorus.library",
    "regopy": "yoto.rooms.policies.engine.embedded.by_regopy.library",
}

# The value of a rule as a JSON text, ``UNDEFINED_TEXT`` where it has none, for one input.
# Raises PolicyError where a policy raised an error.
TextOf = Callable[[str], str]
UNDEFINED_TEXT = '"<undefined>"'
# Compiled modules and documents: the values of their rules for an input, or for none, until another
# is given. Raises PolicyError where the input is no JSON text.
Program = Callable[[str | None], TextOf]


class Library(Protocol):
    """A Rego interpreter, from its Python package."""

    @property
    def name(self) -> LibraryName:
        """The package that is imported."""
        ...

    @property
    def version(self) -> str:
        """The package's version."""
        ...

    @property
    def most_kept(self) -> int:
        """The most programs of one set, each for some topics, that are worth their memory."""
        ...

    @property
    def exact(self) -> frozenset[str]:
        """Builtins in which engines differ, and that this one evaluates as OPA or with an error."""
        ...

    @property
    def replaces(self) -> bool:
        """Whether it evaluates ``with``, by which tests replace input and documents."""
        ...

    def admit(self, bundle: Bundle) -> None:
        """Refuse features that this library alone evaluates differently.

        Raises:
            PolicyError: with line and column.
        """
        ...

    def documents(self, data_json: str) -> Any:
        """Data documents, ready for ``program``, which may share them."""
        ...

    def program(
        self, documents: Any, modules: Mapping[str, str], rules: Sequence[str], tests: bool = False
    ) -> Program:
        """Compile modules.

        Args:
            rules: paths from ``data`` of the rules that are going to be asked for.
            tests: whether modules are tests, of which an error is a failure.

        Raises:
            PolicyError: they are refused.
        """
        ...


@lru_cache(maxsize=1)
def installed() -> Library:
    """The library of this process, imported by the first call.

    Raises:
        ConfigurationError: none can be imported.
    """
    reasons: list[str] = []
    for name in LIBRARIES:
        try:
            return library(name)
        # A package for another C library is found, but cannot be loaded.
        except (ImportError, OSError) as error:
            reasons.append(f"{name}: {error}")
    raise ConfigurationError(
        "POLICY_ENGINE",
        "'embedded' needs regorus or regopy: pip install 'yoto[rego]', or set 'opa' "
        f"({'; '.join(reasons)})",
    )


def library(name: LibraryName) -> Library:
    """That library, imported now.

    Raises:
        ImportError, OSError: it is not installed, or not for this system.
    """
    if name == "regopy" and sys.platform == "linux":
        if "greenlet" in sys.modules and "regopy" not in sys.modules:
            # Regopy has an allocator of its own, and both use one C++ library: each frees memory of
            # the other, which ends the process. In the other order they agree.
            raise ImportError("import it before greenlet, which SQLAlchemy and eventlet bring")
    found: Library = import_module(_MODULES[name]).LIBRARY
    return found
