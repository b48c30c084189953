"""Rights that begin or end by themselves are told when they do, whatever happened in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from app.extensions import cache, optimization, permissions, redis_store
from app.models import Member, User
from tests.integration.blueprints.community.test_namespace import (  # noqa: F401
    Connect,
    community,
    connect,
)
from tests.integration.blueprints.community.test_revocation import is_put_out
from tests.support.applications import another_app
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from tests.support.world import UNUSABLE_PASSWORD, Community, Person, World
from yoto.parts.rooms import ROOMS
from yoto.permission.boundaries import BoundaryWatch, SearchedUntil
from yoto.permission.boundaries.rows import PAGE
from yoto.permission.boundaries.watch import MERGE_ABOVE
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import EmergencyAccess

LIMIT = 20.0  # s, for a busy machine
SOON = 3.0  # s; a test that stands still for less acts before the moment has passed


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {
        "INVALIDATION_INTERVAL": 0.05,
        "INVALIDATION_BOUNDARY_INTERVAL": 0.1,
        "INVALIDATION_BOUNDARY_HORIZON": 5.0,
        "INVALIDATION_BOUNDARY_MARGIN": 0.05,
    }


def watch_of(app: Flask) -> BoundaryWatch:
    watch = permissions.boundaries_of(app)
    assert watch is not None
    return watch


def start(app: Flask) -> None:
    optimization.of(app).invalidation.start()
    watch_of(app).start()
    wait_until(lambda: cache.of(app).start(1.0))


class Ear:
    """The subjects that the log told since this began to listen."""

    def __init__(self, app: Flask) -> None:
        self.heard: list[str] = []
        cache.of(app).start(30)
        cache.of(app).tailer.subscribe(lambda subjects, position: self.heard.extend(subjects))

    def forget(self) -> None:
        """Take what was told so far for no news."""
        self.heard.clear()

    def wait_for(self, subject: str) -> None:
        wait_until(lambda: subject in self.heard, LIMIT, f"{subject} in {self.heard}")


@pytest.fixture
def ear(app: Flask) -> Ear:
    return Ear(app)


@pytest.fixture
def running(app: Flask) -> Iterator[Flask]:
    """An application that looks ahead."""
    start(app)
    yield app
    watch_of(app).close()
    optimization.of(app).invalidation.close()


def past(seconds: float = 5.0) -> datetime:
    return utcnow() - timedelta(seconds=seconds)


def test_an_open_socket_loses_the_channel_when_the_role_ends(
    running: Flask, world: World, connect: Connect, community: Community  # noqa: F811
) -> None:
    secret = world.channel(community)
    world.overwrite(channel=secret, role=community.everyone_id, deny=["channel.read"])
    role = world.role(community)
    world.overwrite(channel=secret, role=role, allow=["channel.read"])
    member = world.member(community)
    world.assign(member, role, valid_until=world.soon(SOON))
    socket = connect(member)
    assert socket.send("join", {"channel_id": secret})["ok"]
    wait_until(is_put_out(socket, secret), LIMIT)


def test_the_end_of_a_time_out_is_told_and_what_it_took_is_back(
    running: Flask, world: World, community: Community, ear: Ear  # noqa: F811
) -> None:
    member = world.member(community, timeout_until=world.soon(SOON))
    ear.forget()
    with running.app_context():

        def may_send() -> bool:
            return permissions.check_permission(
                member.id, "message.send", "channel", community.channel_id
            )

        assert not may_send()
        ear.wait_for(f"user:{member.id}")
        wait_until(may_send)


def test_the_start_of_a_role_is_told(
    running: Flask, world: World, community: Community, ear: Ear  # noqa: F811
) -> None:
    member, role = world.member(community), world.role(community)
    world.assign(member, role, valid_from=world.soon(SOON))
    wait_until(lambda: optimization.of(running).invalidation.stats().later)
    ear.forget()
    ear.wait_for(f"user:{member.id}")


def test_the_end_of_emergency_access_is_told(running: Flask, world: World, ear: Ear) -> None:
    person = world.user()
    world.add(EmergencyAccess(user_id=person.id, reason="a fire", until=world.soon(SOON)))
    wait_until(lambda: optimization.of(running).invalidation.stats().later)
    ear.forget()
    ear.wait_for("policy")


def test_a_moment_is_told_once_however_often_somebody_looks(
    running: Flask, world: World, community: Community, ear: Ear  # noqa: F811
) -> None:
    member = world.member(community)
    world.assign(member, world.role(community), valid_until=past(1))
    invalidation = optimization.of(running).invalidation
    wait_until(lambda: invalidation.stats().totals["processed_due"])
    # Another process remembers nothing of what was given to Redis.
    first = watch_of(running)
    second = BoundaryWatch(
        cache.of(running).invalidate,
        SearchedUntil(cache.of(running).redis),
        optimization.of(running).locks,
        permissions.caching_of(running).pool,
        first.settings,
    )
    second.queue = first.queue
    assert second.look() == 1
    third = world.member(community, timeout_until=past(1))
    wait_until(lambda: invalidation.stats().totals["processed_due"] == 2)
    assert invalidation.drain(LIMIT).done
    assert invalidation.stats().totals["delayed"] == 2
    ear.wait_for(f"user:{third.id}")


def test_what_ended_while_nobody_ran_is_told_at_the_next_start(
    app: Flask, world: World, community: Community, ear: Ear  # noqa: F811
) -> None:
    watch_of(app).look()
    searched = SearchedUntil(cache.of(app).redis)
    looked = searched.read()
    # Nobody has looked for two hours: further back than a look without memory goes.
    searched.note(looked.epoch, looked.now_ms - 2 * 3_600_000)
    member = world.member(community)
    world.assign(member, world.role(community), valid_until=past(5_400))
    ear.forget()
    start(app)
    ear.wait_for(f"user:{member.id}")
    watch_of(app).close()


def test_without_memory_the_first_look_goes_back_for_a_while(
    app: Flask, world: World, community: Community  # noqa: F811
) -> None:
    for seconds in (1_000, 2_000, 10_000):
        world.member(community, timeout_until=past(seconds))
    assert watch_of(app).look() == 2


def test_what_is_over_or_was_ended_is_not_told(
    app: Flask, world: World, community: Community  # noqa: F811
) -> None:
    person = world.user()
    world.member(community, banned=True, timeout_until=world.soon(1))
    world.add(
        EmergencyAccess(user_id=person.id, reason="x", until=world.soon(1), ended_at=utcnow())
    )
    world.assign(person, world.role(community), valid_until=world.soon(60))
    assert watch_of(app).look() == 0


def test_many_that_end_at_the_same_moment_are_all_found_and_told_as_one(
    app: Flask, world: World, community: Community, ear: Ear  # noqa: F811
) -> None:
    end = past(1)
    count = PAGE + 50
    world.run(
        insert(User),
        [
            {"username": f"m{one}", "display_name": "m", "password_hash": UNUSABLE_PASSWORD}
            for one in range(count)
        ],
    )
    first = world.rows(User.__table__.select().where(User.username == "m0"))[0][0]
    members = [
        {"server_id": community.id, "user_id": first + one, "timeout_until": end}
        for one in range(count)
    ]
    with app.app_context():
        with db.engine.begin() as connection:  # past the outbox, which would tell of them now
            connection.execute(insert(Member), members)
    assert watch_of(app).look() == count
    assert watch_of(app).look() == 0
    ear.forget()
    optimization.of(app).invalidation.start()
    ear.wait_for(f"server:{community.id}")
    assert len(ear.heard) <= count / 500


def test_what_redis_lost_is_found_again(
    app: Flask, world: World, community: Community  # noqa: F811
) -> None:
    world.member(community, timeout_until=world.soon(4))
    invalidation = optimization.of(app).invalidation
    assert watch_of(app).look() == 1
    client = redis_store.of(app).client
    for key in client.scan_iter(match=f"{app.config['REDIS_KEY_PREFIX']}*"):
        client.delete(key)
    assert invalidation.stats().later == 0
    watch_of(app).look()
    assert invalidation.stats().later == 1


def test_a_moment_that_passes_while_redis_is_away_is_told_when_it_is_back(
    app: Flask, app_config: dict[str, Any], tmp_path: Path
) -> None:
    with start_valkey() as server:
        config = app_config | {
            "REDIS_URL": server.url,
            "REDIS_SOCKET_TIMEOUT": 0.2,
            "REDIS_CONNECT_TIMEOUT": 0.2,
        }
        with another_app(config, tmp_path / "other") as other:
            _pass_while_away(other, server)


def _pass_while_away(app: Flask, server: Server) -> None:
    world = World(app)
    place = world.server()
    start(app)
    ear = Ear(app)
    until = world.soon(SOON)
    member: Person = world.member(place, timeout_until=until)
    wait_until(lambda: optimization.of(app).invalidation.stats().later)
    ear.forget()
    server.pause()
    wait_until(lambda: utcnow() > until)
    time.sleep(0.5)  # several looks, in vain
    server.resume()
    # All may have changed meanwhile, so that may be what is told; the moment is told too.
    ear.wait_for(f"user:{member.id}")


def test_without_the_room_of_queues_a_moment_is_published_when_it_has_passed(
    app_config: dict[str, Any], world: World, tmp_path: Path
) -> None:
    """Once, by the process that has the lock; a crowd of one server as the server."""
    rooms = ",".join(one for one in ROOMS if one != "queues")
    with another_app(app_config | {"ROOMS": rooms}, tmp_path / "other") as other:
        ear, watch = Ear(other), watch_of(other)
        place, crowded = world.server(), world.server()
        for _ in range(MERGE_ABOVE + 1):
            world.member(crowded, timeout_until=past(1))
        late = world.member(place, timeout_until=past(1))
        until = world.soon(SOON)
        soon = world.member(place, timeout_until=until)
        # Nothing is heard of the writes above after this.
        assert cache.of(other).reached(cache.of(other).invalidate_all())
        ear.forget()
        assert watch.look() == MERGE_ABOVE + 2
        ear.wait_for(f"user:{late.id}")
        assert set(ear.heard) == {f"user:{late.id}", f"server:{crowded.id}"}
        assert watch.look() == 0
        watch.start()
        ear.wait_for(f"user:{soon.id}")
        assert utcnow() >= until
        watch.close()
