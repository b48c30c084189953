"""From a commit to the log: right away, or by the relay; never lost, never in the caller's way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.extensions import optimization, permissions, redis_store
from app.models import User
from tests.integration.blueprints.channels.places import in_channel
from tests.integration.yoto.permission.outbox.conftest import Scene
from tests.support.applications import another_app
from tests.support.redis_servers import Server, start_valkey
from tests.support.together import together
from tests.support.waiting import wait_until
from yoto.cache import Position
from yoto.errors import StoreUnavailable
from yoto.events import Events
from yoto.http.positions import POSITION_HEADER
from yoto.permission import PermissionSystem
from yoto.permission.caching.caching import Caching
from yoto.permission.outbox import publisher
from yoto.permission.outbox.notifying import PermissionsChanged
from yoto.permission.outbox.relay import LOCK
from yoto.permission.outbox.rows import prune
from yoto.store.db import db, writing
from yoto.store.models import OutboxEvent


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A server that this test may break."""
    with start_valkey() as server:
        yield server


@pytest.fixture
def app_config(app_config: dict[str, object], own_redis: Server) -> dict[str, object]:
    return app_config | {"REDIS_URL": own_redis.url}


@pytest.fixture
def caching(app: Flask) -> Caching:
    found = PermissionSystem.caching_of(app)
    assert found is not None
    return found


def disable(scene: Scene, disabled: bool = True) -> str | None:
    """Commit a change of the member, and return its position as the session has it."""
    with scene.world.app.app_context(), writing():
        scene.get(User, scene.member.id).disabled = disabled
        db.session.commit()
        return permissions.last_position()


def waiting(scene: Scene) -> list[str]:
    """Subjects that the log does not have."""
    return [
        subject
        for (subject,) in scene.world.rows(
            select(OutboxEvent.subject).where(OutboxEvent.published_at.is_(None))
        )
    ]


def log_length(app: Flask) -> int:
    store = redis_store.of(app)
    return int(store.client.xlen(store.keys.invalidation_log()))


def told(app: Flask) -> list[PermissionsChanged]:
    """The events about permissions that listeners heard, oldest first."""
    stored = Events.of(app).stream.read()
    return [one.event for one in stored if isinstance(one.event, PermissionsChanged)]


def test_a_receipt_says_where_the_change_is(scene: Scene, caching: Caching) -> None:
    with scene.world.app.app_context():
        receipt = permissions.register_permission("vault.open")
        assert receipt.position is not None
        assert caching.cache.reached(receipt.position)


def test_what_is_not_committed_has_no_position(scene: Scene) -> None:
    with scene.world.app.app_context(), writing():
        receipt = permissions.revoke_roles_from_user(scene.member.id, [scene.role], commit=False)
        assert receipt.position is None
        db.session.rollback()


def test_a_commit_without_redis_succeeds_and_its_token_stands_for_the_position_to_come(
    app: Flask, scene: Scene, own_redis: Server, caching: Caching
) -> None:
    own_redis.kill()
    position = disable(scene)
    assert position is not None and position.startswith("outbox-")
    assert waiting(scene) == [f"user:{scene.member.id}"]
    with app.app_context():
        decision = permissions.decide(
            scene.member.id, "channel.read", "channel", scene.channel, at_least=position
        )
        assert (decision.allowed, decision.reason, decision.tier) == (False, "disabled", "db")

    own_redis.start()
    redis_store.of(app).close()
    assert caching.relay.turn() == 1
    assert waiting(scene) == []
    with app.app_context():
        decision = permissions.decide(
            scene.member.id, "channel.read", "channel", scene.channel, at_least=position
        )
        assert (decision.allowed, decision.reason) == (False, "disabled")


def test_the_process_that_wrote_believes_its_memory_no_more_even_without_redis(
    app: Flask, scene: Scene, own_redis: Server
) -> None:
    question = scene.member.id, "channel.read", "channel", scene.channel
    with app.app_context():
        assert permissions.check_permission(*question)
        assert permissions.decide(*question).tier == "l1"
    own_redis.kill()
    disable(scene)
    with app.app_context():
        assert not permissions.check_permission(*question)


def test_a_writer_that_dies_between_commit_and_publish_is_relayed(
    app: Flask, scene: Scene, caching: Caching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(caching.outbox), "publish", lambda *_: "lost")
        disable(scene)
    assert waiting(scene) == [f"user:{scene.member.id}"]
    caching.relay.turn()
    assert waiting(scene) == []
    assert caching.outbox.counts.relayed == 1
    assert told(app)[-1].late


