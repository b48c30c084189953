"""Tables that the nodes of any random world fit into, and the world's rows in them.

There is one table for each type that a world can have. A type is declared over its table anew for
each world: with the parents, the members, the owner and so on that it has there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import Boolean, Column, false, insert, update
from sqlalchemy.orm import DeclarativeBase

from app.models import User
from tests.support.trees import model
from tests.support.trees.model import World
from tests.support.trees.types import PERMISSIONS, SHARE
from yoto.nodes import APPLICATIONS, PUBLIC_NUMBER, here_only, text_of
from yoto.permission.database.statements import provides_roles
from yoto.permission.directory import EXTENSION as PROVIDERS
from yoto.permission.directory import Providers
from yoto.store.asked import ProvidedRole, roles_by
from yoto.store.columns import Id, UtcDateTime
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.models import (
    EVERYONE,
    ChannelOverwrite,
    Effect,
    Permission,
    ProgramAccount,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleParent,
    Team,
    TeamMember,
    TeamParent,
)
from yoto.store.resources import ResourceTypes, declare_resource
from yoto.store.resources.types import EXTENSION

NAMES = (*(f"level{number}" for number in range(1, 9)), "side")
# More than any world has of one, so that ids of accounts are their own.
FIRST_PERMISSION = 900


class Base(DeclarativeBase):
    """Tables of an adopter."""


def _node_class(name: str) -> Any:
    columns: dict[str, Any] = {
        "__tablename__": f"tree_{name}",
        "id": Column(Id, primary_key=True),
        "owner_id": Column(Id),
        "sync_id": Column(Id),
    }
    # Where the parent is, by its type; no foreign keys, since a world may have any of them.
    columns |= {f"in_{above}": Column(Id) for above in NAMES}
    return type(f"Tree_{name}", (Base,), columns)


NODES = {name: _node_class(name) for name in NAMES}


def _members_of(name: str) -> Any:
    """A table of the members of one type."""
    return type(
        f"Members_{name}",
        (Base,),
        {
            "__tablename__": f"tree_members_{name}",
            "node_id": Column(Id, primary_key=True),
            "user_id": Column(Id, primary_key=True),
            "banned": Column(Boolean),
            "timeout_until": Column(UtcDateTime()),
        },
    )


MEMBERS = {name: _members_of(name) for name in NAMES}


def store_permissions() -> None:
    """All that worlds ask for."""
    rows = [
        {
            "id": FIRST_PERMISSION + number,
            "name": name,
            "bit": FIRST_PERMISSION + number,
            "scope": scope if scope == model.GLOBAL else NAMES[0],
        }
        for number, (name, scope) in enumerate(PERMISSIONS.items())
    ]
    db.session.execute(insert(Permission), rows)
    db.session.commit()


def declare_world(app: Flask, world: World) -> None:
    """Have the types of a world be those of the application, and no others."""
    app.extensions[EXTENSION] = ResourceTypes()
    declarations_of(app).named_roles = {
        f"role {id_}": () for id_, role in world.roles.items() if is_declared(role)
    }
    # Parents are named by type, so that the order does not matter.
    for name, type_ in world.types.items():
        declare_resource(
            app,
            name,
            NODES[name],
            parent={above: f"in_{above}" for above in type_.parents},
            owner="owner_id" if type_.owner else None,
            members=(MEMBERS[name], "node_id", "user_id") if type_.members else None,
            banned="banned" if type_.members else None,
            timeout_until="timeout_until" if type_.members else None,
            remaining=type_.remaining,
            gate=type_.gate,
            administrator=type_.administrator,
            shared=type_.shared,
            sync=None if type_.sync is None else (type_.sync, "sync_id"),
            shares={SHARE: [f"role {id_}" for id_ in type_.shares]},
            nested=world.deepest if name in type_.parents else None,
        )


def is_declared(role: model.RoleRow) -> bool:
    """Whether the code declares the role: it does all global ones."""
    return role.home is None and not role.default


def number_of(asker: model.Asker) -> int:
    """The platform's number of somebody."""
    match asker:
        case model.Person(id=id_):
            return int(id_)
        case model.Application(id=id_):
            return APPLICATIONS + int(id_)
    return PUBLIC_NUMBER


def text(node: model.NodeId | None) -> str:
    """A node as the tables have it; none: nowhere."""
    return "" if node is None else text_of(node[0], int(node[1]))


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def subject_columns(subject: model.Subject) -> dict[str, Any]:
    """The holder of a role, as a row of assignments has it."""
    match subject:
        case model.Team(id=id_):
            return {"subject": f"team:{id_}", "user_id": None, "team_id": id_}
        case model.Everyone(home=home):
            return {"subject": f"everyone:{text(home)}", "user_id": None, "team_id": None}
        case model.Public():
            return {"subject": "public", "user_id": None, "team_id": None}
    number = number_of(subject)
    return {"subject": f"user:{number}", "user_id": number, "team_id": None}


def target_columns(target: model.Target) -> dict[str, Any]:
    """The target of an overwrite, as a row of overwrites has it."""
    columns: dict[str, Any] = {"role_id": None, "user_id": None, "team_id": None}
    match target:
        case model.RoleTarget(id=id_):
            return columns | {"role_id": id_}
        case model.Team(id=id_):
            return columns | {"team_id": id_}
    return columns | {"user_id": number_of(target)}


def permission_id(name: str) -> int:
    return FIRST_PERMISSION + list(PERMISSIONS).index(name)


