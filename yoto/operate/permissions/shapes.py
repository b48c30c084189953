"""Parameters and results of the operators' questions about permissions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, TypedDict

from marshmallow.validate import Length

from yoto.api.permissions.checks.schemas import NAME_LENGTH
from yoto.api.permissions.insight_queries import INCOMPLETE, WITHIN
from yoto.http.fields import Node, TypeName
from yoto.http.shapes import Between
from yoto.nodes import MAX_ID, NodeId

USERNAME_LENGTH = 256  # characters: an application may use addresses as usernames
SEARCH_LENGTH = 100

PermissionName = Annotated[str, Length(1, NAME_LENGTH)]
Scope = Annotated[str, partial(TypeName)]
Kind = Annotated[str, partial(TypeName, everywhere=False)]
Within = Annotated[tuple[str, Any] | None, partial(Node), WITHIN]
AfterNode = Annotated[NodeId | None, "The `next` of the page before"]
Number = Annotated[int | None, Between(1, MAX_ID)]
Username = Annotated[str | None, Length(1, USERNAME_LENGTH)]
Search = Annotated[
    str, Length(max=SEARCH_LENGTH), "What the name contains; of users, what it begins with"
]
Effect = Literal["allow", "deny"]


class FoundPerson(TypedDict):
    """A person or a program."""

    id: NodeId
    username: str
    display_name: str


class WhoPage(TypedDict):
    """People and programs, by id."""

    items: list[FoundPerson]
    next: NodeId | None
    incomplete: Annotated[str | None, INCOMPLETE]


class ListedServer(TypedDict):
    """A server in a list."""

    id: int
    name: str
    owner_id: int
    public: bool


class ListedChannel(TypedDict):
    """A channel in a list."""

    id: int
    name: str
    category: str | None


class Resource(TypedDict):
    """A resource."""

    scope: str
    id: NodeId
    name: Annotated[str | None, "Null: its type has no names"]


class PlacedResource(Resource):
    """A resource, and its home above it."""

    home: Resource | None


class FoundResource(PlacedResource):
    """A resource where somebody may do something."""

    server_id: Annotated[NodeId | None, "The home, where it is a server"]
    server: str | None


class Grant(TypedDict):
    """A role's own grant, for the whole home or for something below it."""

    permission: str
    effect: Effect
    scope: Annotated[str, "global, server:7 or channel:3"]
    group: Annotated[str | None, "The group it comes through"]
    group_id: int | None


class MatrixRole(TypedDict):
    """A role with its own grants; those of the roles it inherits from count too."""

    id: int
    name: str
    position: int
    active: Annotated[bool, "An inactive role grants nothing to anybody"]
    is_default: bool
    holders: Annotated[int, "Assignments, also those that are not in force"]
    inherits: Annotated[Sequence[int], "The roles that it inherits from now, nearest first"]
    grants: list[Grant]


class Ancestor(TypedDict):
    """A role of the server or a global one that a listed role inherits from."""

    id: int
    name: str
    grants: list[Grant]


class MatrixPermission(TypedDict):
    """A permission that can be granted in a server."""

    name: str
    scope: str
    group: str | None
    description: str


class ResourceMatrix(TypedDict):
    """Roles and their grants in a resource with members."""

    resource: Resource
    scopes: Annotated[Sequence[str], "Scopes of grants that count for all of it"]
    permissions: list[MatrixPermission]
    roles: list[MatrixRole]
    ancestors: Annotated[list[Ancestor], "What listed roles inherit from that is not listed itself"]
    next: int | None


class Matrix(ResourceMatrix):
    """Roles of a server and their grants."""

    server: ListedServer


class PlacedOverwrite(TypedDict):
    """An overwrite of one role, user or team."""

    target_type: Literal["role", "user", "team"]
    target_id: NodeId
    target: str
    allow: list[str]
    deny: list[str]


class OverwrittenChannel(ListedChannel):
    """A channel and the overwrites in force in it."""

    synced: Annotated[bool, "The overwrites are those of the category"]
    overwrites: list[PlacedOverwrite]


class Overwritten(PlacedResource):
    """A resource in which there are overwrites in force."""

    place: Annotated[str, "What has them: itself, or what it is in sync with"]
    overwrites: list[PlacedOverwrite]
