"""The audit log: filters, pages, and who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text
from sqlalchemy.exc import DatabaseError

from tests.support.statements import count_statements
from tests.support.world import Community, Person, World, expired_header
from yoto.store.db import db
from yoto.store.models import AuditRecord

AUDIT = "/api/v1/admin/audit"
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Log:
    """Records with known values; ``base`` hides what setting up wrote before them."""

    community: Community
    actor: Person
    auditor: Person
    watcher: Person


@pytest.fixture
def log(app: Flask, world: World) -> Log:
    community = world.server()
    watchers = world.role(community, "server.audit")
    watcher = world.member(community, world.user("watcher"), watchers)
    auditor, actor = world.user("auditor"), world.user("actor")
    world.assign(auditor, world.role(None, "admin.audit"))
    with app.app_context():
        for hour in range(6):
            db.session.add(
                AuditRecord(
                    at=NOON + timedelta(hours=hour),
                    actor_id=actor.id if hour % 2 else None,
                    action="test.even" if hour % 2 == 0 else "test.odd",
                    subject=f"thing:{hour}",
                    server_id=community.id if hour < 3 else None,
                    before={"hour": None},
                    after={"hour": hour},
                    reason=f"hour {hour}",
                    request_id=f"request-{hour}",
                    address="203.0.113.9",
                )
            )
        db.session.commit()
        db.session.remove()
    return Log(community, actor, auditor, watcher)


def hours(answer: Any) -> list[int]:
    """The hours of the test's own records in an answer, in its order."""
    assert answer.status_code == 200, answer.text
    items = answer.get_json()["items"]
    return [item["after"]["hour"] for item in items if item["action"].startswith("test.")]


def read(client: FlaskClient, log: Log, **query: Any) -> Any:
    return client.get(AUDIT, headers=log.auditor.headers, query_string=query)


def test_a_record_tells_all_there_is(client: FlaskClient, log: Log) -> None:
    [record] = read(client, log, subject="thing:1").get_json()["items"]
    assert record.pop("id")
    assert record == {
        "at": "2030-05-01T13:00:00+00:00",
        "actor": {"id": log.actor.id, "username": "actor", "display_name": "Actor"},
        "action": "test.odd",
        "subject": "thing:1",
        "server_id": log.community.id,
        "before": {"hour": None},
        "after": {"hour": 1},
        "reason": "hour 1",
        "request_id": "request-1",
        "address": "203.0.113.9",
    }


def test_the_system_itself_is_nobody(client: FlaskClient, log: Log) -> None:
    [record] = read(client, log, subject="thing:0").get_json()["items"]
    assert record["actor"] is None


def test_the_newest_come_first_in_pages(client: FlaskClient, log: Log) -> None:
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 4, "from": NOON.isoformat()}
    while True:
        answer = read(client, log, **query)
        seen += hours(answer)
        if answer.get_json()["next"] is None:
            break
        query["after"] = answer.get_json()["next"]
    assert seen == [5, 4, 3, 2, 1, 0]


def test_filters_narrow_and_combine(client: FlaskClient, log: Log) -> None:
    at = [(NOON + timedelta(hours=hour)).isoformat() for hour in range(6)]
    assert hours(read(client, log, action="test.odd")) == [5, 3, 1]
    assert hours(read(client, log, actor_id=log.actor.id)) == [5, 3, 1]
    assert hours(read(client, log, server_id=log.community.id)) == [2, 1, 0]
    assert hours(read(client, log, subject="thing:4")) == [4]
    assert hours(read(client, log, **{"from": at[1], "to": at[3]})) == [2, 1]
    both = read(client, log, action="test.odd", server_id=log.community.id)
    assert hours(both) == [1]
    assert hours(read(client, log, action="test.%")) == []


def test_those_who_look_after_a_server_read_its_own_log_without_addresses(
    client: FlaskClient, log: Log
) -> None:
    path = f"/api/v1/servers/{log.community.id}/audit"
    answer = client.get(path, headers=log.watcher.headers)
    assert hours(answer) == [2, 1, 0]
    for record in answer.get_json()["items"]:
        assert "address" not in record and "request_id" not in record
    filtered = client.get(path, headers=log.watcher.headers, query_string={"action": "test.odd"})
    assert hours(filtered) == [1]


def test_an_act_over_http_is_found_with_its_request_id(
    client: FlaskClient, world: World, log: Log
) -> None:
    headers = {**log.community.owner.headers, "X-Request-ID": "find-this-one"}
    path = f"/api/v1/servers/{log.community.id}/roles"
    made = client.post(path, headers=headers, json={"name": "helpers"})
    assert made.status_code == 201
    [record] = read(client, log, action="role.create").get_json()["items"]
    assert record["request_id"] == made.headers["X-Yoto-Request-ID"] != "find-this-one"
    assert record["address"] == "127.0.0.1"
    assert record["actor"]["id"] == log.community.owner.id


def test_a_page_takes_as_many_statements_for_30_records_as_for_3(
    app: Flask, client: FlaskClient, log: Log
) -> None:
    def statements(limit: int) -> int:
        with count_statements(app) as found:
            read(client, log, limit=limit)
        return len(found)

    statements(3)
    assert statements(30) == statements(3) <= 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2030-05-01T12:00:00"}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"from": NOON.isoformat(), "to": NOON.isoformat()}, "to"),
        ({"actor_id": "somebody"}, "actor_id"),
        ({"actor_id": 2**63}, "actor_id"),
        ({"action": "x" * 65}, "action"),
        ({"subject": ""}, "subject"),
        ({"limit": 101}, "limit"),
        ({"after": -1}, "after"),
        ({"order": "asc"}, "order"),
    ],
)
def test_a_bad_filter_is_named(
    client: FlaskClient, log: Log, query: dict[str, Any], field: str
) -> None:
    answer = read(client, log, **query)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_it_takes_the_right_to_audit(app: Flask, client: FlaskClient, log: Log) -> None:
    server = f"/api/v1/servers/{log.community.id}/audit"
    stranger, expired = log.actor.headers, expired_header(app, log.auditor.id)
    for path, headers, status in (
        (AUDIT, {}, 401),
        (AUDIT, expired, 401),
        (AUDIT, stranger, 403),
        (AUDIT, log.watcher.headers, 403),
        (server, {}, 401),
        (server, expired, 401),
        (server, stranger, 404),
        ("/api/v1/servers/4711/audit", log.watcher.headers, 404),
    ):
        assert client.get(path, headers=headers).status_code == status


def test_nothing_takes_a_record_back(app: Flask, log: Log) -> None:
    with app.app_context():
        for statement in (
            delete(AuditRecord),
            text("UPDATE yoto_audit_records SET reason = 'another one'"),
        ):
            with pytest.raises(DatabaseError):
                db.session.execute(statement)
            db.session.rollback()
        db.session.remove()