@pytest.mark.parametrize("way", ["overwrite", "timeout"])
@pytest.mark.parametrize("crowd", [500, 1], ids=["one waits", "as many wait as are looked at"])
def test_a_write_that_is_repeated_covers_what_its_dead_writer_did_not_publish(
    app: Flask,
    app_config: dict[str, object],
    scene: Scene,
    caching: Caching,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crowd: int,
    way: str,
) -> None:
    """A proxy sends a request again where the first worker died after its commit."""
    monkeypatch.setattr(publisher, "COVERED", crowd)
    question = scene.member.id, "message.pin", "channel", scene.channel
    path, denied = {
        "overwrite": (
            in_channel(scene.channel, "user", scene.member.id),
            {"allow": [], "deny": ["message.pin"]},
        ),
        "timeout": (
            f"/api/v1/servers/{scene.community.id}/members/{scene.member.id}/timeout",
            {"until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        ),
    }[way]
    owner = scene.community.owner.headers

    def deny() -> str:
        answer = app.test_client().put(path, json=denied, headers=owner)
        assert answer.status_code == 200, answer.text
        return answer.headers[POSITION_HEADER]

    with another_app(app_config, tmp_path / "other") as other:
        with other.app_context():
            assert permissions.check_permission(*question)
        with monkeypatch.context() as patch:
            patch.setattr(type(caching.outbox), "publish", lambda *_: "lost")
            deny()
        repeated = deny()
        assert waiting(scene)
        with other.app_context():
            assert not permissions.check_permission(*question, at_least=repeated)


def test_a_write_that_changes_nothing_includes_what_others_published(
    app: Flask, scene: Scene, caching: Caching, own_redis: Server
) -> None:
    def deny() -> str | None:
        with app.app_context():
            return permissions.set_overwrite(
                at=("category", scene.category), user_id=scene.member.id, deny=["message.pin"]
            ).position

    deny()
    published = caching.cache.invalidate_all()
    position = deny()
    assert position is not None and Position.parse(position) >= published


def test_without_redis_a_write_that_changes_nothing_stands_in_line_behind_what_waits(
    app: Flask, scene: Scene, caching: Caching, own_redis: Server
) -> None:
    question = scene.member.id, "channel.read", "channel", scene.channel
    own_redis.kill()
    first = disable(scene)
    with app.app_context():
        token = permissions.set_overwrite(
            at=("category", scene.category), user_id=scene.member.id
        ).position
        assert token is not None and token != first and token.startswith("outbox-")
        assert permissions.decide(*question, at_least=token).tier == "db"
    own_redis.start()
    redis_store.of(app).close()
    assert caching.relay.turn() == 2
    with app.app_context():
        assert permissions.decide(*question, at_least=token).reason == "disabled"


@pytest.mark.parametrize("error", [StoreUnavailable("database"), RuntimeError("a fault of ours")])
def test_a_write_that_changes_nothing_is_done_though_its_position_cannot_be_found(
    scene: Scene, caching: Caching, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    def position() -> str | None:
        with scene.world.app.app_context():
            return permissions.set_overwrite(
                at=("category", scene.category), user_id=scene.member.id
            ).position

    monkeypatch.setattr(publisher, "unpublished", fails)
    token = position()
    assert token is not None and token.startswith("outbox-")
    monkeypatch.setattr(publisher, "add_events", fails)
    assert position() is None


def test_a_change_is_a_platform_event_with_the_position_that_includes_it(
    app: Flask, scene: Scene
) -> None:
    position = disable(scene)
    event = told(app)[-1]
    assert (event.subjects, event.count) == ([f"user:{scene.member.id}"], 1)
    assert (event.position, event.late) == (position, False)


def test_while_a_relay_runs_its_turns_tell_what_was_changed_and_so_does_its_end(
    app: Flask, scene: Scene, caching: Caching
) -> None:
    before = len(told(app))
    caching.relay.interval = 3600
    caching.relay.start()
    positions = [disable(scene, disabled) for disabled in (True, False, True)]
    assert len(told(app)) == before
    caching.relay.close()
    (event,) = told(app)[before:]
    assert (event.subjects, event.position) == ([f"user:{scene.member.id}"], positions[-1])


def test_publishing_twice_is_harmless(app: Flask, scene: Scene, caching: Caching) -> None:
    disable(scene)
    scene.world.run(update(OutboxEvent).values(published_at=None))
    before = log_length(app)
    caching.relay.turn()
    assert log_length(app) == before + 1
    assert caching.relay.turn() == 0
    with app.app_context():
        decision = permissions.decide(scene.member.id, "channel.read", "channel", scene.channel)
        assert decision.reason == "disabled"


def test_an_event_that_cannot_be_marked_was_published_all_the_same(
    app: Flask, scene: Scene, caching: Caching, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise StoreUnavailable("database")

    before = log_length(app)
    with monkeypatch.context() as patch:
        patch.setattr("yoto.permission.outbox.publisher.mark", refuse)
        position = disable(scene)
    assert position is not None and not position.startswith("outbox-")
    assert log_length(app) == before + 1
    assert caching.outbox.counts.unmarked == 1
    assert waiting(scene) == [f"user:{scene.member.id}"]


def test_one_relay_works_at_a_time(app: Flask, scene: Scene, caching: Caching) -> None:
    scene.world.run(update(OutboxEvent).values(published_at=None))
    with optimization.of(app).locks.create_lock(LOCK):
        # The lock is re-entrant, so the other relay is another thread.
        assert together([caching.relay.turn]) == [0]
    assert caching.relay.turn() > 0


def test_a_turn_with_nothing_to_relay_asks_no_redis(caching: Caching, own_redis: Server) -> None:
    caching.relay.turn()  # which prunes
    own_redis.stop()
    assert caching.relay.turn() == 0


def test_the_relay_runs_by_itself_and_ends_when_it_is_closed(
    scene: Scene, caching: Caching
) -> None:
    caching.relay.interval = 0.02
    caching.relay.start()
    scene.world.run(update(OutboxEvent).values(published_at=None))
    wait_until(lambda: not waiting(scene), what="the relay")
    caching.relay.close()
    assert not caching.relay.running


def test_old_rows_are_pruned_but_never_the_newest(scene: Scene, caching: Caching) -> None:
    for disabled in (True, False, True):
        disable(scene, disabled)
    newest = scene.newest()
    scene.world.run(update(OutboxEvent).values(published_at=OutboxEvent.created_at))
    with writing(), caching.pool.begin() as connection:
        # The rows of the template are as old as the run.
        assert prune(connection, 86_400, 100) == 0
        assert prune(connection, -1, 100) > 0
    assert scene.world.rows(select(OutboxEvent.id)) == [(newest,)]


def test_there_is_nothing_to_prune_in_an_empty_outbox(caching: Caching) -> None:
    with caching.pool.begin() as connection:
        connection.execute(delete(OutboxEvent))
        assert prune(connection, 0, 100) == 0
