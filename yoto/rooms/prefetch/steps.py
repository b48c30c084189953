"""Actions and steps of users, in the types that this package shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from yoto.cache import NodeId, PlaceKey, place_key
from yoto.errors import ValidationFailed
from yoto.permission import NAME_PATTERN, Place, parse_place

# Characters. A decorator's expression may be longer; it says nothing that a prediction could use.
ACTION_LENGTH = 128
ACTION = NAME_PATTERN


class Step(NamedTuple):
    """An action on a resource: the unit of counting and prediction.

    Attributes:
        action: a permission or expression, or a client's name for its action.
        kind: the type of the resource, or ``global``.
        id: its id; None for the global one.
    """

    action: str
    kind: str
    id: NodeId | None

    @property
    def place(self) -> Place:
        """The resource as a place of the permission system."""
        return Place(self.kind, self.id)

    @property
    def place_key(self) -> PlaceKey:
        """The resource as the cache's key."""
        return place_key(self.kind, self.id)


@dataclass(frozen=True, slots=True)
class UserBehavior:
    """One action of a user.

    Attributes:
        user_id: the acting user.
        action, resource_type, resource_id: see ``Step``.
        at: when, in epoch seconds of Redis's clock.
        observed: whether the platform saw it in a request; False: a client reported it, so only the
            predictions for that very user may rely on it.
    """

    user_id: int
    action: str
    resource_type: str
    resource_id: NodeId | None
    at: float
    observed: bool = True

    @property
    def step(self) -> Step:
        return Step(self.action, self.resource_type, self.resource_id)


def json_id(id_: NodeId | None) -> int | str | None:
    """An id in JSON: a UUID is a text."""
    return id_ if id_ is None or isinstance(id_, int) else str(id_)


def checked_step(action: str, resource_type: str, resource_id: NodeId | None) -> Step:
    """A reported step, at a node that the application could have.

    Raises:
        ValidationFailed: it names the field: ``action``, ``scope`` or ``scope_id``.
    """
    if len(action) > ACTION_LENGTH or not ACTION.fullmatch(action):
        raise ValidationFailed(
            {"action": f"must be like message.send, at most {ACTION_LENGTH} characters"}
        )
    return Step(action, *parse_place(resource_type, resource_id))
