"""The input of the resolver: everything the database knows about one user in one place.

Times are epoch seconds. Facts do not depend on the present time: the resolver applies it.

Below the node that people belong to, each node of a place has grants and overwrites of its own: a
level. Masks of all levels are one int, the first level's lowest, each ``KnownBits.width`` bits.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Nodes are named by their texts (``server:7``); ``NOWHERE`` is none.
NOWHERE = ""


class By(enum.IntEnum):
    """The way in which a user holds a role."""

    OWN = 0
    TEAM = 1
    EVERYONE = 2
    PUBLIC = 3
    PROVIDER = 4


class Assignment(NamedTuple):
    """A role that a user holds while ``valid_from <= now < valid_until`` (None: no bound).

    Attributes:
        node: the node where it is held, one of the place's; ``NOWHERE``: wherever the role counts.
        id, team_id: ids of the assignment, and of its team; 0 and None: there is none.
    """

    role_id: int
    valid_from: float | None = None
    valid_until: float | None = None
    node: str = NOWHERE
    by: By = By.OWN
    id: int = 0
    team_id: int | None = None


class TeamFacts(NamedTuple):
    """A team of a user, with the time window, and its overwrites by level."""

    team_id: int
    valid_from: float | None = None
    valid_until: float | None = None
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """One role with its grants that count in the place, directly or through groups, as masks.

    Attributes:
        home: the node that it belongs to; ``NOWHERE`` or None for a global role.
        parents: the roles that it inherits from.
        allow, deny: grants with scope global, or with that of a node down to the home.
        local_allow, local_deny: for each level the grants with the scope of its node, and the
            overwrites there that name this role.
    """

    home: Any = None
    parents: tuple[int, ...] = ()
    active: bool = True
    is_default: bool = False
    allow: int = 0
    deny: int = 0
    local_allow: int = 0
    local_deny: int = 0


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """The rules of the types of a place's nodes.

    Attributes:
        levels: for each level, whether grants there hold for people who are not members.
        gates: permissions; without any one of them no other counts.
        remaining: permissions that stay in a time-out.
        administrator: permissions each of which implies all others.
        outside: the nodes at which an assignment counts also for people who do not belong.
    """

    levels: tuple[bool, ...] = ()
    gates: int = 0
    remaining: int = 0
    administrator: int = 0
    outside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place and the roles that can matter in it.

    Attributes:
        home: the node that people belong to; None: there is none.
        owner_id: the owner of that node.
        roles: by id; global roles and those of the home.
        rules: the rules of the types.
        nodes: all nodes from the top down; none in the global scope.
        owners: other owners of nodes, and whether each counts only as a member.
    """

    home: Any = None
    owner_id: int | None = None
    roles: Mapping[int, RoleFacts] = field(default_factory=dict)
    rules: PlaceRules = PlaceRules()
    nodes: tuple[str, ...] = ()
    owners: tuple[tuple[int, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class UserFacts:
    """One user, as seen from one place.

    Attributes:
        exists: False for an unknown id.
        member: has a row among the home's members that is no ban.
        timeout_until: end of the member's time-out.
        own_allow, own_deny: the overwrites that name this user, levels as in ``RoleFacts``.
        teams: all teams of the user, at any time.
        program: an application, which belongs wherever it has an assignment.
        public: the anonymous public.
    """

    user_id: int
    exists: bool = True
    disabled: bool = False
    super_admin: bool = False
    member: bool = False
    timeout_until: float | None = None
    assignments: tuple[Assignment, ...] = ()
    own_allow: int = 0
    own_deny: int = 0
    teams: tuple[TeamFacts, ...] = ()
    program: bool = False
    public: bool = False


class RoleClosures:
    """The roles of one place; users with the same roles share one set."""

    def __init__(self, place: PlaceFacts) -> None:
        self._roles = place.roles
        self._default = frozenset(
            role_id for role_id, role in place.roles.items() if role.is_default
        )
        self._of_role: dict[int, frozenset[int]] = {}
        self._of_roles: dict[tuple[int, ...], frozenset[int]] = {}

    def of(self, user: UserFacts) -> frozenset[int]:
        """The roles assigned to ``user`` at any time, their ancestors, and the default role."""
        held = tuple(sorted(assignment.role_id for assignment in user.assignments))
        found = self._of_roles.get(held)
        if found is None:
            found = self._default.union(*(self._line(role_id) for role_id in held))
            self._of_roles[held] = found
        return found

    def _line(self, role_id: int) -> frozenset[int]:
        found = self._of_role.get(role_id)
        if found is None:
            line: set[int] = set()
            newest = {role_id}
            while newest:
                line |= newest
                known = (self._roles.get(current) for current in newest)
                newest = {one for role in known if role for one in role.parents} - line
            found = self._of_role[role_id] = frozenset(line)
        return found
