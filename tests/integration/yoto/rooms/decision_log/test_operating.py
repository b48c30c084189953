"""The decision log from REST and terminal: what was denied yesterday, and what changed since."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from app.extensions import permissions
from tests.support.operators import (
    INSIGHT,
    VIEW,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.world import Community, Person, World
from yoto.rooms.decision_log.counts import add_counts
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.columns import utcnow
from yoto.store.db import db, writing

AUDIT, SEND, PIN = "admin.audit", "message.send", "message.pin"
Record = Callable[..., int]


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def place(world: World, harbour: Community) -> str:
    return f"channel:{world.channel(harbour, 'announcements')}"


@pytest.fixture
def tomas(world: World, harbour: Community) -> Person:
    return world.member(harbour, world.user("tomas"))


@pytest.fixture
def auditor(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, AUDIT)


@pytest.fixture
def record(app: Flask) -> Record:
    """Store a record as a writer does, by default of a denial a day ago; its id."""

    def store(user_id: int, scope: str, **other: Any) -> int:
        usual = {"asked": PIN, "operator": None, "allowed": False, "reason": "not_granted"}
        rest = {"weight": 1, "tier": "l1", "mask_hash": "", "request_id": "request-1"}
        row = {"at": yesterday(), "user_id": user_id, "scope": scope, **usual, **rest, **other}
        with app.app_context(), writing(), db.engine.begin() as connection:
            stored = connection.execute(insert(DecisionRecord.__table__), [row])
            add_counts(connection, [row])
            return int(stored.inserted_primary_key[0])

    return store


def yesterday() -> datetime:
    return utcnow() - timedelta(days=1)


def allow(app: Flask, harbour: Community, person: Person, place: str) -> None:
    """Let somebody pin there from now on."""
    with app.app_context():
        permissions.set_overwrite(
            int(place.split(":")[1]), user_id=person.id, allow=[PIN], actor_id=harbour.owner.id
        )
        db.session.remove()


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["permission", *arguments])


def test_why_somebody_was_denied_yesterday_is_answered_from_rest_and_terminal(
    app: Flask,
    auditor: ControlClient,
    harbour: Community,
    tomas: Person,
    place: str,
    record: Record,
) -> None:
    record(harbour.owner.id, place)
    denied = record(tomas.id, place)
    allow(app, harbour, tomas, place)
    asked = {"user": "Tomas", "place": place, "allowed": "false"}
    times = {"from": f"{yesterday() - timedelta(hours=2):%FT%TZ}", "to": f"{utcnow():%FT%TZ}"}
    [found] = auditor.get("/decisions", **asked, **times).json["items"]
    assert (found["id"], found["user"], found["place_name"]) == (denied, "tomas", "announcements")
    assert (found["permission"], found["reason"], found["request_id"]) == (
        PIN,
        "not_granted",
        "request-1",
    )

    replayed = auditor.send("POST", f"/decisions/{denied}/replay").json
    assert (replayed["decision"], replayed["outcome"]) == (found, "changed")
    assert replayed["now"] == {"allowed": True, "reason": "granted"}
    [change] = replayed["changes"]
    assert (change["action"], change["subject"], change["actor"]) == (
        "overwrite.set",
        place,
        "owner",
    )
    assert replayed["explanation"]["allowed"] and replayed["explanation"]["username"] == "tomas"

    options = ["--user", "tomas", "--place", place, "--verdict", "denied", "--from", times["from"]]
    listed = run(app, "decisions", *options)
    assert listed.exit_code == 0, listed.output
    assert f"tomas  {PIN}  {place} (announcements)  denied: not_granted" in listed.output
    machine = json.loads(run(app, "decisions", *options, "--json").output)
    assert [one["id"] for one in machine["items"]] == [denied]
    told = run(app, "replay", str(denied)).output
    assert "now: allowed: granted" in told and f"overwrite.set {place} by user" in told


def test_records_are_paged_and_one_has_what_policies_were_given(
    auditor: ControlClient, tomas: Person, place: str, record: Record
) -> None:
    made = [record(tomas.id, place, context={"hour": n}) for n in range(3)]
    first = auditor.get("/decisions", user=str(tomas.id), limit=2).json
    assert [one["id"] for one in first["items"]] == made[:0:-1]
    rest = auditor.get("/decisions", user=f"user:{tomas.id}", after=first["next"]).json
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (made[:1], None)
    assert auditor.get(f"/decisions/{made[2]}").json["context"] == {"hour": 2}


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"user": "nobody"}, 404, "user"),
        ({"place": "shelf:1"}, 422, "place"),
        ({"from": "2026-02-02T00:00Z", "to": "2026-02-01T00:00Z"}, 422, "to"),
    ],
)
def test_a_filter_that_cannot_be_names_itself(
    auditor: ControlClient, query: dict[str, str], status: int, field: str
) -> None:
    refused = auditor.get("/decisions", **query)
    assert (refused.status_code, list(refused.json["errors"])) == (status, [field])


def test_what_is_gone_is_still_told(
    auditor: ControlClient, world: World, harbour: Community, record: Record
) -> None:
    gone = record(999, "channel:998", asked=f"{SEND} OR {PIN}", reason="not_satisfied")
    [shown] = auditor.get("/decisions", place="channel:998").json["items"]
    assert (shown["user"], shown["place_name"]) == (None, None)
    replayed = auditor.send("POST", f"/decisions/{gone}/replay").json
    assert (replayed["now"]["reason"], replayed["explanation"]) == ("place_gone", None)


def test_only_who_may_audit_sees_the_log(
    app: Flask, world: World, harbour: Community, tomas: Person, place: str, record: Record
) -> None:
    number = record(tomas.id, place)
    viewer = control_client(app, world, VIEW)
    asked = [
        viewer.get("/decisions"),
        viewer.get("/decisions", place=place),
        viewer.get("/decisions/trends"),
        viewer.get(f"/decisions/{number}"),
        viewer.send("POST", f"/decisions/{number}/replay"),
    ]
    assert {one.status_code for one in asked} == {403}
    bea = operator_named(world, "bea", VIEW)
    world.member(harbour, bea, world.role(harbour, "server.audit"))
    _, secret = api_token(app, bea, (VIEW, INSIGHT))
    here = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    assert here.get("/decisions", place=place).json["items"][0]["id"] == number
    assert here.get("/decisions").status_code == 403


def test_trends_are_by_hour_and_by_day_and_say_how_much_the_log_holds(
    app: Flask, auditor: ControlClient, tomas: Person, place: str, record: Record
) -> None:
    oldest = yesterday() - timedelta(days=8)
    record(tomas.id, place, at=oldest)
    record(tomas.id, place, weight=4)
    record(tomas.id, "global", allowed=True, reason="granted", weight=100, at=utcnow())
    week, month = (auditor.get("/decisions/trends", days=days).json for days in (7, 30))
    assert (week["step_s"], sum(week["denied"]), sum(week["allowed"])) == (3600, 4, 100)
    assert (month["step_s"], sum(month["denied"]), sum(month["allowed"])) == (86400, 5, 100)
    [here] = [one for one in month["places"] if one["value"] == place]
    assert (here["name"], here["denied"], sum(here["denied_by_step"])) == ("announcements", 5, 5)
    assert [one["value"] for one in month["reasons"]] == ["not_granted", "granted"]
    assert month["oldest"][:16] == oldest.isoformat()[:16] and month["rows"] == 3
    told = run(app, "decision-trends", "--days", "30")
    assert told.exit_code == 0, told.output
    assert "5 denied, about 100 allowed" in told.output and "about 3 records" in told.output
