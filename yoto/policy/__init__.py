"""Policies in Rego: attributes decide, beside roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports
from yoto.policy.result import POLICY_ERROR, POLICY_UNAVAILABLE, UNDEFINED, Verdict
from yoto.policy.texts import LANGUAGES, text_of

if TYPE_CHECKING:
    from .judging import *  # noqa: F401, F403
else:
    # Permissions give the reasons of policies, and need no engine for it.
    __getattr__ = exports(__name__, rest=".judging")

__all__ = [
    "LANGUAGES",
    "POLICY_ERROR",
    "POLICY_UNAVAILABLE",
    "UNDEFINED",
    "Verdict",
    "text_of",
]
