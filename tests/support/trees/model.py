"""A world that permissions are asked about: plain rows, no behaviour but looking things up.

Ids are of any kind that can be a key. Moments are epoch seconds. A node is ``(type, id)``; the
same id in two types is two nodes. Dicts keep the order in which rows were made, and nothing is a
set: so a world that is made from one seed is the same in every process.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Id = int | str
NodeId = tuple[str, Id]

ALLOW, DENY = "allow", "deny"
GLOBAL, LOCAL = "global", "local"
MEMBERS, ANYONE = "members", "anyone"

# ---- whom an assignment, an overwrite or a question can name --------------------------------


class Person(NamedTuple):
    id: Id
    kind: str = "person"


class Application(NamedTuple):
    """A program's account."""

    id: Id
    kind: str = "application"


class Team(NamedTuple):
    id: Id
    kind: str = "team"


class Everyone(NamedTuple):
    """All members of a home node."""

    home: NodeId
    kind: str = "everyone"


class Public(NamedTuple):
    """Everybody, also who is not signed in. As an asker: nobody is signed in."""

    kind: str = "public"


class RoleTarget(NamedTuple):
    """A role as the target of an overwrite."""

    id: Id
    kind: str = "role"


PUBLIC = Public()
Asker = Person | Application | Public
Subject = Person | Application | Team | Everyone | Public
Target = RoleTarget | Team | Person | Application

# ---- rows -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Type:
    """The declaration of a type of resource.

    ``gate``, ``administrator``: names of permissions. ``remaining``: what is left in a time-out.
    ``sync``: the type of the nodes whose overwrites a node may take in place of its own.
    ``shares``: the roles that holders of ``x.share`` at a node give and take there.
    """

    name: str
    parents: tuple[str, ...] = ()
    members: bool = False
    owner: bool = False
    gate: str | None = None
    administrator: str | None = None
    remaining: tuple[str, ...] = ()
    shared: str = MEMBERS
    sync: str | None = None
    shares: tuple[Id, ...] = ()


@dataclass
class NodeRow:
    parent: NodeId | None = None
    owner: Id | None = None
    sync: NodeId | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class RoleRow:
    """``home`` is None for a global role; ``default`` is the ``@everyone`` of its home."""

    home: NodeId | None = None
    active: bool = True
    default: bool = False
    parents: list[Id] = field(default_factory=list)


@dataclass(frozen=True)
class Window:
    """Half open: ``from_ <= now < until``; None is no bound."""

    from_: float | None = None
    until: float | None = None


ALWAYS = Window()


@dataclass
class AssignmentRow:
    """``here_only``: it counts at its node and not below."""

    window: Window = ALWAYS
    attributes: dict[str, Any] = field(default_factory=dict)
    here_only: bool = False


@dataclass
class TeamRow:
    members: dict[Person | Application, Window] = field(default_factory=dict)
    parents: list[Id] = field(default_factory=list)


@dataclass
class PersonRow:
    disabled: bool = False
    super_admin: bool = False


@dataclass
class ApplicationRow:
    disabled: bool = False


@dataclass
class MembershipRow:
    banned: bool = False
    timeout_until: float | None = None


@dataclass
class World:
    """All rows there are, each under its unique key.

    ``deepest`` is how many nodes a chain may have.
    """

    types: dict[str, Type] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)  # name: GLOBAL | LOCAL
    nodes: dict[NodeId, NodeRow] = field(default_factory=dict)
    roles: dict[Id, RoleRow] = field(default_factory=dict)
    grants: dict[tuple[Id, str, NodeId | None], str] = field(default_factory=dict)
    overwrites: dict[tuple[NodeId, Target, str], str] = field(default_factory=dict)
    teams: dict[Id, TeamRow] = field(default_factory=dict)
    assignments: dict[tuple[Subject, Id, NodeId | None], AssignmentRow] = field(
        default_factory=dict
    )
    people: dict[Id, PersonRow] = field(default_factory=dict)
    applications: dict[Id, ApplicationRow] = field(default_factory=dict)
    memberships: dict[tuple[NodeId, Id], MembershipRow] = field(default_factory=dict)
    deepest: int = 32

    def copy(self) -> World:
        return deepcopy(self)

    def askers(self) -> list[Asker]:
        """All who can ask: people, applications, and visitors who are not signed in."""
        people = [Person(id_) for id_ in self.people]
        return [*people, *(Application(id_) for id_ in self.applications), PUBLIC]

    def places(self) -> list[NodeId | None]:
        """Everything that can be asked about; None is "globally"."""
        return [None, *self.nodes]

    def of_type(self, type_: str) -> list[NodeId]:
        return [node for node in self.nodes if node[0] == type_]
