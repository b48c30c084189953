"""The contestants: checks from each tier, pycasbin, a plain dict and an empty script.

A role grants ten permissions in one server; one member holds each role. pycasbin's model is RBAC
with domains; ``FastEnforcer`` filters its rules by domain and action first.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import casbin
import redis
from casbin.model import FastModel, Model
from casbin.persist.adapters.string_adapter import StringAdapter
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert, select

from app import create_app
from app.extensions import cache, optimization, permissions, redis_store
from app.models import Member, Server, User
from benchmarks.check.casbin_model import FIRST_KEYS, MODEL
from tests.support.redis_servers import Server as RedisServer
from yoto.store.db import db, writing
from yoto.store.models import EVERYONE, Permission, Role, RoleAssignment, RoleGrant

GRANTS_A_ROLE = 10
BATCH = 10_000
MANY_ROLES = 100
ROUNDS = 40
SECONDS_A_TURN = 0.01  # a contestant's calls in one round, before the next one's turn
# s after which a contestant gets no more turns if one call takes it longer than a turn.
SECONDS_OF_SLOW = 3.0


@contextmanager
def application(server: RedisServer) -> Iterator[Flask]:
    """A migrated application of its own, with room in memory for the whole batch."""
    with tempfile.TemporaryDirectory(prefix="yoto-bench-") as folder:
        app = create_app(
            {
                "ENVIRONMENT": "testing",
                "DATABASE_URL": f"sqlite:///{folder}/bench.db",
                "REDIS_URL": server.url,
                "CACHE_USERS_SIZE": 2 * BATCH,
            },
            instance_path=folder,
        )
        with app.app_context():
            upgrade()
            permissions.sync_catalogue()
            yield app
            db.session.remove()
            db.engine.dispose()
        permissions.close(app)
        optimization.of(app).locks.close()
        redis_store.of(app).close()


def names() -> list[tuple[int, str]]:
    """Ids and names of the permissions that every role grants."""
    found = db.session.execute(
        select(Permission.id, Permission.name)
        .where(Permission.scope != "global", Permission.name != "server.administrator")
        .order_by(Permission.bit)
        .limit(GRANTS_A_ROLE)
    )
    return [(row.id, row.name) for row in found]


def store(roles: int, members: int) -> tuple[int, list[int]]:
    """A server with so many roles, and so many members who hold one each; its id, and their ids.

    The first member holds a hundred of the roles.
    """
    granted = names()
    with writing():
        owner = User(username=f"owner{roles}", display_name="Owner", password_hash="!")
        db.session.add(owner)
        db.session.flush()
        server = Server(name="Bench", owner_id=owner.id)
        db.session.add(server)
        db.session.flush()
        db.session.add(Role(home=f"server:{server.id}", name=EVERYONE, is_default=True, position=0))
        db.session.flush()
        people = [f"bench{roles}.{number}" for number in range(members)]
        db.session.execute(
            insert(User),
            [{"username": one, "display_name": one, "password_hash": "!"} for one in people],
        )
        db.session.execute(
            insert(Role),
            [{"home": f"server:{server.id}", "name": f"r{number}"} for number in range(roles)],
        )
        mine = User.username.startswith(f"bench{roles}.")
        users = list(db.session.scalars(select(User.id).where(mine).order_by(User.id)))
        held = list(
            db.session.scalars(
                select(Role.id)
                .where(Role.server_id == server.id, Role.name != EVERYONE)
                .order_by(Role.id)
            )
        )
        db.session.execute(
            insert(Member), [{"server_id": server.id, "user_id": user_id} for user_id in users]
        )
        db.session.execute(
            insert(RoleAssignment),
            [
                {"user_id": user_id, "role_id": held[index % roles]}
                for index, user_id in enumerate(users)
            ]
            + [{"user_id": users[0], "role_id": role_id} for role_id in held[1:MANY_ROLES]],
        )
        scope = {"scope_key": f"server:{server.id}"}
        db.session.execute(
            insert(RoleGrant),
            [
                {"role_id": role_id, "permission_id": permission_id, **scope}
                for role_id in held
                for permission_id, _ in granted
            ],
        )
        db.session.commit()
    return server.id, users


def enforcer(fast: bool, server_id: int, roles: int, users: list[int]) -> Any:
    """A pycasbin enforcer that holds the same grants."""
    lines = [
        *(f"p, r{number}, {server_id}, {name}" for number in range(roles) for _, name in names()),
        *(f"g, {user_id}, r{index % roles}" for index, user_id in enumerate(users)),
    ]
    model = FastModel(FIRST_KEYS) if fast else Model()
    model.load_model_from_text(MODEL)
    adapter = StringAdapter("\n".join(lines))
    if fast:
        return casbin.FastEnforcer(model, adapter, cache_key_order=FIRST_KEYS)
    return casbin.Enforcer(model, adapter)


def measure(contestants: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Median microseconds a call; the contestants take turns so that a busy spell hits all."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    ends: dict[str, float] = {}
    for number in range(ROUNDS):
        for name, contestant in contestants.items():
            # One that takes long gets fewer turns, not a longer run.
            if number < 3 or time.perf_counter() < ends.get(name, float("inf")):
                times[name].append(contestant() * 1e6)
                if number == 0:
                    slow = times[name][0] > SECONDS_A_TURN * 1e6
                    ends[name] = time.perf_counter() + SECONDS_OF_SLOW if slow else float("inf")
    return {name: statistics.median(values) for name, values in times.items()}


def looped(statement: str, **variables: Any) -> Callable[[], float]:
    """Seconds a run of ``statement``, in a loop of about ``SECONDS_A_TURN``."""
    timer = timeit.Timer(statement, globals=variables)
    once = max(min(timer.repeat(3, 1)), 1e-8)
    number = max(1, min(20_000, int(SECONDS_A_TURN / once)))
    return lambda: timer.timeit(number) / number


def from_redis(ask: Callable[[], Any], warm: Callable[[], Any]) -> Callable[[], float]:
    """Seconds of a check that memory cannot answer; ``warm`` restores the others' memory."""
    forget = cache.current.forget

    def turn() -> float:
        calls, total = 0, 0.0
        # A turn as long as the others': in its first calls the processor's caches are nearly empty,
        # and in a short turn that would count as the price of the check.
        while total < SECONDS_A_TURN:
            forget()
            started = time.perf_counter()
            ask()
            total += time.perf_counter() - started
            calls += 1
        warm()
        return total / calls

    return turn


