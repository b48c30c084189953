"""Profiles and the search for people."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.statements import count_statements
from tests.support.world import World, expired_header

USERS = "/api/v1/users"


def test_a_profile_shows_what_is_public_and_no_more(client: FlaskClient, world: World) -> None:
    ada, viewer = world.user("ada", display_name="Ada L.", super_admin=True), world.user()
    answer = client.get(f"{USERS}/{ada.id}", headers=viewer.headers)
    assert answer.status_code == 200
    profile = answer.get_json()
    assert profile.pop("created_at")
    assert profile == {"id": ada.id, "username": "ada", "display_name": "Ada L."}


@pytest.mark.parametrize("user_id", [4711, 2**63 - 1, 2**63, 10**30])
def test_an_id_that_names_nobody_is_not_found(
    client: FlaskClient, world: World, user_id: int
) -> None:
    answer = client.get(f"{USERS}/{user_id}", headers=world.user().headers)
    assert answer.status_code == 404
    assert answer.get_json()["type"] == "urn:yoto:problem:not-found"


def found(client: FlaskClient, world: World, **query: str | int) -> list[str]:
    answer = client.get(USERS, query_string=query, headers=world.user("viewer").headers)
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.get_json()["items"]]


def test_people_are_found_by_how_their_name_begins(client: FlaskClient, world: World) -> None:
    for name in ("anna", "ann", "an.other", "bob", "hannah"):
        world.user(name)
    assert found(client, world, username="AN") == ["an.other", "ann", "anna"]


def test_disabled_people_are_not_found(client: FlaskClient, world: World) -> None:
    world.user("anna", disabled=True)
    world.user("annika")
    assert found(client, world, username="ann") == ["annika"]


@pytest.mark.parametrize("text", ["%", "a%", "_nna", "ann_", "*", "\\", "'", "é", "anna\u0000"])
def test_no_character_is_a_wildcard(client: FlaskClient, world: World, text: str) -> None:
    world.user("anna")
    assert found(client, world, username=text) == []


def test_a_search_is_bounded(client: FlaskClient, world: World) -> None:
    for number in range(25):
        world.user(f"many{number:02}")
    assert len(found(client, world, username="many")) == 20


@pytest.mark.parametrize("rows", [3, 30])
def test_a_search_takes_one_statement(
    app: Flask, client: FlaskClient, world: World, rows: int
) -> None:
    viewer = world.user("viewer")
    for number in range(rows):
        world.user(f"many{number:02}")
    with count_statements(app) as statements:
        client.get(USERS, query_string={"username": "many"}, headers=viewer.headers)
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "username"),
        ({"username": ""}, "username"),
        ({"username": "x" * 10_000}, "username"),
        ({"username": "ann", "limit": 0}, "limit"),
        ({"username": "ann", "limit": 21}, "limit"),
        ({"username": "ann", "limit": "many"}, "limit"),
        ({"username": "ann", "email": "a@b"}, "email"),
    ],
)
def test_a_bad_query_names_the_parameter(
    client: FlaskClient, world: World, query: dict[str, str | int], field: str
) -> None:
    answer = client.get(USERS, query_string=query, headers=world.user().headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


@pytest.mark.parametrize("path", [USERS, f"{USERS}/1"])
def test_strangers_see_nobody(app: Flask, client: FlaskClient, world: World, path: str) -> None:
    user = world.user()
    for headers in ({}, expired_header(app, user.id)):
        assert client.get(path, headers=headers).status_code == 401
