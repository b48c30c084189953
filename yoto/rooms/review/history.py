"""One place at one moment, as rows that can be taken back change by change.

It holds only rows that matter for one permission in one place: rows about it, about administering,
and about seeing the channel. The resolver judges them as it judges the present.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from yoto.nodes import APPLICATIONS
from yoto.permission.audited import PUBLIC, TEAM, USER, Window
from yoto.permission.loading.rights import Grant, Mark, Marks
from yoto.permission.loading.rights import Membership as InTeam
from yoto.permission.loading.rights import Rights, RoleShape
from yoto.permission.loading.rows import RoleRow
from yoto.permission.loading.sites import Site
from yoto.permission.rank.teams import reached
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.facts import NOWHERE, Assignment, By, UserFacts
from yoto.permission.verdict.resolver import FlatPlace, flatten, resolve
from yoto.store.resources.types import Sync


@dataclass
class Membership:
    """A row among the members of a home."""

    banned: bool = False
    timeout_until: float | None = None


@dataclass
class Account:
    """The status of an account."""

    disabled: bool = False
    super_admin: bool = False


class LaidOut(NamedTuple):
    """The facts shared by all users, kept until a record changes them."""

    place: FlatPlace
    site: Site
    rights: Rights
    marks: Marks


@dataclass
class History:
    """The rows of one place at one moment.

    Attributes:
        exists: whether the place existed.
        site: the present site of the place.
        lender: the node whose overwrites the place takes while it is ``synced``, as text.
        windows: of roles held by people and programs themselves, by user, then role and node.
        sets: of roles held by teams and everybody, by subject, role and node.
        provided: the roles that the application provides to people at present.
        teams: teams that hold something or have overwrites, now or before.
        joined: windows of those who are in a team, by team, then user.
        nested: teams, each with one that it is in.
        grants: whether a grant allows, by role, permission and scope.
        group_grants: whether a grant of a group allows, by role, group and scope.
        groups: the permissions of each group; names by id beside them.
        overwrites: whether an overwrite allows, by place, target and permission.
        unknown: changes that could not be undone, in words.
    """

    site: Site
    owner_id: int | None
    lender: str | None = None
    synced: bool = False
    exists: bool = True
    roles: dict[int, RoleRow] = field(default_factory=dict)
    windows: defaultdict[int, dict[tuple[int, str], Window]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    sets: dict[tuple[str, int, str], Window] = field(default_factory=dict)
    provided: defaultdict[int, list[Assignment]] = field(default_factory=lambda: defaultdict(list))
    teams: set[int] = field(default_factory=set)
    joined: defaultdict[int, dict[int, Window]] = field(default_factory=lambda: defaultdict(dict))
    nested: set[tuple[int, int]] = field(default_factory=set)
    grants: dict[tuple[int, int, str], bool] = field(default_factory=dict)
    group_grants: dict[tuple[int, int, str], bool] = field(default_factory=dict)
    groups: dict[int, set[int]] = field(default_factory=dict)
    group_names: dict[str, int] = field(default_factory=dict)
    overwrites: dict[tuple[str, str, int], bool] = field(default_factory=dict)
    members: dict[int, Membership] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    _laid_out: LaidOut | None = None
    _in_teams: defaultdict[int, list[InTeam]] | None = None

    @property
    def place(self) -> Place:
        """The place of the question."""
        return self.site.place

    @property
    def sync(self) -> Sync | None:
        """Nodes whose overwrites the place may take."""
        return self.site.types[-1].sync if self.site.types else None

    @property
    def overwritten(self) -> str:
        """The node whose overwrites are in force."""
        return self.lender if self.synced and self.lender is not None else str(self.place)

    @property
    def is_public(self) -> bool:
        """Whether the public holds something."""
        return any(subject == PUBLIC for subject, _, _ in self.sets)

    def users(self) -> set[int]:
        """All users who could gain or lose the permission."""
        found = self.windows.keys() | self.members.keys() | self.accounts.keys()
        found |= self.provided.keys()
        found |= {user_id for inside in self.joined.values() for user_id in inside}
        for _, target, _ in self.overwrites:
            if target.startswith(USER):
                found.add(int(target.removeprefix(USER)))
        owners = {owner_id for owner_id, _ in self.site.owners} | {self.owner_id}
        return found | {owner_id for owner_id in owners if owner_id is not None}

    def allowed(
        self, user_ids: Iterable[int], mask: int, registry: PermissionRegistry, now: float
    ) -> set[int]:
        """Those of the users who have a permission of ``mask`` at ``now``."""
        if not self.exists:
            return set()
        bits = registry.snapshot.bits
        if self._laid_out is None:
            site = self._site()
            rights = self._rights()
            roles = rights.role_facts(site, registry.mask_of_id, bits.width)
            place = flatten(site.facts(roles, registry.snapshot), bits)
            marks = rights.marks_at(site, registry.mask_of_id, bits.width)
            self._laid_out = LaidOut(place, site, rights, marks)
        place, site, rights, marks = self._laid_out
        found = set()
        for user_id in user_ids:
            user = rights.with_user(site, self._person(user_id), marks)
            held = (*self._held(user_id), *user.assignments)
            if resolve(place, replace(user, assignments=held), now, bits).mask & mask:
                found.add(user_id)
        return found

    def copied(self) -> History:
        """A copy, from which other changes can be taken back."""
        return deepcopy(self, {id(self.site): self.site})

    def forget_place(self) -> None:
        """Forget derived facts after a change of roles, grants, overwrites or holding sets."""
        self._laid_out = None

    def forget_teams(self) -> None:
        """Drop the kept team memberships after a change."""
        self._in_teams = None
        self.forget_place()

    def hold(self, subject: str, role_id: int, node: str, window: Window | None) -> None:
        """Put back a subject's assignment (as in the table); None: there was none.

        Assignments elsewhere do not count here, and are not kept.
        """
        if node != NOWHERE and node not in self.site.holding:
            return
        if subject.startswith(USER):
            held: dict[Any, Window] = self.windows[int(subject.removeprefix(USER))]
            key: Any = (role_id, node)
        else:
            held, key = self.sets, (subject, role_id, node)
        if window is None:
            held.pop(key, None)
        else:
            held[key] = window

    def _site(self) -> Site:
        """The former site of the place, as far as is known."""
        overwritten = self.site.overwritten
        if overwritten:
            overwritten = (*overwritten[:-1], self.overwritten)
        return self.site._replace(owner_id=self.owner_id, overwritten=overwritten)

    def _rights(self) -> Rights:
        rights = Rights()
        rights.teams = self._memberships()
        for (subject, role_id, node), window in self.sets.items():
            held = Assignment(role_id, *window, node)
            if subject.startswith(TEAM):
                team_id = int(subject.removeprefix(TEAM))
                rights.of_teams[team_id].append(held._replace(by=By.TEAM, team_id=team_id))
            elif subject == PUBLIC:
                rights.crowds.append(held._replace(by=By.PUBLIC))
            elif subject == f"everyone:{self.site.home}":
                rights.crowds.append(held._replace(by=By.EVERYONE))
        for role in self.roles.values():
            rights.roles[role.id] = RoleShape(role.home, None, role.active, role.is_default)
            rights.parents[role.id] = list(role.parents)
        for (role_id, permission_id, scope), allows in self.grants.items():
            rights.grants[scope].append(Grant(role_id, permission_id, allows, None))
        for (role_id, group_id, scope), allows in self.group_grants.items():
            for permission_id in self.groups.get(group_id, ()):
                rights.grants[scope].append(Grant(role_id, permission_id, allows, group_id))
        for (place, target, permission_id), allows in self.overwrites.items():
            kind, _, number = target.partition(":")
            mark = Mark(None, None, None, permission_id, allows)
            named: dict[str, Any] = {f"{kind}_id": int(number)}
            mark = mark._replace(**named)
            rights.overwrites[place].append(mark)
        # Roles that no longer exist grant nothing; the rest is looked up by role.
        for rows in rights.grants.values():
            rows[:] = [row for row in rows if row.role_id in rights.roles]
        for marks in rights.overwrites.values():
            marks[:] = [one for one in marks if one.role_id is None or one.role_id in rights.roles]
        return rights

    def _memberships(self) -> defaultdict[int, list[InTeam]]:
        """The memberships in ``teams``, also by a team below one."""
        if self._in_teams is None:
            found: defaultdict[int, list[InTeam]] = defaultdict(list)
            below: defaultdict[int, list[int]] = defaultdict(list)
            for team_id, parent_id in self.nested:
                below[parent_id].append(team_id)
            for team_id in self.teams:
                for one in reached(below, team_id):
                    for user_id, window in self.joined.get(one, {}).items():
                        found[user_id].append(InTeam(team_id, *window))
            self._in_teams = found
        return self._in_teams

    def _held(self, user_id: int) -> Iterator[Assignment]:
        for (role_id, node), window in self.windows.get(user_id, {}).items():
            yield Assignment(role_id, *window, node)
        yield from self.provided.get(user_id, ())

    def _person(self, user_id: int) -> UserFacts:
        account = self.accounts.get(user_id)
        member = self.members.get(user_id)
        return UserFacts(
            user_id,
            exists=account is not None,
            disabled=account is not None and account.disabled,
            super_admin=account is not None and account.super_admin,
            member=member is not None and not member.banned,
            timeout_until=member.timeout_until if member is not None else None,
            program=APPLICATIONS < user_id,
        )
