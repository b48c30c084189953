"""Checks through the cache: which tier answers, what they cost, and what they include."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from app.extensions import cache, permissions, redis_store
from app.models import User
from tests.support.redis_servers import Server, start_valkey
from tests.support.statements import count_statements
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.errors import StoreUnavailable, UnknownPermission, ValidationFailed
from yoto.permission import PermissionSystem, PolicyAnswer, PolicyQuestion
from yoto.permission.caching.caching import Caching
from yoto.permission.state import EXTENSION
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord, Permission, RoleAssignment

FAR_FUTURE = "99999999999999-0"


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A server that this test may break."""
    with start_valkey() as server:
        yield server


@pytest.fixture
def app_config(app_config: dict[str, object], own_redis: Server) -> dict[str, object]:
    return app_config | {"REDIS_URL": own_redis.url, "MAX_STALENESS": 0.5}


@pytest.fixture
def caching(app: Flask) -> Caching:
    found = PermissionSystem.caching_of(app)
    assert found is not None
    return found


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def person(world: World, community: Community) -> Person:
    return world.member(community)


@pytest.fixture
def loads(caching: Caching) -> list[str]:
    """The statements that the cache's own connections get, but for looks at maintenance."""
    statements: list[str] = []

    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN") and "platform_switches" not in statement:
            statements.append(statement)

    event.listen(caching.pool.engine, "before_cursor_execute", collect)
    return statements


def tier(person: Person, community: Community, **more: Any) -> str:
    return permissions.decide(
        person.id, "message.send", "channel", community.channel_id, **more
    ).tier


def may_send(person: Person, community: Community) -> bool:
    return permissions.check_permission(person.id, "message.send", "channel", community.channel_id)


def test_the_database_answers_first_then_memory_and_redis_after_a_restart(
    app: Flask, community: Community, person: Person
) -> None:
    with app.app_context():
        assert [tier(person, community) for _ in range(2)] == ["db", "l1"]
        cache.current.forget()
        assert [tier(person, community) for _ in range(2)] == ["l2", "l1"]


def test_a_cold_check_takes_two_statements_and_a_warm_one_none(
    app: Flask, community: Community, person: Person, caching: Caching, loads: list[str]
) -> None:
    with app.app_context(), count_statements(app) as others:
        may_send(person, community)
        position = cache.invalidate_user(person.id)
        # An entry that is loaded before this process has read its own event is not kept.
        assert cache.current.tailer.wait_until_applied(position, 10)
        loads.clear()
        others.clear()
        assert may_send(person, community)
        assert len(loads) == 2
        loads.clear()
        assert may_send(person, community)
        assert (loads, others) == ([], [])


def test_a_cold_batch_takes_two_statements_and_a_warm_one_none(
    app: Flask, world: World, community: Community, loads: list[str]
) -> None:
    crowd = world.members(community, 500)
    question = "channel.read", "channel", community.channel_id
    with app.app_context():
        permissions.check_permission(crowd[0], "member.kick")
        loads.clear()
        assert set(permissions.batch_check_permissions(crowd, *question).values()) == {True}
        assert len(loads) == 2
        loads.clear()
        assert set(permissions.batch_check_permissions(crowd, *question).values()) == {True}
        assert loads == []


def test_a_batch_tells_strangers_from_members_and_keeps_the_order(
    app: Flask, community: Community, person: Person
) -> None:
    asked = [10**9, person.id, community.owner.id]
    with app.app_context():
        for _ in range(2):
            found = permissions.batch_check_permissions(
                asked, "server.manage", "server", community.id
            )
            assert list(found.items()) == [
                (10**9, False),
                (person.id, False),
                (community.owner.id, True),
            ]


def test_somebody_sees_what_they_have_not_committed_and_nobody_else_does(
    app: Flask, community: Community, person: Person
) -> None:
    with app.app_context():
        assert may_send(person, community)
        with writing():
            db.session.get_one(User, person.id).disabled = True
            assert not may_send(person, community)
            assert (
                permissions.decide(
                    person.id, "message.send", "channel", community.channel_id
                ).reason
                == "disabled"
            )
            answers: list[bool] = []

            def elsewhere() -> None:
                with app.app_context():
                    answers.append(may_send(person, community))

            other = threading.Thread(target=elsewhere)
            other.start()
            other.join()
            assert answers == [True]
            db.session.rollback()
        assert may_send(person, community)


