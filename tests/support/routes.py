"""Lets the many applications of a test run share the compiled builders of their addresses.

Two thirds of ``create_app`` is Werkzeug compiling, for each of some hundred routes, two functions
that are the same in every application. They are made from nothing but what the key below holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_built: dict[Any, Callable[..., Any]] = {}


def share_builders() -> None:
    """Compile each builder once a process from now on."""
    compile_builder = Rule._compile_builder

    def shared(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        defaults = tuple(sorted((rule.defaults or {}).items()))
        key = (rule.rule, tuple(rule._trace), defaults, append_unknown)
        try:
            return _built[key]
        except KeyError:
            return _built.setdefault(key, compile_builder(rule, append_unknown))

    Rule._compile_builder = shared  # type: ignore[method-assign]
