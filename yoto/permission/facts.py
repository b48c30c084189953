"""What the resolver is told: everything the database knows about one user in one place.

Times are epoch seconds. Facts do not depend on the present time: the resolver applies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Assignment(NamedTuple):
    """A role that a user holds while ``valid_from <= now < valid_until`` (None: no bound)."""

    role_id: int
    valid_from: float | None = None
    valid_until: float | None = None


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """One role with its grants that count in the place, directly or through groups, as masks.

    Attributes:
        server_id: the server it belongs to; None for a global role.
        allow, deny: grants with scope global, or the scope of the place's server.
        local_allow, local_deny: grants with the scope of the channel, and the overwrites that name
            this role.
    """

    server_id: int | None = None
    parent_id: int | None = None
    active: bool = True
    is_default: bool = False
    allow: int = 0
    deny: int = 0
    local_allow: int = 0
    local_deny: int = 0


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place and the roles that can matter in it.

    Attributes:
        kind: as in ``Place.kind``.
        server_id, owner_id: of the server that the place is or is part of; None for global.
        roles: by id; global roles and, in a server, its own.
    """

    kind: str
    server_id: int | None = None
    owner_id: int | None = None
    roles: Mapping[int, RoleFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserFacts:
    """One user, as seen from one place.

    Attributes:
        exists: False for an id that names nobody.
        member: has a row in the server's members that is no ban.
        timeout_until: end of the member's time-out.
        own_allow, own_deny: the overwrites of the place that name this user.
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
