"""Policies in Rego: attributes decide, beside roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

if TYPE_CHECKING:
    from .judging import *  # noqa: F401, F403
else:
    # All that an application without policies loads is the declaration.
    __getattr__ = exports(__name__, rest=".judging")
