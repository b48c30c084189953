"""Access reviews over HTTP, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import permissions
from tests.support.world import Community, Person, World
from yoto.permission.people.kinds import Everyone
from yoto.store.columns import utcnow
from yoto.store.db import db

REVIEW = "/api/v1/permissions/review"
DIFFERENCE = "/api/v1/permissions/review/difference"
PIN = "message.pin"


@pytest.fixture
def community(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def watcher(world: World, community: Community) -> Person:
    """A member who may read the server's audit log."""
    return world.member(community, world.user("watcher"), world.role(community, "server.audit"))


def in_channel(community: Community, **more: Any) -> dict[str, Any]:
    return {"permission": PIN, "scope": "channel", "scope_id": community.channel_id, **more}


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))


def test_it_says_who_since_when_and_by_what(
    client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    crew = world.role(community, PIN, name="crew")
    anna = world.member(community, world.user("anna"), crew)
    answer = client.get(REVIEW, headers=watcher.headers, query_string=in_channel(community))
    assert answer.status_code == 200
    owner, found = answer.get_json()["items"]
    assert (owner["username"], owner["reason"], owner["since"]) == ("owner", "owner", None)
    assert (found["user_id"], found["username"], found["reason"]) == (anna.id, "anna", "granted")
    [way] = found["ways"]
    assert found["since"] == way["since"] is not None
    assert way == {
        "kind": "grant",
        "scope": f"server:{community.id}",
        "role_id": crew,
        "role": "crew",
        "via": [crew],
        "group": None,
        "since": way["since"],
        "until": None,
        "holder": None,
    }


def test_a_way_by_a_set_of_people_names_the_set(
    app: Flask, client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    crew = world.role(community, PIN, name="crew")
    anna = world.member(community, world.user("anna"))
    everybody = Everyone("server", community.id)
    with app.app_context():
        permissions.assign(everybody, crew, at=("server", community.id))
    query = in_channel(community)
    items = client.get(REVIEW, headers=watcher.headers, query_string=query).get_json()["items"]
    [found] = [one for one in items if one["user_id"] == anna.id]
    assert [one["holder"] for one in found["ways"]] == [f"everyone:server:{community.id}"]
    rows = table(
        client.get(REVIEW, headers=watcher.headers, query_string={**query, "format": "csv"})
    )
    assert {row["holder"] for row in rows if row["username"] == "anna"} == {
        f"everyone:server:{community.id}"
    }


def test_pages_follow_each_other_and_csv_goes_on_to_the_end(
    client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    crew = world.role(community, PIN)
    ids = [community.owner.id, *sorted(world.members(community, 5, crew))]
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        query = in_channel(community, after=after, limit=2)
        page = client.get(REVIEW, headers=watcher.headers, query_string=query).get_json()
        assert len(page["items"]) <= 2
        seen += [line["user_id"] for line in page["items"]]
        after = page["next_after"]
    assert seen == ids
    query = in_channel(community, format="csv", limit=2)
    rows = table(client.get(REVIEW, headers=watcher.headers, query_string=query))
    assert [int(row["user_id"]) for row in rows] == ids
    query["after"] = ids[2]
    rows = table(client.get(REVIEW, headers=watcher.headers, query_string=query))
    assert [int(row["user_id"]) for row in rows] == ids[3:]


def test_csv_has_a_row_for_each_way_and_no_formula(
    client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    heads = world.role(community, PIN, name="=HYPERLINK(1)")
    mates = world.role(community, PIN, name="mates")
    world.member(community, world.user("anna"), heads, mates)
    query = in_channel(community, format="csv")
    answer = client.get(REVIEW, headers=watcher.headers, query_string=query)
    rows = [row for row in table(answer) if row["username"] == "anna"]
    assert sorted(row["role"] for row in rows) == ["'=HYPERLINK(1)", "mates"]
    assert {row["way"] for row in rows} == {"grant"}
    name = f"access-message.pin-channel-{community.channel_id}.csv"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


@pytest.mark.parametrize(
    ("form", "accept", "mimetype"),
    [
        (None, "text/csv", "text/csv"),
        (None, "application/json, text/csv;q=0.5", "application/json"),
        (None, "*/*", "application/json"),
        ("json", "text/csv", "application/json"),
        ("csv", "application/json", "text/csv"),
    ],
)
def test_the_form_is_what_is_asked_for_or_accepted(
    client: FlaskClient,
    community: Community,
    watcher: Person,
    form: str | None,
    accept: str,
    mimetype: str,
) -> None:
    query = in_channel(community, **({"format": form} if form else {}))
    headers = watcher.headers | {"Accept": accept}
    moment = {"since": (utcnow() - timedelta(hours=1)).isoformat()}
    for address, asked in ((REVIEW, query), (DIFFERENCE, query | moment)):
        assert client.get(address, headers=headers, query_string=asked).mimetype == mimetype


def test_the_difference_names_the_change(
    app: Flask, client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    crew, since = world.role(community, PIN), utcnow()
    anna, berta = world.member(community), world.member(community, None, crew)
    with app.app_context():
        owner_id = community.owner.id
        permissions.assign_roles_to_user(anna.id, [crew], actor_id=owner_id)
        permissions.revoke_roles_from_user(berta.id, [crew], actor_id=owner_id)
        db.session.remove()
    query = in_channel(community, since=since.isoformat())
    found = client.get(DIFFERENCE, headers=watcher.headers, query_string=query).get_json()
    assert (found["permission"], found["scope"]) == (PIN, f"channel:{community.channel_id}")
    assert datetime.fromisoformat(found["since"]) == since
    [gained], [lost] = found["gained"], found["lost"]
    assert (gained["user_id"], gained["action"]) == (anna.id, "role.assign")
    assert (lost["user_id"], lost["action"]) == (berta.id, "role.unassign")
    assert gained["actor_id"] == lost["actor_id"] == owner_id
    rows = table(
        client.get(DIFFERENCE, headers=watcher.headers, query_string=query | {"format": "csv"})
    )
    changes = [(row["change"], row["user_id"]) for row in rows if row["change"] != "unknown"]
    assert changes == [("gained", str(anna.id)), ("lost", str(berta.id))]


def test_csv_does_not_hide_what_is_unknown(
    client: FlaskClient, community: Community, watcher: Person
) -> None:
    query = in_channel(community, since="2000-01-01T00:00:00Z", format="csv")
    rows = table(client.get(DIFFERENCE, headers=watcher.headers, query_string=query))
    assert any(row["change"] == "unknown" and "audit log" in row["note"] for row in rows)


@pytest.mark.parametrize("address", [REVIEW, DIFFERENCE])
def test_it_takes_the_right_to_audit(
    client: FlaskClient, world: World, community: Community, watcher: Person, address: str
) -> None:
    query = in_channel(community, since="2026-01-01T00:00:00Z")
    if address == REVIEW:
        del query["since"]
    other = world.server()
    elsewhere = query | {"scope_id": other.channel_id}
    everywhere = {key: query[key] for key in query.keys() - {"scope", "scope_id"}}
    for person, asked, status in (
        (community.owner, elsewhere, 404),
        (world.member(community), query, 403),
        (watcher, elsewhere, 404),
        (watcher, everywhere, 403),
    ):
        answer = client.get(address, headers=person.headers, query_string=asked)
        assert answer.status_code == status
        csv_too = client.get(
            address, headers=person.headers, query_string=asked | {"format": "csv"}
        )
        assert csv_too.status_code == status
    assert client.get(address, query_string=query).status_code == 401
    auditor = world.user("auditor")
    world.assign(auditor, world.role(None, "admin.audit"))
    for asked in (query, elsewhere, everywhere):
        assert client.get(address, headers=auditor.headers, query_string=asked).status_code == 200


@pytest.mark.parametrize(
    ("address", "wrong", "status"),
    [
        (REVIEW, {"permission": "no.such"}, 422),
        (REVIEW, {"scope": "planet"}, 422),
        (REVIEW, {"scope_id": 10**9}, 404),
        (REVIEW, {"format": "xls"}, 422),
        (REVIEW, {"limit": 0}, 422),
        (REVIEW, {"since": "2026-01-01T00:00:00Z"}, 422),
        (DIFFERENCE, {}, 422),
        (DIFFERENCE, {"since": "2026-01-01T00:00:00"}, 422),
        (DIFFERENCE, {"since": "yesterday"}, 422),
        (DIFFERENCE, {"since": datetime(9000, 1, 1, tzinfo=UTC).isoformat()}, 422),
    ],
)
def test_bad_questions_are_refused_in_either_form(
    client: FlaskClient, world: World, address: str, wrong: dict[str, Any], status: int
) -> None:
    root = world.user("root", super_admin=True)
    community = world.server()
    for form in ("json", "csv"):
        query = in_channel(community, format=form) | wrong
        answer = client.get(address, headers=root.headers, query_string=query)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