def test_a_write_is_seen_at_once_where_it_was_made(
    app: Flask, community: Community, person: Person
) -> None:
    with app.app_context():
        assert may_send(person, community)
        permissions.set_overwrite(community.channel_id, user_id=person.id, deny=["message.send"])
        assert not may_send(person, community)
        permissions.clear_overwrite(community.channel_id, user_id=person.id)
        assert may_send(person, community)


def test_a_denial_is_cached_like_a_grant(app: Flask, community: Community, person: Person) -> None:
    with app.app_context():
        question = person.id, "message.pin", "channel", community.channel_id
        assert [permissions.decide(*question).tier for _ in range(2)] == ["db", "l1"]
        assert permissions.decide(*question).reason == "not_granted"
        assert not permissions.check_permission(*question)


def test_a_slow_reader_never_brings_an_old_verdict_back(
    app: Flask, community: Community, person: Person, caching: Caching
) -> None:
    """It reads before a revoke, and stores after it."""
    read, revoked = threading.Event(), threading.Event()
    inner = caching.source._load

    def slow(user_id: int, place: Any) -> Any:
        loaded = inner(user_id, place)
        if not revoked.is_set():
            read.set()
            assert revoked.wait(60)
        return loaded

    caching.source._load = slow  # type: ignore[method-assign]
    with app.app_context():
        permissions.start(app)

        def reader() -> None:
            with app.app_context():
                may_send(person, community)

        thread = threading.Thread(target=reader)
        thread.start()
        assert read.wait(60)
        permissions.set_overwrite(community.channel_id, user_id=person.id, deny=["message.send"])
        revoked.set()
        thread.join()
        assert not may_send(person, community)
        cache.current.forget()
        assert not may_send(person, community)


def test_a_verdict_ends_when_an_assignment_does(
    app: Flask, world: World, community: Community, person: Person
) -> None:
    role = world.role(community, "message.pin")
    with app.app_context():
        ends = utcnow() + timedelta(seconds=3)
        with writing():
            db.session.add(RoleAssignment(user_id=person.id, role_id=role, valid_until=ends))
            db.session.commit()
        question = person.id, "message.pin", "channel", community.channel_id
        assert permissions.check_permission(*question)
        assert permissions.decide(*question).tier == "l1"
        wait_until(lambda: utcnow() >= ends)
        assert not permissions.check_permission(*question)


def test_super_admins_use_of_power_is_recorded_from_memory_too(
    app: Flask, world: World, community: Community
) -> None:
    admin = world.user(super_admin=True)
    with app.app_context():
        for _ in range(2):
            assert permissions.check_permission(
                admin.id, "message.send", "channel", community.channel_id
            )
        assert permissions.batch_check_permissions(
            [admin.id], "message.send", "channel", community.channel_id
        ) == {admin.id: True}
        uses = db.session.query(AuditRecord).filter_by(action="super_admin.use").count()
        assert uses == 2


def test_owners_have_a_permission_that_is_registered_after_they_were_cached(
    app: Flask, community: Community
) -> None:
    with app.app_context():
        question = community.owner.id, "server.manage", "server", community.id
        assert permissions.check_permission(*question)
        permissions.register_permission("vault.open", scope="server")
        assert permissions.check_permission(
            community.owner.id, "vault.open", "server", community.id
        )


def asked_of(policies: list[str]) -> Callable[[PolicyQuestion], PolicyAnswer]:
    def check(question: PolicyQuestion) -> PolicyAnswer:
        policies.append(question.permission)
        return PolicyAnswer(True, "fine")

    return check


