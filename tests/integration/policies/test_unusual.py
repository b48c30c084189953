"""Unusual behaviour is a part of the risk that policies judge, where it is known."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.policies.conftest import API, Put, codes
from tests.support.prefetching import by_hand, turn
from tests.support.world import Community, Person, World
from yoto.cache import place_key
from yoto.permission import AccessGranted
from yoto.rooms.policies.input import InputBuilder
from yoto.rooms.prefetch.recording.recorder import ONE_ACTION

# Deeds that make somebody known.
KNOWN = 60


@pytest.fixture
def moderator(world: World, harbour: Community) -> Person:
    """Somebody who may ban, with an account old enough to be no risk by itself."""
    return world.member(harbour, None, world.role(harbour, "member.ban", position=5))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, put: Put) -> list[dict[str, float]]:
    """The parts of the risk in every input that is made; it is made where a limit asks for it."""
    put("risk", {"limits": {"member.ban": 100}})
    made: list[dict[str, float]] = []
    build = InputBuilder.build

    def keep(*arguments: Any) -> Any:
        document, valid_for = build(*arguments)
        if "risk" in document["context"]:
            made.append(document["context"]["risk"]["parts"])
        return document, valid_for

    monkeypatch.setattr(InputBuilder, "build", keep)
    return made


def do(app: Flask, harbour: Community, person: Person, permission: str) -> None:
    """Somebody does one thing again and again, each second once."""
    service = by_hand(app)
    for seconds_ago in range(KNOWN, 0, -1):
        at = monotonic() - seconds_ago * ONE_ACTION
        event = AccessGranted(person.id, permission, place_key("server", harbour.id), at)
        service.recorder.granted(event)
    turn(service)


def ban(client: FlaskClient, world: World, harbour: Community, person: Person) -> Any:
    target = world.member(harbour)
    return client.put(
        f"{API}/servers/{harbour.id}/bans/{target.id}", headers=person.headers, json={}
    )


def test_what_somebody_never_does_raises_the_risk(
    app: Flask,
    client: FlaskClient,
    world: World,
    harbour: Community,
    moderator: Person,
    put: Put,
    parts: list[dict[str, float]],
) -> None:
    do(app, harbour, moderator, "server.audit")
    assert ban(client, world, harbour, moderator).status_code == 200
    points = parts[-1]["unusual_behaviour"]
    assert 0 < points <= 20
    put("risk", {"limits": {"member.ban": sum(parts[-1].values()) - points / 2}})
    assert codes(ban(client, world, harbour, moderator)) == ["risk_too_high"]


def test_what_somebody_does_all_the_time_does_not(
    app: Flask,
    client: FlaskClient,
    world: World,
    harbour: Community,
    moderator: Person,
    parts: list[dict[str, float]],
) -> None:
    do(app, harbour, moderator, "member.ban")
    assert ban(client, world, harbour, moderator).status_code == 200
    assert parts[-1]["unusual_behaviour"] == 0


def test_of_somebody_who_is_not_known_the_part_is_missing(
    client: FlaskClient,
    world: World,
    harbour: Community,
    moderator: Person,
    parts: list[dict[str, float]],
) -> None:
    assert ban(client, world, harbour, moderator).status_code == 200
    assert "unusual_behaviour" not in parts[-1]
