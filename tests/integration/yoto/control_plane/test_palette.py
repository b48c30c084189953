"""One search finds what has a name, pages, and the acts that the caller may take."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support import papers
from tests.support.operators import OPERATE, RIGHTS, VIEW, ControlClient, control_client
from tests.support.statements import count_own_statements
from tests.support.world import World
from yoto.operate import finding
from yoto.room import EXTENSION, rooms_of
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord

AUDIT = "admin.audit"
REQUEST = "0f3b2c5d4e6a798081726354a5b6c7d8"


def found(client: ControlClient, text: str, **query: Any) -> list[tuple[str, str, str]]:
    """Kind, title and address of what is found."""
    answer = client.get("/search", text=text, **query)
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["title"], one["where"]) for one in answer.json["items"]]


@pytest.fixture
def viewer(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW)


def test_people_places_and_roles_are_found_by_name_and_lead_to_their_pages(
    viewer: ControlClient, world: World
) -> None:
    tomas = world.user("tomas")
    harbour = world.server(tomas, name="Harbour Kitchen")
    role = world.role(harbour, name="Harbour pilots")
    everywhere = world.role(None, name="Harbour watch")
    assert ("person", "tomas", f"people/{tomas.id}") in found(viewer, "TOM")
    assert ("person", "tomas", f"people/{tomas.id}") in found(viewer, f"#{tomas.id}")
    assert ("person", "tomas", f"people/{tomas.id}") in found(viewer, f"user:{tomas.id}")
    assert found(viewer, "harbour") == [
        ("server", "Harbour Kitchen", f"resources/server/{harbour.id}"),
        ("role", "Harbour pilots", f"roles/{role}"),
        ("role", "Harbour watch", f"roles/{everywhere}"),
    ]
    assert ("role", "Harbour pilots", f"roles/{role}") in found(viewer, f"role:{role}")
    [channel] = [one for one in found(viewer, "general") if one[0] == "channel"]
    assert channel == ("channel", "general", f"resources/channel/{harbour.channel_id}")
    for _, _, where in [*found(viewer, "tomas"), *found(viewer, "harbour")]:
        page = viewer.client.get(f"/control/{where}", headers=viewer.credentials)
        assert page.status_code == 200, where
    assert found(viewer, "no such thing") == []
    assert found(viewer, "100%") == []


def test_acts_on_roles_are_for_who_may_take_them(
    app: Flask, world: World, viewer: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = world.role(world.server(), name="Steward")
    tried = ("act", "Try a change of the role Steward", f"roles/{role}?act=try")
    given = ("act", "Assign the role Steward", f"roles/{role}?act=give")
    administrator = control_client(app, world, *RIGHTS, username="root")
    operator = control_client(app, world, VIEW, OPERATE, username="op")
    assert tried in found(operator, "try steward") and given not in found(operator, "steward")
    assert given in found(administrator, "assign steward")
    assert not [one for one in found(viewer, "steward") if one[0] == "act"]
    rooms = [one for one in rooms_of(app) if one.name != "what_if"]
    monkeypatch.setitem(app.extensions, EXTENSION, tuple(rooms))
    assert [one for one in found(administrator, "steward") if one[0] == "act"] == [given]


def test_resources_of_an_application_are_found_by_its_own_ids(
    app: Flask, viewer: ControlClient, world: World
) -> None:
    with papers.declared(app) as made:
        plan = made.document(made.workspace(world.user("owner")), "Plan of the year")
        assert found(viewer, "plan") == [
            ("document", "Plan of the year", f"resources/document/{plan}")
        ]


def test_guards_policies_alerts_and_pages_are_found_and_acts_by_right(
    app: Flask, world: World, viewer: ControlClient
) -> None:
    administrator = control_client(app, world, *RIGHTS, username="root")
    address = "guards?guard=circuit_breaker:message.send"
    seen = found(viewer, "message.send")
    assert ("guard", "message.send", address) in seen
    assert not [one for one in seen if one[0] == "act"]
    acts = [one for one in found(administrator, "isolate message.send") if one[0] == "act"]
    assert acts == [("act", "Isolate message.send", f"{address}&act=isolate")]
    limiter = "guards?guard=rate_limit:message.send"
    slots = "guards?guard=bulkhead:message.send"
    for text, where in (
        ("Bypass message.send (let calls through)", f"{address}&act=close"),
        ("Configure the limiter message.send", f"{limiter}&act=edit"),
        ("Reset a caller's usage of message.send", f"{limiter}&act=reset_key"),
        ("Release dead slots of message.send", f"{slots}&act=release"),
    ):
        assert ("act", text, where) in found(administrator, text)
    assert ("policy", "time", "policies?policy=time") in found(viewer, "time")
    assert ("page", "Alerts", "alerts") in found(viewer, "alerts")
    assert ("place", "API tokens", "settings?part=tokens") in found(viewer, "api tokens")
    assert "Operators" not in [title for _, title, _ in found(viewer, "operators")]
    assert ("place", "Operators", "settings?part=operators") in found(administrator, "operators")
    begin = ("act", "Begin maintenance", "settings?part=maintenance&act=begin")
    assert begin in found(administrator, "maintenance") and begin not in found(
        viewer, "maintenance"
    )
    mara = world.user("mara")
    target = f"cache?act=invalidate&target=user:{mara.id}"
    assert ("act", "Invalidate mara", target) in found(administrator, "invalidate mara")
    with app.app_context():
        rule = alerts.rules.list()[0].rule.name
    assert f"settings?part=thresholds&rule={rule}" in [one[2] for one in found(viewer, rule)]


def test_texts_of_ours_are_found_and_shown_in_the_readers_language(
    app: Flask, world: World
) -> None:
    operator = control_client(app, world, VIEW, OPERATE)
    operator.credentials["Accept-Language"] = "zh"
    titles = [title for _, title, _ in found(operator, "隔离message.send")]
    assert titles == ["隔离 message.send"]


def test_the_records_of_a_request_are_found_by_who_may_know_about_others(
    app: Flask, world: World, viewer: ControlClient
) -> None:
    auditor = control_client(app, world, VIEW, AUDIT, username="aud")
    with app.app_context(), writing():
        decision = DecisionRecord(
            user_id=1, asked="message.send", scope="global", reason="grant", allowed=True,
            weight=1, tier="l1", mask_hash="0", request_id=REQUEST,
        )  # fmt: skip
        record = AuditRecord(action="role.update", subject="role:1", request_id=REQUEST)
        db.session.add_all([decision, record])
        db.session.commit()
        record_id = record.id
    assert found(auditor, REQUEST) == [
        ("decision", REQUEST, f"permissions?tab=decisions&request={REQUEST}"),
        ("record", REQUEST, f"audit?record={record_id}"),
    ]
    assert found(viewer, REQUEST) == []


def test_a_search_is_bounded_in_what_it_reads_and_in_what_it_answers(
    viewer: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LATEST", 3)
    owner = world.user("owner")
    for number in range(5):
        world.server(owner, name=f"Port {number}", grants=())
    servers = [title for kind, title, _ in found(viewer, "port") if kind == "server"]
    assert servers == ["Port 2", "Port 3", "Port 4"]
    servers = [title for kind, title, _ in found(viewer, "port", limit=1) if kind == "server"]
    assert servers == ["Port 2"]
    with count_own_statements(every=True) as statements:
        found(viewer, "port")
    assert len(statements) <= 14, statements
    for wrong in ("", "x" * 101):
        assert viewer.get("/search", text=wrong).status_code == 422