def test_a_permission_that_policies_judge_from_now_on_is_asked_about_although_memory_has_it(
    app: Flask, community: Community, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        question = person.id, "channel.read", "channel", community.channel_id
        assert permissions.decide(*question).policy_version is None
        with writing():
            db.session.execute(
                update(Permission).where(Permission.name == "channel.read").values(abac=True)
            )
            db.session.commit()
        wait_until(lambda: permissions.decide(*question).policy_version is not None)
        asked = "channel.read", "channel", community.channel_id
        policies: list[str] = []
        monkeypatch.setattr(app.extensions[EXTENSION], "policy", asked_of(policies))
        assert permissions.check_permission(person.id, *asked) and policies == ["channel.read"]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("arguments", "error", "field"),
    [
        (("1", "message.send"), ValidationFailed, "user_id"),
        ((True, "message.send"), ValidationFailed, "user_id"),
        ((1.0, "message.send"), ValidationFailed, "user_id"),
        ((1, "no.such"), UnknownPermission, "permission"),
        ((1, "no name"), ValidationFailed, "permission"),
        ((1, ["message.send"]), ValidationFailed, "permission"),
        ((1, "message.send", "galaxy", 1), ValidationFailed, "scope"),
        ((1, "message.send", "channel", True), ValidationFailed, "scope_id"),
        ((1, "message.send", "channel", "1"), ValidationFailed, "scope_id"),
        ((1, "message.send", "channel", 1.0), ValidationFailed, "scope_id"),
        ((1, "message.send", "channel"), ValidationFailed, "scope_id"),
        ((1, "message.send", "global", 1), ValidationFailed, "scope_id"),
        ((1, "message.send", None, None, None, "yesterday"), ValidationFailed, "at_least"),
        ((1, "message.send", None, None, None, "outbox-0"), ValidationFailed, "at_least"),
        ((1, "message.send", None, None, None, "outbox-999999"), ValidationFailed, "at_least"),
        ((1, "message.send", None, None, None, FAR_FUTURE), ValidationFailed, "at_least"),
    ],
)
def test_bad_input_is_an_error_that_names_the_field_cold_and_warm(
    app: Flask,
    community: Community,
    arguments: tuple[Any, ...],
    error: type[ValidationFailed],
    field: str,
    again: bool,
) -> None:
    with app.app_context():
        if again:
            permissions.check_permission(1, "message.send")
            permissions.check_permission(1, "message.send", "channel", community.channel_id)
        with pytest.raises(error) as raised:
            permissions.check_permission(*arguments)
        assert list(raised.value.errors) == [field]


def test_a_position_is_waited_for(app: Flask, community: Community, person: Person) -> None:
    with app.app_context():
        assert may_send(person, community)
        position = permissions.invalidate_user_cache(person.id).position
        decision = permissions.decide(
            person.id, "message.send", "channel", community.channel_id, at_least=position
        )
        assert decision.allowed and decision.position is not None and position is not None
        assert decision.position >= position


def test_without_redis_the_database_answers_and_when_it_is_back_the_cache_is_used_again(
    app: Flask, community: Community, person: Person, own_redis: Server
) -> None:
    with app.app_context():
        assert may_send(person, community)
        own_redis.kill()
        wait_until(lambda: not cache.stats().fresh)
        assert tier(person, community) == "db"
        permissions.set_overwrite(community.channel_id, user_id=person.id, deny=["message.send"])
        assert not may_send(person, community)
        own_redis.start()
        wait_until(lambda: cache.stats().fresh)
        assert not may_send(person, community)
        wait_until(lambda: tier(person, community) == "l1")
        assert not may_send(person, community)


def test_without_the_database_the_cache_answers_while_it_is_fresh_and_else_nobody_does(
    app: Flask,
    community: Community,
    person: Person,
    caching: Caching,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*arguments: object) -> None:
        raise StoreUnavailable("database")

    with app.app_context():
        assert may_send(person, community)
        monkeypatch.setattr(caching.pool, "read", away)
        assert may_send(person, community)
        with pytest.raises(StoreUnavailable):
            permissions.check_permission(person.id, "server.manage", "server", community.id)
        with pytest.raises(StoreUnavailable):
            permissions.check_permission(person.id, "server.manage", "server", community.id)


def test_when_all_connections_are_taken_the_caller_is_told_to_come_back(
    app: Flask, community: Community, person: Person, caching: Caching
) -> None:
    caching.pool.resize(1)
    caching.pool._wait = 0.05
    with app.app_context():
        permissions.check_permission(person.id, "member.kick")
        caching.pool.close()
        with caching.pool.read(), pytest.raises(StoreUnavailable) as raised:
            may_send(person, community)
        assert raised.value.retry_after > 0
        assert may_send(person, community)


def test_a_wiped_redis_brings_no_old_verdict_back(
    app: Flask, community: Community, person: Person
) -> None:
    with app.app_context():
        assert may_send(person, community)
        redis_store.client.flushall()
        permissions.set_overwrite(community.channel_id, user_id=person.id, deny=["message.send"])
        assert not may_send(person, community)
