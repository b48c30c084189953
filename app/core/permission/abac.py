"""What the permission system asks of a policy engine, which is wired in from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.permission.scopes import Place


@dataclass(frozen=True, slots=True)
class PolicyQuestion:
    """RBAC allows ``permission`` to the user in ``place``; do the policies too?

    Attributes:
        context: facts about the request that the caller adds, or None.
    """

    user_id: int
    permission: str
    place: Place
    context: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """The policies' verdict: ``reason`` is a code, ``version`` names the set that answered."""

    allow: bool
    reason: str
    version: str | None = None


PolicyCheck = Callable[[PolicyQuestion], PolicyAnswer]