def from_database(ask: Callable[[], Any]) -> Callable[[], float]:
    """Seconds of a check that must read the database."""

    def turn() -> float:
        permissions.require_database()
        try:
            started = time.perf_counter()
            for _ in range(10):
                ask()
            return (time.perf_counter() - started) / 10
        finally:
            permissions.require_nothing()

    return turn


def run(server: RedisServer, grants: int) -> dict[str, float]:
    """All figures for so many grants."""
    roles = max(1, grants // GRANTS_A_ROLE)
    server_id, users = store(roles, max(roles, BATCH))
    name = names()[0][1]
    crowd = users[:BATCH]
    user_id = crowd[BATCH // 2]
    plain = redis.Redis(port=server.port)
    sha = plain.script_load("return 1")
    peers = {fast: enforcer(fast, server_id, roles, users) for fast in (False, True)}
    question = (str(user_id), str(server_id), name)
    assert all(peer.enforce(*question) for peer in peers.values())

    def ask() -> bool:
        return permissions.check_permission(user_id, name, "server", server_id)

    def warm() -> dict[int, bool]:
        return permissions.batch_check_permissions(crowd, name, "server", server_id)

    small_id, (small_user, *_) = (server_id, users) if roles == 1 else store(1, 1)
    small = {"u": small_user, "p": name, "s": "server", "i": small_id}
    assert permissions.check_permission(small_user, name, "server", small_id)
    assert ask() and all(warm().values())
    # By the time of a check, a request has used its session.
    db.session.execute(select(1))
    answers = {(one, name, "server", server_id): True for one in users}
    key = {"u": user_id, "p": name, "s": "server", "i": server_id}
    medians = measure(
        {
            "dict look-up": looped("answers[(u, p, s, i)]", answers=answers, **key),
            "check, memory": looped("check(u, p, s, i)", check=permissions.check_permission, **key),
            "the same, 100 roles": looped(
                "check(u, p, s, i)", check=permissions.check_permission, **key | {"u": users[0]}
            ),
            "the same, 10 grants": looped(
                "check(u, p, s, i)", check=permissions.check_permission, **small
            ),
            "empty evalsha": looped(
                "client.evalsha(sha, 1, 'yoto:{bench}')", client=plain, sha=sha
            ),
            "check, Redis": from_redis(ask, warm),
            "check, database": from_database(ask),
            f"batch of {BATCH:,}, warm": looped(
                "batch(crowd, p, s, i)",
                batch=permissions.batch_check_permissions,
                crowd=crowd,
                **key,
            ),
            "FastEnforcer": looped("enforce(*q)", enforce=peers[True].enforce, q=question),
            "Enforcer": looped("enforce(*q)", enforce=peers[False].enforce, q=question),
        }
    )
    memory = medians["check, memory"]
    return {
        **{name: round(value, 3) for name, value in medians.items()},
        "memory / dict look-up": round(memory / medians["dict look-up"], 2),
        "100 roles / one": round(medians["the same, 100 roles"] / memory, 2),
        "all grants / 10": round(memory / medians["the same, 10 grants"], 2),
        "Redis / empty evalsha": round(medians["check, Redis"] / medians["empty evalsha"], 2),
        "batch, verdicts a second": round(BATCH / medians[f"batch of {BATCH:,}, warm"] * 1e6),
        "FastEnforcer / memory": round(medians["FastEnforcer"] / memory, 1),
        "Enforcer / memory": round(medians["Enforcer"] / memory, 1),
    }
