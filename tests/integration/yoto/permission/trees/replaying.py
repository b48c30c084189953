"""A world of the second implementation as rows of the platform, and each of its writes as a call.

Nodes, members and people are rows of an application: it writes them through its session. All else
is written through the permission system.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask

from app.extensions import cache, permissions
from app.models import User
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.tables import MEMBERS, NAMES, NODES, moment
from tests.support.trees import model
from tests.support.trees import writes as w
from tests.support.trees.by_hand import NOW
from tests.support.trees.model import Asker, NodeId, World
from tests.support.trees.shape import top_down
from tests.support.trees.verdict import UnknownNode, allowed
from yoto.errors import UnknownResource
from yoto.nodes import text_of
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.people import subjects
from yoto.store.db import db, writing
from yoto.store.declarations import declarations_of
from yoto.store.models import EVERYONE, Role, RoleAssignment
from yoto.store.resources import ResourceTypes, declare_resource
from yoto.store.resources.declaring import MOST_NESTED
from yoto.store.resources.types import EXTENSION

# No window of any world has ended by then: nobody may give a role that is over already.
LONG_AGO = NOW - 100_000.0
NOBODY = 10**9

# No two worlds of a database share a row.
_ids = count(1)
_names = count(1)


@dataclass(frozen=True)
class DeleteNode(w.Write):
    """A node that nothing is below, with all that is given at it."""

    node: NodeId

    def acceptable(self, world: World) -> bool:
        if self.node not in world.nodes or world.types[self.node[0]].members:
            return False
        rows = world.nodes.values()
        return all(self.node not in (row.parent, row.sync) for row in rows)

    def apply(self, world: World) -> None:
        del world.nodes[self.node]
        for rows, at in (
            (world.grants, 2),
            (world.assignments, 2),
            (world.overwrites, 0),
        ):
            for key in [key for key in rows if key[at] == self.node]:
                del rows[key]


class Replay:
    """One world on the platform, which goes along with each of its writes.

    Args:
        world: ``make`` makes its nodes, people, roles and so on; ``perform`` writes what binds
        them.
    """

    def __init__(self, app: Flask, clock: Clock, world: World) -> None:
        self.world, self._app, self._clock = world, app, clock
        self._tables = dict(zip(world.types, NAMES, strict=False))
        if set(world.types) <= set(NAMES):
            self._tables = {name: name for name in world.types}
        self._nodes: dict[NodeId, int] = {}
        self._people: dict[model.Id, int] = {}
        self._applications: dict[model.Id, int] = {}
        self._roles: dict[model.Id, int] = {}
        self._teams: dict[model.Id, int] = {}
        self._names: dict[str, str] = {}
        self._who: dict[str, Any] = {}

    # ---- what is there ----------------------------------------------------------------------

    def make(self) -> None:
        """Declare the types, and make what the world has of everything."""
        self._declare()
        world = self.world
        with writing():
            for id_, person in world.people.items():
                row = User(
                    username=f"tree{next(_names)}",
                    display_name="",
                    password_hash="!",
                    super_admin=person.super_admin,
                )
                db.session.add(row)
                db.session.flush()
                self._people[id_] = row.id
            db.session.commit()
        for id_ in world.applications:
            self._applications[id_] = permissions.register_application(_name()).ids[0]
        for id_ in world.teams:
            self._teams[id_] = permissions.create_team(_name()).ids[0]
        for node in top_down(world):
            self._put(node)
        for id_, role in world.roles.items():
            self._roles[id_] = self._role(role)

    def _declare(self) -> None:
        self._app.extensions[EXTENSION] = ResourceTypes()
        for name, type_ in self.world.types.items():
            table = self._tables[name]
            declare_resource(
                self._app,
                name,
                NODES[table],
                parent={above: f"in_{self._tables[above]}" for above in type_.parents},
                owner="owner_id" if type_.owner else None,
                members=(MEMBERS[table], "node_id", "user_id") if type_.members else None,
                banned="banned" if type_.members else None,
                timeout_until="timeout_until" if type_.members else None,
                remaining=type_.remaining,
                gate=type_.gate,
                administrator=type_.administrator,
                shared=type_.shared,
                sync=None if type_.sync is None else (type_.sync, "sync_id"),
                nested=min(self.world.deepest, MOST_NESTED) if name in type_.parents else None,
            )
        types = self._app.extensions[EXTENSION]
        watch_declared(declarations_of(self._app).tables, types)
        for name, scope in self.world.permissions.items():
            lowest = scope if scope == model.GLOBAL else max(self.world.types, key=_is_first)
            permissions.register_permission(name, scope=lowest)

    def _role(self, role: model.RoleRow) -> int:
        if not role.default:
            home = None if role.home is None else self.place(role.home)
            return permissions.register_role(_name(), home=home).ids[0]
        assert role.home is not None
        with writing():
            row = Role(home=text_of(*self.place(role.home)), name=EVERYONE, is_default=True)
            db.session.add(row)
            db.session.commit()
            return row.id

    # ---- what things are called -------------------------------------------------------------

    def place(self, node: NodeId) -> tuple[str, int]:
        return node[0], self._nodes[node]

    def number(self, asker: Asker) -> Any:
        match asker:
            case model.Person(id=id_):
                return self._people[id_]
            case model.Application(id=id_):
                return subjects.Application(self._applications[id_])
        return subjects.PUBLIC

    def _subject(self, subject: model.Subject) -> Any:
        match subject:
            case model.Team(id=id_):
                return subjects.Team(self._teams[id_])
            case model.Everyone(home=home):
                return subjects.Everyone(*self.place(home))
        return self.number(subject)

    def _target(self, target: model.Target) -> dict[str, Any]:
        match target:
            case model.RoleTarget(id=id_):
                return {"role_id": self._roles[id_]}
            case model.Team(id=id_):
                return {"team_id": self._teams[id_]}
        return {"user_id": self.number(target)}

    # ---- asking -----------------------------------------------------------------------------

    def expected(self, asker: Asker, node: NodeId | None) -> set[str] | None:
        """The answer of the second implementation; None: it knows no such node."""
        return self.expected_in(self.world, asker, node)

    def expected_in(self, world: World, asker: Asker, node: NodeId | None) -> set[str] | None:
        """The same of another world."""
        assert self._clock.now is not None
        try:
            return allowed(world, asker, node, self._clock.now)
        except UnknownNode:
            return None

    def found(self, asker: Asker, node: NodeId | None) -> set[str] | None:
        """The platform's answer, from wherever it has it."""
        place = (None, None) if node is None else self.place(node)
        try:
            found = permissions.effective_permissions(self.number(asker), *place)
        except UnknownResource:
            return None
        return set(found) & set(self.world.permissions)

    def from_database(self, asker: Asker, node: NodeId | None, now: float) -> set[str]:
        """The platform's answer at another moment, past all that it remembers."""
        self._clock.now, kept = now, self._clock.now
        place = (None, None) if node is None else self.place(node)
        try:
            name = next(iter(self.world.permissions))
            found = permissions.explain(self.number(asker), name, *place, changes=False).effective
            return set(found) & set(self.world.permissions)
        finally:
            self._clock.now = kept

    def who(self, permission: str, node: NodeId) -> set[Any]:
        """All who have the permission there, as the platform calls them."""
        page = permissions.list_users(permission, *self.place(node))
        return set(page.ids)

    # ---- writing ----------------------------------------------------------------------------

    def perform_all(self, writes: Iterable[w.Write]) -> None:
        for write in writes:
            self.perform(write)

    def perform(self, write: w.Write) -> None:
        """Do it on the platform, and then in the world."""
        self._clock.now, kept = LONG_AGO, self._clock.now
        try:
            self._perform(write)
        finally:
            self._clock.now = kept
        if isinstance(write, w.PutNode):
            return
        write.apply(self.world)

    def adopt(self) -> None:
        """Take the world's own numbers: its rows are those of ``stored``."""
        world = self.world
        self._nodes = {node: int(node[1]) for node in world.nodes}
        self._people = {id_: int(id_) for id_ in world.people}
        self._applications = {id_: int(id_) for id_ in world.applications}
        self._roles = {id_: int(id_) for id_ in world.roles}
        self._teams = {id_: int(id_) for id_ in world.teams}

    def attempt(self, write: w.Write, actor: model.Person) -> None:
        """Have somebody call for it. The world stays as it is."""
        self._who = {"actor_id": self._people[actor.id]}
        try:
            self._perform(write)
        finally:
            self._who = {}

    def end(self) -> None:
        """Take from the public what it has: that would count in the next world, too."""
        for subject, role, node in list(self.world.assignments):
            if isinstance(subject, model.Public):
                self.perform(w.Unassign(subject, role, node))

    def _perform(self, write: w.Write) -> None:
        roles, teams, who = self._roles, self._teams, self._who
        match write:
            case w.PutNode(node=node):
                write.apply(self.world)
                self._put(node)
            case w.MoveNode() | w.SetOwner() | w.SetSync() | DeleteNode():
                self._change_node(write)
            case w.Join() | w.Leave() | w.Ban() | w.TimeOut():
                self._change_membership(write)
            case w.SetDisabled():
                self._set_disabled(write)
            case w.Assign():
                self._assign(write)
            case w.Unassign(subject=subject, role=role, node=node):
                at = None if node is None else self.place(node)
                permissions.unassign(self._subject(subject), roles[role], at, **who)
            case w.SetOverwrite(node=node, target=target):
                permissions.set_overwrite(
                    at=self.place(node),
                    allow=write.allow,
                    deny=write.deny,
                    **self._target(target),
                    **who,
                )
            case w.ClearOverwrite(node=node, target=target):
                permissions.clear_overwrite(at=self.place(node), **self._target(target), **who)
            case w.Grant(role=role, permission=name, scope=scope):
                where = () if scope is None else self.place(scope)
                permissions.assign_permissions_to_role(
                    roles[role], [name], *where, effect=write.effect, **who
                )
            case w.Revoke(role=role, permission=name, scope=scope):
                where = () if scope is None else self.place(scope)
                permissions.revoke_permissions_from_role(roles[role], [name], *where, **who)
            case w.AddTeamMember(team=team, member=member, window=window):
                permissions.add_team_members(
                    teams[team],
                    [self.number(member)],
                    moment(window.from_),
                    moment(window.until),
                    **who,
                )
            case w.RemoveTeamMember(team=team, member=member):
                permissions.remove_team_members(teams[team], [self.number(member)], **who)
            case w.AddTeamParent(team=team, parent=parent):
                permissions.add_team_parent(teams[team], teams[parent], **who)
            case w.RemoveTeamParent(team=team, parent=parent):
                permissions.remove_team_parent(teams[team], teams[parent], **who)
            case w.AddRoleParent(role=role, parent=parent):
                permissions.add_role_parent(roles[role], roles[parent], **who)
            case w.RemoveRoleParent(role=role, parent=parent):
                permissions.remove_role_parent(roles[role], roles[parent], **who)
            case w.SetRoleActive(role=role, active=active):
                permissions.update_role(roles[role], active=active, **who)
            case _:
                raise AssertionError(f"no call for {write}")

    def _put(self, node: NodeId) -> None:
        row = self.world.nodes[node]
        made = NODES[self._tables[node[0]]](id=next(_ids))
        self._nodes[node] = made.id
        made.owner_id = None if row.owner is None else self._people[row.owner]
        if row.parent is not None:
            setattr(made, f"in_{self._tables[row.parent[0]]}", self._nodes[row.parent])
        with writing():
            db.session.add(made)
            db.session.commit()

    def _change_node(self, write: Any) -> None:
        with writing():
            row = db.session.get_one(NODES[self._tables[write.node[0]]], self._nodes[write.node])
            match write:
                case w.MoveNode(parent=parent):
                    for name in NAMES:
                        setattr(row, f"in_{name}", None)
                    if parent is not None:
                        setattr(row, f"in_{self._tables[parent[0]]}", self._nodes[parent])
                case w.SetOwner(owner=owner):
                    row.owner_id = None if owner is None else self._people[owner]
                case w.SetSync(target=target):
                    row.sync_id = None if target is None else self._nodes[target]
                case DeleteNode():
                    db.session.delete(row)
            db.session.commit()

    def _change_membership(self, write: Any) -> None:
        key = (self._nodes[write.home], self._people[write.person])
        members = MEMBERS[self._tables[write.home[0]]]
        with writing():
            if isinstance(write, w.Join):
                db.session.add(members(node_id=key[0], user_id=key[1], banned=False))
            else:
                row = db.session.get_one(members, key)
                match write:
                    case w.Leave():
                        db.session.delete(row)
                    case w.Ban(banned=banned):
                        row.banned = banned
                    case w.TimeOut(until=until):
                        row.timeout_until = moment(until)
            db.session.commit()

    def _set_disabled(self, write: w.SetDisabled) -> None:
        if isinstance(write.account, model.Application):
            number = self._applications[write.account.id]
            permissions.set_application_disabled(number, write.disabled, **self._who)
            return
        with writing():
            db.session.get_one(User, self._people[write.account.id]).disabled = write.disabled
            db.session.commit()

    def _assign(self, write: w.Assign) -> None:
        role, at = self._roles[write.role], write.node
        window = moment(write.window.from_), moment(write.window.until)
        by_system = not self._who and at is None
        if by_system and isinstance(write.subject, model.Person) and self._is_outside(write):
            # The platform gives nobody a role of where they do not belong; an application whose
            # people leave has such rows.
            self._assign_by_hand(write, role, window)
            return
        permissions.assign(
            self._subject(write.subject),
            role,
            None if at is None else self.place(at),
            *window,
            attributes=write.attributes,
            here_only=write.here_only,
            **self._who,
        )

    def _is_outside(self, write: w.Assign) -> bool:
        home = self.world.roles[write.role].home
        if home is None or self.world.nodes[home].owner == write.subject.id:
            return False
        row = self.world.memberships.get((home, write.subject.id))
        return row is None or row.banned

    def _assign_by_hand(
        self, write: w.Assign, role: int, window: tuple[datetime | None, datetime | None]
    ) -> None:
        number = self._people[write.subject.id]
        with writing():
            row = (
                db.session.query(RoleAssignment)
                .filter_by(user_id=number, role_id=role, node="")
                .one_or_none()
            )
            if row is None:
                row = RoleAssignment(user_id=number, role_id=role)
                db.session.add(row)
            row.valid_from, row.valid_until = window
            db.session.commit()


def _is_first(type_name: str) -> bool:
    """Whether random worlds have it first: their permissions are of one scope in all."""
    return type_name == NAMES[0]


def _name() -> str:
    return f"tree {next(_names)}"


def heard() -> None:
    """Wait until this process has heard of what it wrote itself: only then it keeps things."""
    tailer = cache.current.tailer
    assert tailer.wait_until_applied(cache.invalidate_user(NOBODY), 10)
