"""The cost of depth: the same question at a node with one above it, and at one with seven.

The types are an adopter's, each below the one before. People belong to nodes of the first; there
they hold a role. Both nodes have an overwrite. The two take turns, call by call, and processor time
is compared: so other work of the machine hits both.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import thread_time
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import Column, ForeignKey, insert, select
from sqlalchemy.orm import DeclarativeBase

from app.extensions import permissions
from app.models import User
from benchmarks.check.contest import BATCH
from yoto.permission.outbox.rules import watch_declared
from yoto.store.columns import Id
from yoto.store.db import db, writing
from yoto.store.declarations import declarations_of
from yoto.store.models import RoleAssignment
from yoto.store.resources import ResourceTypes, declare_resource
from yoto.store.resources.types import EXTENSION

SHALLOW, DEEP = 2, 8  # nodes of a chain
ENDS = ((f"level{SHALLOW}", 1), (f"level{DEEP}", 1))
PERMISSION = "bench.read"
ROUNDS = 100
A_PART = 50  # people
SECONDS_A_TURN = 0.01


class Compared(NamedTuple):
    """Median microseconds at both depths, and the median ratio of the one to the other."""

    shallow: float
    deep: float
    times: float


class Base(DeclarativeBase):
    """Tables of an adopter."""


def _level(number: int) -> Any:
    columns: dict[str, Any] = {
        "__tablename__": f"bench_level{number}",
        "id": Column(Id, primary_key=True),
    }
    if number > 1:
        columns["above_id"] = Column(Id, ForeignKey(f"bench_level{number - 1}.id"), index=True)
    return type(f"Level{number}", (Base,), columns)


NODES = {f"level{number}": _level(number) for number in range(1, DEEP + 1)}


class Member(Base):
    """A member of a node of the first level."""

    __tablename__ = "bench_members"
    node_id = Column(Id, ForeignKey("bench_level1.id"), primary_key=True)
    user_id = Column(Id, primary_key=True)


def declare(app: Flask) -> None:
    """Make these types the application's."""
    types = app.extensions[EXTENSION] = ResourceTypes()
    for name, model in NODES.items():
        if name == "level1":
            declare_resource(app, name, model, members=(Member, "node_id", "user_id"))
        else:
            declare_resource(app, name, model, parent="above_id")
    watch_declared(declarations_of(app).tables, types)


@contextmanager
def declared(app: Flask) -> Iterator[None]:
    """These types in place of the community's, with a node of each and their permission."""
    kept = app.extensions[EXTENSION]
    declare(app)
    try:
        Base.metadata.create_all(db.engine)
        permissions.register_permission(PERMISSION, scope="level1")
        yield
    finally:
        app.extensions[EXTENSION] = kept


def store() -> list[int]:
    """A node of each level below the one before, and people who may read there; their ids."""
    with writing():
        for number, model in enumerate(NODES.values()):
            db.session.add(model(id=1, **({"above_id": 1} if number else {})))
            db.session.flush()
        names = [f"deep{number}" for number in range(BATCH)]
        rows = [{"username": one, "display_name": one, "password_hash": "!"} for one in names]
        db.session.execute(insert(User), rows)
        mine = select(User.id).where(User.username.startswith("deep")).order_by(User.id)
        users = list(db.session.scalars(mine))
        db.session.execute(insert(Member), [{"node_id": 1, "user_id": one} for one in users])
        db.session.commit()
    [role] = permissions.register_role("reader", home=("level1", 1)).ids
    permissions.assign_permissions_to_role(role, [PERMISSION])
    with writing():
        held = [{"user_id": one, "role_id": role, "node": "level1:1"} for one in users]
        db.session.execute(
            insert(RoleAssignment), [one | {"subject": f"user:{one['user_id']}"} for one in held]
        )
        db.session.commit()
    for node in ENDS:
        permissions.set_overwrite(at=node, role_id=role, allow=[PERMISSION])
    return users


def run(app: Flask) -> dict[str, Compared]:
    """A check from memory, one from the database, and a batch, at both depths."""
    check, batch = permissions.check_permission, permissions.batch_check_permissions
    with declared(app):
        users = store()
        user_id = users[BATCH // 2]

        def compared(ask: Callable[..., Any], asked: Any) -> Compared:
            return _compared(*(partial(ask, asked, PERMISSION, *node) for node in ENDS))

        for first in range(0, BATCH, A_PART):
            # By turns: entries that were loaded last lie together in memory, and are found faster.
            part = users[first : first + A_PART]
            assert all(all(batch(part, PERMISSION, *node).values()) for node in ENDS)
        found = {
            "check, memory": compared(check, user_id),
            f"batch of {BATCH:,}, warm": compared(batch, users),
        }
        permissions.require_database()
        try:
            return found | {"check, database": compared(check, user_id)}
        finally:
            permissions.require_nothing()


def _compared(shallow: Callable[[], Any], deep: Callable[[], Any]) -> Compared:
    started = thread_time()
    shallow()
    calls = max(1, int(SECONDS_A_TURN / max(thread_time() - started, 1e-6)))
    rounds = []
    for number in range(ROUNDS):
        # The second one finds more in the processor's caches.
        if number % 2:
            rounds.append((_turn(shallow, calls), _turn(deep, calls)))
        else:
            rounds.append((_turn(deep, calls), _turn(shallow, calls))[::-1])
    median = statistics.median
    return Compared(
        median(one for one, _ in rounds),
        median(other for _, other in rounds),
        median(other / one for one, other in rounds),
    )


def _turn(ask: Callable[[], Any], calls: int) -> float:
    started = thread_time()
    for _ in range(calls):
        ask()
    return (thread_time() - started) / calls * 1e6
