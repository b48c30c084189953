"""A sample store of OpenFGA here: types, roles, facts, and questions with their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2030, 7, 21, tzinfo=UTC)
PUBLIC_NAME = "public"

# A question: a permission, the one who asks, at which node, with which context.
Rule = Callable[[str, str, str, Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Asked:
    """A question about every person and program at every node of a type.

    Attributes:
        allowed: who may, by node; a node that is not named is for nobody.
        after: how long after ``START`` it is asked.
    """

    type: str
    expression: str
    allowed: Mapping[str, str]
    context: Mapping[str, Any] | None = None
    after: timedelta = timedelta()


@dataclass(frozen=True)
class Store:
    """A model with its facts.

    Attributes:
        types: each with the types above it.
        roles: each with the permissions that it gives; a permission begins with its type.
        nodes: ``type:id``, each with its parent.
        teams: each with its members, of which ``team:`` names another.
        held: who holds which role at which node, and for how long from ``START`` on.
        judged: the permissions about which ``rule`` is asked, too.
    """

    types: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, str]
    people: str
    nodes: Mapping[str, str | None]
    held: tuple[tuple[str, str, str] | tuple[str, str, str, timedelta], ...]
    asked: tuple[Asked, ...]
    programs: str = ""
    teams: Mapping[str, str] = field(default_factory=dict)
    judged: str = ""
    rule: Rule | None = None
