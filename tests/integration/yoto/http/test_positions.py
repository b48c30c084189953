"""Positions over HTTP: everybody sees their own changes, on any worker, at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import cache
from tests.support.applications import another_app
from tests.support.world import Community, Person, World
from yoto.http.positions import POSITION_COOKIE, POSITION_HEADER

CHECK = "/api/v1/permissions/check"


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform."""
    with another_app(app_config, tmp_path / "other") as worker:
        yield worker


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def deny(community: Community) -> dict[str, Any]:
    return {"allow": [], "deny": ["message.send"]}


def ask(client: FlaskClient, person: Person, community: Community, **headers: str) -> Any:
    """Whether ``person`` may send in the community's channel."""
    return client.post(
        CHECK,
        json={
            "permission": "message.send",
            "scope": "channel",
            "scope_id": community.channel_id,
        },
        headers=person.headers | {name.replace("_", "-"): text for name, text in headers.items()},
    )


def change(client: FlaskClient, community: Community, person: Person, body: Any) -> Any:
    """Set an overwrite for ``person`` as the owner."""
    return client.put(
        f"/api/v1/channels/{community.channel_id}/overwrites/user/{person.id}",
        json=body,
        headers=community.owner.headers,
    )


def test_a_write_answers_with_its_position_in_header_and_cookie(
    app: Flask, client: FlaskClient, world: World, community: Community, deny: Any
) -> None:
    answer = change(client, community, world.member(community), deny)
    assert answer.status_code in (200, 201, 204)
    position = answer.headers[POSITION_HEADER]
    assert cache.of(app).reached(position)
    cookie = client.get_cookie(POSITION_COOKIE)
    assert cookie is not None and cookie.value == position
    assert cookie.http_only and cookie.same_site == "Strict" and (cookie.max_age or 0) <= 10


def test_a_read_gives_no_position(client: FlaskClient, world: World, community: Community) -> None:
    answer = ask(client, world.member(community), community)
    assert answer.status_code == 200
    assert POSITION_HEADER not in answer.headers
    assert client.get_cookie(POSITION_COOKIE) is None


def deafen(worker: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's log be read, but nothing applied any more."""
    tailer = cache.of(worker).tailer
    monkeypatch.setattr(tailer, "_apply", lambda *arguments: None)
    monkeypatch.setattr(tailer, "fresh_until", float("inf"))


@pytest.mark.parametrize("by", ["header", "cookie"])
def test_a_worker_that_has_not_heard_of_the_change_reads_the_database_for_who_knows_of_it(
    app: Flask,
    other: Flask,
    client: FlaskClient,
    world: World,
    community: Community,
    deny: Any,
    by: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = world.member(community)
    elsewhere = other.test_client()
    assert ask(elsewhere, person, community).json["allowed"] is True
    deafen(other, monkeypatch)
    position = change(client, community, person, deny).headers[POSITION_HEADER]
    assert ask(elsewhere, person, community).json["allowed"] is True
    if by == "header":
        answer = ask(elsewhere, person, community, X_Permission_Position=position)
    else:
        elsewhere.set_cookie(POSITION_COOKIE, position)
        answer = ask(elsewhere, person, community)
    assert answer.json["allowed"] is False
    elsewhere.delete_cookie(POSITION_COOKIE)
    assert ask(elsewhere, person, community).json["allowed"] is True


@pytest.mark.parametrize("position", ["yesterday", "12", "1-2-3", "outbox-x", "99999999999999-0"])
def test_a_wrong_position_is_refused_and_named(
    client: FlaskClient, world: World, community: Community, position: str
) -> None:
    answer = ask(client, world.member(community), community, X_Permission_Position=position)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [POSITION_HEADER]


@pytest.mark.parametrize("position", ["yesterday", "99999999999999-0"])
def test_a_wrong_cookie_only_makes_the_answer_fresh(
    client: FlaskClient, world: World, community: Community, position: str
) -> None:
    client.set_cookie(POSITION_COOKIE, position)
    assert ask(client, world.member(community), community).json["allowed"] is True
