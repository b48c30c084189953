"""The kinds of subjects that are no people."""

from __future__ import annotations

from typing import Any, NamedTuple

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.nodes import APPLICATIONS, PUBLIC_NUMBER


class Application(NamedTuple):
    """A program that acts for itself, by the id that ``register_application`` gave."""

    id: int

    @property
    def number(self) -> int:
        """The number that stands for it among people."""
        return APPLICATIONS + self.id


class Team(NamedTuple):
    """Everyone in a team, by the id that ``create_team`` gave."""

    id: int


class Everyone(NamedTuple):
    """Everyone who belongs to a node, which is given by type and id."""

    type: str
    id: NodeId


class Public:
    """Everybody, signed in or not."""

    def __repr__(self) -> str:
        return "PUBLIC"


PUBLIC = Public()


def asker_number(subject: Any, field: str) -> int | None:
    """The number of an application, or of ``PUBLIC``, which asks for itself; None: a person.

    Raises:
        ValidationFailed: a team, or everyone of a node, for whom there is no check; names
            ``field``.
    """
    if subject is PUBLIC:
        return PUBLIC_NUMBER
    if isinstance(subject, Application):
        if type(subject.id) is not int or not 0 < subject.id < PUBLIC_NUMBER - APPLICATIONS:
            raise ValidationFailed({field: "is no application"})
        return subject.number
    if isinstance(subject, (Team, Everyone)):
        raise ValidationFailed({field: "a team, or everyone of a node, cannot be asked about"})
    return None