class RoleProvider:
    """An application that knows of some assignments of a world to people, which are not stored."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, ids: list[int]) -> dict[int, list[ProvidedRole]]:
        found: dict[int, list[ProvidedRole]] = {}
        for (subject, role_id, node), row in self._world.assignments.items():
            if is_provided(subject, role_id, row) and number_of(subject) in ids:
                home = self._world.roles[role_id].home
                one = ProvidedRole(f"role {role_id}", node, home, moment(row.window.until))
                found.setdefault(number_of(subject), []).append(one)
        return found


def is_provided(subject: model.Subject, role_id: model.Id, row: model.AssignmentRow) -> bool:
    """Whether a provider gives it; a role that is provided has begun."""
    mine = isinstance(subject, model.Person) and (int(subject.id) + int(role_id)) % 2 == 0
    return mine and row.window.from_ is None and not row.here_only


@contextmanager
def provided(app: Flask, function: Any, clock: Callable[[], float]) -> Iterator[None]:
    """The function gives people roles; its answers are as old as the clock says."""
    kept, declarations = app.extensions[PROVIDERS], declarations_of(app)
    declarations.roles = roles_by(function, deadline=60.0)
    app.extensions[PROVIDERS] = Providers(app, clock)
    try:
        yield
    finally:
        app.extensions[PROVIDERS], declarations.roles = kept, None


@contextmanager
def stored(world: World) -> Iterator[None]:
    """The rows of a world, in a transaction that is rolled back."""
    connection = db.session.connection()
    # Others do not see it, so that what is provided must be stored within.
    db.session.execute(update(Permission).where(false()).values(bit=0))

    def add(made: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection.execute(insert(made.__table__), rows)

    try:
        _store_people(world, add)
        _store_nodes(world, add)
        _store_roles(world, add)
        _store_rights(world, add)
        yield
    finally:
        db.session.rollback()


def _store_people(world: World, add: Any) -> None:
    add(
        User,
        [
            {
                "id": id_,
                "username": f"tree{id_}",
                "display_name": "",
                "password_hash": "!",
                "disabled": row.disabled,
                "super_admin": row.super_admin,
            }
            for id_, row in world.people.items()
        ],
    )
    add(
        ProgramAccount,
        [
            {"id": id_, "name": f"tree{id_}", "disabled": row.disabled}
            for id_, row in world.applications.items()
        ],
    )
    add(Team, [{"id": id_, "name": f"tree{id_}"} for id_ in world.teams])
    add(
        TeamMember,
        [
            {
                "team_id": id_,
                "user_id": number_of(member),
                "valid_from": moment(window.from_),
                "valid_until": moment(window.until),
            }
            for id_, team in world.teams.items()
            for member, window in team.members.items()
        ],
    )
    add(
        TeamParent,
        [
            {"team_id": id_, "parent_id": parent}
            for id_, team in world.teams.items()
            for parent in team.parents
        ],
    )


def _store_nodes(world: World, add: Any) -> None:
    for name in world.types:
        add(
            NODES[name],
            [
                {
                    "id": id_,
                    "owner_id": row.owner,
                    "sync_id": None if row.sync is None else row.sync[1],
                }
                | dict.fromkeys((f"in_{above}" for above in NAMES))
                | ({} if row.parent is None else {f"in_{row.parent[0]}": row.parent[1]})
                for (type_, id_), row in world.nodes.items()
                if type_ == name
            ],
        )
        add(
            MEMBERS[name],
            [
                {
                    "node_id": node[1],
                    "user_id": person,
                    "banned": row.banned,
                    "timeout_until": moment(row.timeout_until),
                }
                for (node, person), row in world.memberships.items()
                if node[0] == name
            ],
        )


def _store_roles(world: World, add: Any) -> None:
    add(
        Role,
        [
            {
                "id": id_,
                "home": text(row.home),
                "name": EVERYONE if row.default else f"role {id_}",
                "active": row.active,
                "is_default": row.default,
                "position": 0 if row.default else id_,
                "declared": {} if is_declared(row) else None,
                # The first parent has a column of its own.
                "parent_id": None,
            }
            for id_, row in world.roles.items()
        ],
    )
    for id_, row in world.roles.items():
        if row.parents:
            db.session.connection().execute(
                Role.__table__.update()
                .where(Role.__table__.c.id == id_)
                .values(parent_id=row.parents[0])
            )
    add(
        RoleParent,
        [
            {"role_id": id_, "parent_id": parent}
            for id_, row in world.roles.items()
            for parent in row.parents[1:]
        ],
    )


def _store_rights(world: World, add: Any) -> None:
    add(
        RoleGrant,
        [
            {
                "role_id": role,
                "permission_id": permission_id(name),
                "scope_key": text(scope) or "global",
                "effect": Effect(effect),
            }
            for (role, name, scope), effect in world.grants.items()
        ],
    )
    add(
        RoleAssignment,
        [
            subject_columns(subject)
            | {
                "role_id": role,
                "node": here_only(text(node)) if row.here_only else text(node),
                "valid_from": moment(row.window.from_),
                "valid_until": moment(row.window.until),
            }
            for (subject, role, node), row in world.assignments.items()
            if not (provides_roles() and is_provided(subject, role, row))
        ],
    )
    add(
        ChannelOverwrite,
        [
            target_columns(target)
            | {
                "place": text(node),
                "permission_id": permission_id(name),
                "effect": Effect(effect),
            }
            for (node, target, name), effect in world.overwrites.items()
        ],
    )
