"""Operators read the audit log: filtered, a page at a time, and whole."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.support.operators import RIGHTS, VIEW, ControlClient, control_client
from tests.support.world import Person, World
from yoto.api import audit as service
from yoto.store.columns import utcnow
from yoto.store.models import AuditRecord

AUDIT = "/audit"


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, "admin.audit")


@pytest.fixture
def olga(world: World) -> Person:
    return world.user("olga")


@pytest.fixture(autouse=True)
def records(world: World, olga: Person) -> None:
    for number, action in enumerate(("role.assign", "role_x.assign", "alert.silence") * 2):
        world.add(
            AuditRecord(
                action=action,
                subject=f"role:{number}",
                actor_id=olga.id if number % 2 else None,
                server_id=number or None,
                before={"n": number},
                after={"n": number + 1},
                reason=f"reason {number}",
                address="192.0.2.7",
            )
        )


def numbers(items: list[dict[str, Any]]) -> list[int]:
    """Numbers in the records of these tests; making the database left others."""
    return [one["before"]["n"] for one in items if "n" in (one["before"] or {})]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [5, 4, 3, 2, 1, 0]),
        ({"action": "role."}, [3, 0]),
        ({"action": "role"}, [4, 3, 1, 0]),
        ({"action": "alert.silence"}, [5, 2]),
        ({"area": "rights"}, [3, 0]),
        ({"area": "operators"}, [5, 2]),
        ({"area": "operators_and_rights"}, [5, 3, 2, 0]),
        ({"area": "sign_ins"}, []),
        ({"area": "policies"}, []),
        ({"area": "rights", "actor": "olga"}, [3]),
        ({"actor": "olga"}, [5, 3, 1]),
        ({"actor": "nobody"}, []),
        ({"subject": "role:4"}, [4]),
        ({"server_id": 2}, [2]),
        ({"actor": "olga", "action": "role_x"}, [1]),
        ({"to": "2020-01-01T00:00:00Z"}, []),
        ({"from": "2020-01-01T00:00:00Z", "limit": 2}, [5, 4]),
    ],
)
def test_records_are_found_by_who_what_where_and_when(
    ada: ControlClient, query: dict[str, Any], expected: list[int]
) -> None:
    items = ada.get(AUDIT, **query).json["items"]
    assert numbers(items) == expected
    if "limit" not in query:
        exported = json.loads(ada.get(f"{AUDIT}/export", **query).data)
        assert exported == items


def test_a_record_has_what_was_and_what_is(ada: ControlClient, olga: Person) -> None:
    newest = ada.get(AUDIT, limit=1).json
    (record,) = newest["items"]
    assert (record["before"], record["after"], record["reason"]) == ({"n": 5}, {"n": 6}, "reason 5")
    assert record["actor"]["id"] == olga.id
    older = ada.get(AUDIT, limit=1, after=newest["next"]).json["items"]
    assert older[0]["id"] < record["id"] and older[0]["actor"] is None


def test_a_role_held_at_a_node_alone_is_recorded_with_the_node_and_so(
    ada: ControlClient, world: World
) -> None:
    held = {"role_id": 3, "node": "!folder:top"}
    world.add(AuditRecord(action="role.assign", subject="user:2", before=None, after=held))
    (record,) = ada.get(AUDIT, limit=1).json["items"]
    assert record["after"] == {"role_id": 3, "node": "folder:top", "here_only": True}


def test_who_may_not_know_about_others_reads_of_what_runs_and_no_addresses(
    app: Flask, ada: ControlClient, world: World
) -> None:
    bert = control_client(app, world, *RIGHTS, username="bert")
    shown, whole = (one.get(AUDIT).json["items"] for one in (bert, ada))
    assert numbers(shown) == [5, 2] and {one["address"] for one in shown} == {None}
    assert numbers(whole) == [5, 4, 3, 2, 1, 0] and "192.0.2.7" in {one["address"] for one in whole}
    assert bert.get(AUDIT, action="role").json["items"] == []
    assert json.loads(bert.get(f"{AUDIT}/export").data) == shown


def test_in_maintenance_the_log_is_read_without_what_tells_of_others(
    app: Flask, ada: ControlClient
) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(True, "a test")
    shown = ada.get(AUDIT)
    assert shown.status_code == 200 and numbers(shown.json["items"]) == [5, 2]


def test_the_export_is_streamed_in_steps_and_holds_what_was_there_when_it_began(
    ada: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EXPORT_STEP", 2)
    answer = ada.get(f"{AUDIT}/export")
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.json"
    assert answer.is_streamed and answer.mimetype == "application/json"
    assert numbers(json.loads(answer.data)) == [5, 4, 3, 2, 1, 0]


def test_the_export_is_a_table_without_formulas_too(
    ada: ControlClient, world: World, olga: Person
) -> None:
    facts = {"before": {"n": 120}, "after": {"n": 30}, "reason": "=HYPERLINK(1)"}
    world.add(AuditRecord(action="role.assign", subject="+role:9", actor_id=olga.id, **facts))
    answer = ada.get(f"{AUDIT}/export", format="csv", action="role.")
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.csv"
    assert answer.is_streamed and answer.mimetype == "text/csv"
    newest, *others = csv.DictReader(io.StringIO(answer.text))
    assert (newest["reason"], newest["subject"]) == ("'=HYPERLINK(1)", "'+role:9")
    assert (newest["actor"], newest["before"], newest["after"]) == (
        "olga",
        '{"n": 120}',
        '{"n": 30}',
    )
    assert [json.loads(one["before"])["n"] for one in others] == [3, 0]


def test_one_record_is_read_by_its_id_by_who_may_see_it(
    app: Flask, ada: ControlClient, world: World
) -> None:
    bert = control_client(app, world, *RIGHTS, username="bert")
    alert, _, role = ada.get(AUDIT, limit=3).json["items"]
    assert [ada.get(f"{AUDIT}/{one['id']}").json for one in (alert, role)] == [alert, role]
    assert bert.get(f"{AUDIT}/{alert['id']}").json == {**alert, "address": None}
    absent = bert.get(f"{AUDIT}/{role['id'] + 1_000}")
    hidden = bert.get(f"{AUDIT}/{role['id']}")
    assert (hidden.status_code, hidden.json["type"]) == (404, absent.json["type"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"action": "role%"}, "action"),
        ({"actor": "o" * 257}, "actor"),
        ({"from": utcnow().isoformat(), "to": "2020-01-01T00:00:00Z"}, "to"),
        ({"limit": 101}, "limit"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_filter_is_refused_by_its_name(
    ada: ControlClient, query: dict[str, Any], field: str
) -> None:
    refused = ada.get(AUDIT, **query)
    assert refused.status_code == 422 and list(refused.json["errors"]) == [field]
