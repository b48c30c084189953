"""Prefetching in the application: from real requests into the real cache, verdicts untouched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import cache, optimization, permissions, prefetch
from tests.support.prefetching import by_hand, turn
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.cache import place_key
from yoto.rooms.prefetch.steps import Step

GUIDE = (Path(__file__).parents[5] / "docs" / "prefetch.md").read_text(encoding="utf-8")
HABIT = 12  # times that the two channels are read one after the other


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"PREFETCH_CONFIDENCE": 0.05}


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def second(world: World, harbour: Community) -> int:
    return world.channel(harbour, "second")


def read(client: FlaskClient, person: Person, channel_id: int, status: int = 200) -> None:
    answer = client.get(f"/api/v1/channels/{channel_id}/messages", headers=person.headers)
    assert answer.status_code == status, answer.text


def in_memory(app: Flask, person: Person, channel_id: int) -> bool:
    place = place_key("channel", channel_id)
    return cache.of(app).lookup.peek(person.id, place) is not None


def have_habit(app: Flask, client: FlaskClient, person: Person, *channels: int) -> None:
    """Somebody reads channels one after the other, again and again, and ends with the first."""
    service = by_hand(app)
    for _ in range(HABIT):
        for channel_id in channels:
            read(client, person, channel_id)
        turn(service)
    read(client, person, channels[0])
    turn(service)
    cache.of(app).forget()


def test_what_requests_do_is_recorded_and_learned(
    app: Flask, client: FlaskClient, harbour: Community, second: int
) -> None:
    have_habit(app, client, harbour.owner, harbour.channel_id, second)
    first, *_ = prefetch.of(app).predictions(harbour.owner.id)
    assert first.step == Step("message.read_history", "channel", second)


def test_the_next_channel_is_in_memory_before_it_is_asked_for(
    app: Flask, client: FlaskClient, harbour: Community, second: int
) -> None:
    service = by_hand(app)
    have_habit(app, client, harbour.owner, harbour.channel_id, second)
    read(client, harbour.owner, second)
    turn(service)
    cache.of(app).forget()
    read(client, harbour.owner, harbour.channel_id)
    turn(service)
    wait_until(lambda: in_memory(app, harbour.owner, second))
    misses = cache.of(app).stats().counts["l1_misses"]
    read(client, harbour.owner, second)
    assert cache.of(app).stats().counts["l1_misses"] == misses
    turn(service)
    assert service.stats()["prefetch"]["counts"]["used"] >= 1


def test_what_was_prefetched_is_not_believed_after_a_change(
    app: Flask, client: FlaskClient, world: World, harbour: Community, second: int
) -> None:
    member = world.member(harbour)
    service = by_hand(app)
    have_habit(app, client, member, harbour.channel_id, second)
    read(client, member, second)
    turn(service)
    cache.of(app).forget()
    read(client, member, harbour.channel_id)
    turn(service)
    wait_until(lambda: in_memory(app, member, second))
    with app.app_context():
        permissions.set_overwrite(second, user_id=member.id, deny=["channel.read"])
        assert not permissions.check_permission(
            member.id, "message.read_history", "channel", second
        )
    read(client, member, second, status=404)


def test_disabling_an_account_forgets_what_it_did(
    app: Flask, client: FlaskClient, world: World, harbour: Community, second: int
) -> None:
    member, root = world.member(harbour), world.user("root", super_admin=True)
    have_habit(app, client, member, harbour.channel_id, second)
    service = prefetch.of(app)
    answer = client.patch(
        f"/api/v1/admin/users/{member.id}",
        headers=root.headers,
        json={"disabled": True, "reason": "left"},
    )
    assert answer.status_code == 200
    turn(service)
    assert service.profile(member.id) is None


def test_who_is_forgotten_is_not_counted_among_the_hot_either(
    app: Flask, client: FlaskClient, world: World, harbour: Community
) -> None:
    member, hot = world.member(harbour), optimization.of(app).hot
    read(client, member, harbour.channel_id)
    hot.flush()
    read(client, member, harbour.channel_id)
    read(client, harbour.owner, harbour.channel_id)
    assert member.id in {pair.user_id for pair in hot.pairs(10)}
    prefetch.of(app).forget(member.id)
    # Nor is what was gathered since, and here only.
    hot.flush()
    assert {pair.user_id for pair in hot.pairs(10)} == {harbour.owner.id}


def test_the_thread_does_it_all_and_ends_and_starts_again(
    app: Flask, client: FlaskClient, harbour: Community, second: int
) -> None:
    service = prefetch.of(app)
    prefetch.of(app).start()
    read(client, harbour.owner, harbour.channel_id)
    wait_until(lambda: service.stats()["recorded"]["stored"] == 1)
    wait_until(lambda: service.instance_id in service.fleet_stats())
    prefetch.of(app).close()
    assert not service.recorder.open and service.fleet_stats() == {}
    prefetch.of(app).start()
    read(client, harbour.owner, second)
    # An act that waits when it ends is stored.
    prefetch.of(app).close()
    assert service.stats()["recorded"]["stored"] == 2


def test_switched_off_at_run_time_nothing_is_taken_down(
    app: Flask, client: FlaskClient, harbour: Community
) -> None:
    service = by_hand(app)
    with app.app_context():
        service.set_recording(False, "somebody asked for it", "test")
    turn(service)
    read(client, harbour.owner, harbour.channel_id)
    turn(service)
    assert service.profile(harbour.owner.id) is None
    assert service.switches() == {"fetching": True, "recording": False}


def test_a_listener_that_fails_changes_nothing_for_the_caller(
    app: Flask, client: FlaskClient, harbour: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no room for anything")

    monkeypatch.setattr(by_hand(app).recorder, "_take", broken)
    read(client, harbour.owner, harbour.channel_id)


def test_the_example_of_the_guide(app: Flask, world: World) -> None:
    by_hand(app)
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    names: dict[str, Any] = {"prefetch": prefetch, "user_id": world.user().id}
    with app.app_context():
        exec(compile(example, "prefetch.md", "exec"), names)
    assert names["taken"] == 2
