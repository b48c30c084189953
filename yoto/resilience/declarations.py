"""Names that the code gave its decorators, called or not: what an operator may misspell."""

from __future__ import annotations

from .config_store import Kind, check_name

_declared: dict[Kind, set[str]] = {}


def declare(name: str, *kinds: Kind) -> None:
    """Remember that a function carries guards of these kinds.

    Raises:
        ValidationFailed: nothing can be called so.
    """
    check_name(name)
    for kind in kinds:
        _declared.setdefault(kind, set()).add(name)


def declared(kind: Kind) -> frozenset[str]:
    """The names of a kind on all decorated functions that were imported."""
    return frozenset(_declared.get(kind, ()))
