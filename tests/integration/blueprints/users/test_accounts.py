"""Accounts as administrators see and change them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.models import User
from tests.support.statements import count_statements
from tests.support.world import Person, World, expired_header
from yoto.store.models import AuditRecord

ACCOUNTS = "/api/v1/admin/users"


@pytest.fixture
def root(world: World) -> Person:
    """A super-admin."""
    return world.user("root", super_admin=True)


@pytest.fixture
def warden(world: World) -> Person:
    """Somebody with ``admin.users`` who is no super-admin."""
    person = world.user("warden")
    world.assign(person, world.role(None, "admin.users"))
    return person


def test_all_accounts_are_listed_in_pages(
    client: FlaskClient, world: World, warden: Person
) -> None:
    expected = [warden.id, *(world.user(f"p{number}").id for number in range(5))]
    seen: list[int] = []
    query: dict[str, int] = {"limit": 4}
    while True:
        page = client.get(ACCOUNTS, query_string=query, headers=warden.headers).get_json()
        seen += [account["id"] for account in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == expected


def test_accounts_are_listed_with_their_flags_and_filtered_by_them(
    client: FlaskClient, world: World, warden: Person, root: Person
) -> None:
    gone = world.user("gone", disabled=True)

    def ids(**query: str) -> list[int]:
        page = client.get(ACCOUNTS, query_string=query, headers=warden.headers).get_json()
        assert all(set(account) >= {"disabled", "super_admin"} for account in page["items"])
        return [account["id"] for account in page["items"]]

    assert ids(disabled="true") == [gone.id]
    assert ids(super_admin="true") == [root.id]
    assert ids(disabled="false", super_admin="false") == [warden.id]
    assert ids(username="RO") == [root.id]


def test_a_page_takes_as_many_statements_for_30_rows_as_for_3(
    app: Flask, client: FlaskClient, world: World, warden: Person
) -> None:
    def statements() -> int:
        with count_statements(app) as found:
            client.get(ACCOUNTS, headers=warden.headers)
        return len(found)

    statements()  # the first request also reads the registry
    world.user(), world.user()
    for_three = statements()
    for _ in range(27):
        world.user()
    assert statements() == for_three <= 4


def test_disabling_and_enabling_take_effect_at_the_next_request(
    client: FlaskClient, world: World, warden: Person
) -> None:
    person = world.user()

    def works() -> int:
        return client.get(f"/api/v1/users/{person.id}", headers=person.headers).status_code

    assert works() == 200
    answer = client.patch(
        f"{ACCOUNTS}/{person.id}", headers=warden.headers, json={"disabled": True}
    )
    assert (answer.status_code, answer.get_json()["disabled"]) == (200, True)
    assert works() == 401
    answer = client.patch(
        f"{ACCOUNTS}/{person.id}", headers=warden.headers, json={"disabled": False}
    )
    assert (answer.status_code, answer.get_json()["disabled"]) == (200, False)
    assert works() == 401, "tokens from before the account was disabled stay dead"


def test_a_change_is_audited_with_before_after_and_reason(
    client: FlaskClient, world: World, warden: Person
) -> None:
    person = world.user()
    for _ in range(2):
        client.patch(
            f"{ACCOUNTS}/{person.id}",
            headers=warden.headers,
            json={"disabled": True, "reason": "spam"},
        )
    columns = (AuditRecord.subject, AuditRecord.before, AuditRecord.after, AuditRecord.reason)
    records = world.rows(select(*columns).where(AuditRecord.action == "user.update"))
    assert records == [(f"user:{person.id}", {"disabled": False}, {"disabled": True}, "spam")]


def test_super_admins_make_and_unmake_super_admins(
    client: FlaskClient, world: World, root: Person
) -> None:
    person = world.user()
    for wanted in (True, False):
        answer = client.patch(
            f"{ACCOUNTS}/{person.id}", headers=root.headers, json={"super_admin": wanted}
        )
        assert answer.get_json()["super_admin"] is wanted


@pytest.mark.parametrize("change", [{"super_admin": True}, {"super_admin": False}])
def test_others_make_no_super_admins(
    client: FlaskClient, world: World, warden: Person, change: dict[str, bool]
) -> None:
    person, before = world.user(), world.snapshot()
    before = world.snapshot()
    answer = client.patch(f"{ACCOUNTS}/{person.id}", headers=warden.headers, json=change)
    assert (answer.status_code, answer.get_json()["reason"]) == (403, "super_admin_only")
    assert world.snapshot() == before


def test_others_do_not_disable_super_admins(
    client: FlaskClient, world: World, warden: Person, root: Person
) -> None:
    before = world.snapshot()
    answer = client.patch(f"{ACCOUNTS}/{root.id}", headers=warden.headers, json={"disabled": True})
    assert answer.status_code == 403
    assert world.snapshot() == before


@pytest.mark.parametrize("change", [{"disabled": True}, {"super_admin": False}])
def test_nobody_changes_their_own_flags(
    client: FlaskClient, world: World, root: Person, change: dict[str, bool]
) -> None:
    users = world.rows(select(User.disabled, User.super_admin))
    answer = client.patch(f"{ACCOUNTS}/{root.id}", headers=root.headers, json=change)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == list(change)
    assert world.rows(select(User.disabled, User.super_admin)) == users


def test_two_super_admins_who_unmake_each_other_at_once_leave_one(
    app: Flask, world: World, root: Person
) -> None:
    other = world.user("toor", super_admin=True)

    def unmake(pair: tuple[Person, Person]) -> int:
        actor, target = pair
        return (
            app.test_client()
            .patch(f"{ACCOUNTS}/{target.id}", headers=actor.headers, json={"super_admin": False})
            .status_code
        )

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(unmake, [(root, other), (other, root)])) == [200, 403]
    assert world.scalar(select(func.count()).where(User.super_admin)) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"reason": "only words"}, "body"),
        ({"disabled": "yes"}, "disabled"),
        ({"disabled": 1}, "disabled"),
        ({"disabled": None}, "disabled"),
        ({"super_admin": "true"}, "super_admin"),
        ({"disabled": True, "reason": "x" * 501}, "reason"),
        ({"disabled": True, "username": "other"}, "username"),
    ],
)
def test_a_bad_change_names_the_field_and_stores_nothing(
    client: FlaskClient, world: World, warden: Person, body: dict[str, Any], field: str
) -> None:
    person = world.user()
    before = world.snapshot()
    answer = client.patch(f"{ACCOUNTS}/{person.id}", headers=warden.headers, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_an_account_that_is_not_there_is_not_found(client: FlaskClient, warden: Person) -> None:
    answer = client.patch(f"{ACCOUNTS}/4711", headers=warden.headers, json={"disabled": True})
    assert answer.status_code == 404


@pytest.mark.parametrize("method, path", [("GET", ACCOUNTS), ("PATCH", f"{ACCOUNTS}/1")])
def test_it_takes_the_global_right(
    app: Flask, client: FlaskClient, world: World, method: str, path: str
) -> None:
    owner = world.server().owner
    before = world.snapshot()
    for headers, expected in (
        ({}, 401),
        (expired_header(app, owner.id), 401),
        (owner.headers, 403),
    ):
        answer = client.open(path, method=method, headers=headers, data="no json at all")
        assert answer.status_code == expected
    assert world.snapshot() == before
