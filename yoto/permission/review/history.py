"""One server at one moment, as rows that can be taken back change by change.

Only what bears on one permission in one place is held: rows about it, about administering, and
about seeing the channel. The resolver judges it as it judges the present.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from yoto.permission.explain.evidence import RoleRow
from yoto.permission.facts import Assignment, PlaceFacts, UserFacts
from yoto.permission.gathering import RoleGatherer
from yoto.permission.registry import PermissionRegistry
from yoto.permission.resolver import FlatPlace, flatten, resolve
from yoto.permission.scopes import CATEGORY, Place
from yoto.permission.statements import CHANNEL

Window = tuple[float | None, float | None]


@dataclass
class Membership:
    """A row of the server's members."""

    banned: bool = False
    timeout_until: float | None = None


@dataclass
class Account:
    """What an account may do by itself, or not."""

    disabled: bool = False
    super_admin: bool = False


class LaidOut(NamedTuple):
    """What all users share, made once for as long as no record changes it.

    Attributes:
        own: by user, what overwrites of their own allow and deny.
    """

    place: FlatPlace
    own: dict[int, list[int]]


@dataclass
class History:
    """The rows.

    Attributes:
        exists: whether the place was there.
        category_id, synced: of the channel, if the place is one.
        windows: of assignments, by user, then role.
        grants: whether it allows, by role, permission and scope.
        group_grants: the same, by role, group and scope.
        groups: the permissions of each group; names by id beside them.
        overwrites: whether it allows, by place, target and permission.
        unknown: what could not be taken back, in words.
    """

    place: Place
    server_id: int | None
    owner_id: int | None
    category_id: int | None
    synced: bool
    exists: bool = True
    roles: dict[int, RoleRow] = field(default_factory=dict)
    windows: defaultdict[int, dict[int, Window]] = field(default_factory=lambda: defaultdict(dict))
    grants: dict[tuple[int, int, str], bool] = field(default_factory=dict)
    group_grants: dict[tuple[int, int, str], bool] = field(default_factory=dict)
    groups: dict[int, set[int]] = field(default_factory=dict)
    group_names: dict[str, int] = field(default_factory=dict)
    overwrites: dict[tuple[str, str, int], bool] = field(default_factory=dict)
    members: dict[int, Membership] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    _laid_out: LaidOut | None = None

    @property
    def overwritten(self) -> str:
        """Whose overwrites are in force."""
        if self.synced and self.category_id is not None:
            return f"{CATEGORY}:{self.category_id}"
        return str(self.place)

    def users(self) -> set[int]:
        """Everybody who could be let in or out."""
        found = self.windows.keys() | self.members.keys() | self.accounts.keys()
        return found | ({self.owner_id} if self.owner_id is not None else set())

    def allowed(
        self, user_ids: Iterable[int], mask: int, registry: PermissionRegistry, now: float
    ) -> set[int]:
        """Those of the users who have a permission of ``mask`` at ``now``."""
        if not self.exists:
            return set()
        bits = registry.snapshot.bits
        if self._laid_out is None:
            self._laid_out = LaidOut(self._place(registry), self._own_masks(registry))
        place, own = self._laid_out
        return {
            user_id
            for user_id in user_ids
            if resolve(place, self._user(user_id, own), now, bits).mask & mask
        }

    def forget_place(self) -> None:
        """Roles, grants or overwrites have changed."""
        self._laid_out = None

    def _place(self, registry: PermissionRegistry) -> FlatPlace:
        gatherer = RoleGatherer(registry.mask_of_id)
        for role in self.roles.values():
            gatherer.role(role.id, role.server_id, role.parent_id, role.active, role.is_default)
        for (role_id, permission_id, scope), allows in self.grants.items():
            if self._counts(scope):
                gatherer.grant(role_id, permission_id, allows, scope.startswith(CHANNEL))
        for (role_id, group_id, scope), allows in self.group_grants.items():
            if self._counts(scope):
                for permission_id in self.groups.get(group_id, ()):
                    gatherer.grant(role_id, permission_id, allows, scope.startswith(CHANNEL))
        for (place, target, permission_id), allows in self.overwrites.items():
            if place == self.overwritten and target.startswith("role:"):
                gatherer.grant(int(target.removeprefix("role:")), permission_id, allows, True)
        place_facts = PlaceFacts(self.place.kind, self.server_id, self.owner_id, gatherer.roles())
        return flatten(place_facts, registry.snapshot.bits)

    def _counts(self, scope: str) -> bool:
        return scope in ("global", f"server:{self.server_id}", str(self.place))

    def _own_masks(self, registry: PermissionRegistry) -> dict[int, list[int]]:
        """What overwrites allow and deny users themselves."""
        own: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        for (place, target, permission_id), allows in self.overwrites.items():
            kind, _, number = target.partition(":")
            if place == self.overwritten and kind == "user":
                own[int(number)][0 if allows else 1] |= registry.mask_of_id(permission_id)
        return dict(own)

    def _user(self, user_id: int, own: dict[int, list[int]]) -> UserFacts:
        account = self.accounts.get(user_id)
        member = self.members.get(user_id)
        allow, deny = own.get(user_id, (0, 0))
        held = self.windows.get(user_id, {})
        return UserFacts(
            user_id,
            exists=account is not None,
            disabled=account is not None and account.disabled,
            super_admin=account is not None and account.super_admin,
            member=member is not None and not member.banned,
            timeout_until=member.timeout_until if member is not None else None,
            assignments=tuple(Assignment(role_id, *window) for role_id, window in held.items()),
            own_allow=allow,
            own_deny=deny,
        )
