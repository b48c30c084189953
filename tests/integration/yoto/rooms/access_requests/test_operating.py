"""Operators see access requests and act on them: as persons, by their rules, or as the system."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.support.operators import (
    ADMIN,
    OPERATE,
    VIEW,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World
from yoto.extensions import permissions
from yoto.rooms.alerts.model import AlertDeliveryRow, AlertWebhookRow
from yoto.store.columns import utcnow
from yoto.store.db import db

REQUESTS = "/access-requests"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


def ask(app: Flask, member: Person, community: Community, permission: str = "message.pin") -> int:
    with app.app_context():
        place = ("channel", community.channel_id)
        if permission != "message.pin":
            place = ("server", community.id)
        return permissions.access_requests.ask(member.id, permission, *place, 600, "notes").id


def test_an_operator_grants_what_they_may_grant_as_a_person_and_sees_no_more(
    app: Flask, world: World, community: Community, member: Person
) -> None:
    stranger = control_client(app, world, VIEW, OPERATE, ADMIN, username="stranger")
    person = operator_named(world, "lender", VIEW, OPERATE, "admin.audit")
    world.member(
        community, person, world.role(community, "channel.overwrite", "message.pin", position=5)
    )
    _, secret = api_token(app, person)
    lender = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    request_id = ask(app, member, community)
    assert stranger.get(REQUESTS).json["items"] == []
    assert stranger.get(REQUESTS, box="all").status_code == 403
    refused = stranger.post(f"{REQUESTS}/{request_id}/grant")
    assert (refused.status_code, refused.json["reason"]) == (403, "not_approver")
    [shown] = lender.get(REQUESTS).json["items"]
    assert (shown["username"], shown["place_name"], shown["may_decide"]) == (
        "member",
        "general",
        True,
    )
    granted = lender.post(f"{REQUESTS}/{request_id}/grant", seconds=60)
    assert (granted.json["state"], granted.json["decided_by_name"]) == ("granted", "lender")
    assert [one["id"] for one in lender.get(REQUESTS, box="all").json["items"]] == [request_id]
    assert lender.post(f"{REQUESTS}/{request_id}/end").json["state"] == "ended"


def test_the_count_of_an_operators_page_takes_no_more_statements_where_more_is_asked_for(
    app: Flask, world: World, community: Community, member: Person
) -> None:
    # In the server, so that the place is theirs to see, and without what is asked for.
    person = world.member(community, operator_named(world, "watcher", VIEW, OPERATE))
    _, secret = api_token(app, person)
    watcher = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})

    def counted() -> int:
        assert watcher.get(REQUESTS, limit=20).json["items"] == []
        with count_statements(app) as statements:
            watcher.get(REQUESTS, limit=20)
        return len(statements)

    ask(app, member, community)
    ask(app, member, community, "role.manage")
    few = counted()
    for permission in ("channel.manage", "message.manage", "member.ban"):
        ask(app, member, community, permission)
    assert counted() == few < 8


def test_the_terminal_lists_grants_and_refuses_but_is_no_one_of_two_persons(
    app: Flask, world: World, community: Community, member: Person
) -> None:
    request_id = ask(app, member, community)
    managing = ask(app, member, community, "role.manage")
    runner = app.test_cli_runner()

    def said(*words: str, code: int = 0) -> str:
        result = runner.invoke(args=["permission", "requests", *words])
        assert result.exit_code == code, result.output
        return result.output

    listed = said("list")
    assert "member asks for message.pin at channel:" in listed and "0 of 2 approvals" in listed
    assert "granted until" in said("grant", str(request_id), "--reason", "today")
    said("grant", str(managing), "--reason", "alone", code=1)
    assert "is refused" in said("refuse", str(managing), "--reason", "no")
    [act] = world.acts("access_request.grant")
    assert act.actor_id is None and act.after["author"].startswith("cli:")


def test_a_webhook_that_wants_them_gets_each_step_and_others_none(
    app: Flask, world: World, community: Community, member: Person
) -> None:
    with app.app_context():
        for name, wanted in (("people", True), ("pager", False)):
            db.session.add(
                AlertWebhookRow(
                    name=name,
                    url="sealed",
                    secret="sealed",
                    min_level="critical",
                    access_requests=wanted,
                    created_by="user:1",
                    created_at=utcnow(),
                )
            )
        db.session.commit()
    request_id = ask(app, member, community)
    with app.app_context():
        permissions.access_requests.grant(request_id, actor_id=community.owner.id)
        rows = db.session.query(AlertDeliveryRow).order_by(AlertDeliveryRow.id).all()
        sent = [(one.webhook_id, json.loads(one.body)) for one in rows]
    assert {webhook_id for webhook_id, _ in sent} == {1}
    assert [body["type"] for _, body in sent] == ["access_request.asked", "access_request.granted"]
    assert sent[1][1]["data"]["access_request_id"] == request_id
