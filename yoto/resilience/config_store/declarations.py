"""Declarations of decorators in code, called or not: names, which an operator may misspell, and
the numbers that hold until they are overridden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from yoto.errors import ConfigurationError

from ..settings import Settings, first_and_others
from .document import Key
from .kinds import Kind, check_name, class_of

_declared: dict[Kind, set[str]] = {}
_numbers: dict[Key, Settings] = {}


def declare(name: str, *kinds: Kind) -> None:
    """Remember that a function carries guards of these kinds.

    Raises:
        ValidationFailed: no entry can have this name.
    """
    check_name(name)
    for kind in kinds:
        _declared.setdefault(kind, set()).add(name)


def declare_numbers(name: str, kind: Kind, numbers: dict[str, Any]) -> None:
    """Remember a name with its numbers; numbers that are left out take the defaults.

    Raises:
        ConfigurationError: there is no such number, or the name has others elsewhere in the code.
        ValidationFailed: no entry can have this name, or a value is refused.
    """
    declare(name, kind)
    if not numbers:
        return
    if kind is Kind.RATE_LIMIT:
        numbers = spelled_out(name, numbers)
    known = {one.name for one in fields(class_of(kind))}
    unknown = sorted(numbers.keys() - known)
    if unknown:
        raise ConfigurationError(name, f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
    config = class_of(kind)(**numbers)
    if _numbers.setdefault((kind, name), config) != config:
        raise ConfigurationError(f"{kind}:{name}", "has two different defaults")


def spelled_out(name: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of the rate limit ``name``, with fields for the text of all its windows, ``limits``.

    Raises:
        ConfigurationError: the text is invalid, or one of the fields is given beside it.
    """
    rest = dict(numbers)
    if "limits" not in rest:
        return rest
    text = rest.pop("limits")
    twice = sorted(rest.keys() & {"limit", "window", "also"})
    if twice:
        raise ConfigurationError(name, f"has 'limits' and {twice[0]!r}")
    try:
        return rest | first_and_others(text)
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(name, f"limits {error}") from None


def declared(kind: Kind) -> frozenset[str]:
    """The names of a kind on all decorated functions that were imported."""
    return frozenset(_declared.get(kind, ()))


def has_numbers(key: Key) -> bool:
    """Whether a decorator has numbers for an entry."""
    return key in _numbers


def code_default(key: Key) -> Settings:
    """The numbers that a decorator has for an entry, else those of its kind."""
    return _numbers.get(key) or class_of(key[0]).of_entry(key[1])
