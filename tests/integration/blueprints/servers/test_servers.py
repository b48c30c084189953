"""Making, reading, changing, handing over and deleting servers."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from app.extensions import db
from app.models import Channel, Member, Message, Server
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World, auth_header
from yoto.store.models import Permission, Role

SERVERS = "/api/v1/servers"


def url(community: Community, *parts: str) -> str:
    return "/".join((SERVERS, str(community.id), *parts))


def test_the_maker_of_a_server_owns_it_and_may_do_everything_in_it(
    client: FlaskClient, world: World
) -> None:
    alice = world.user("alice")
    made = client.post(SERVERS, json={"name": "  Harbour  "}, headers=alice.headers)
    assert made.status_code == 201
    server = made.get_json()
    assert server["name"] == "Harbour"
    assert server["owner_id"] == alice.id
    assert server["public"] is False
    assert client.get(made.headers["Location"], headers=alice.headers).get_json() == server
    channel_id = world.scalar(select(Channel.id).where(Channel.server_id == server["id"]))
    sent = client.post(
        f"/api/v1/channels/{channel_id}/messages", json={"content": "hi"}, headers=alice.headers
    )
    assert sent.status_code == 201
    renamed = client.patch(made.headers["Location"], json={"name": "Port"}, headers=alice.headers)
    assert renamed.get_json()["name"] == "Port"


def test_everyone_who_joins_may_read_and_write_in_the_first_channel(
    client: FlaskClient, world: World
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    server = client.post(
        SERVERS, json={"name": "Harbour", "public": True}, headers=alice.headers
    ).get_json()
    channel_id = world.scalar(select(Channel.id).where(Channel.server_id == server["id"]))
    messages = f"/api/v1/channels/{channel_id}/messages"
    assert client.post(messages, json={"content": "hi"}, headers=bob.headers).status_code == 404
    assert client.post(f"{SERVERS}/{server['id']}/join", headers=bob.headers).status_code == 201
    assert client.post(messages, json={"content": "hi"}, headers=bob.headers).status_code == 201
    assert len(client.get(messages, headers=bob.headers).get_json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "ok", "description": "x" * 501}, "description"),
        ({"name": "ok", "public": "yes"}, "public"),
        ({"name": "ok", "public": 1}, "public"),
        ({"name": "ok", "owner_id": 1}, "owner_id"),
        ([], "body"),
    ],
)
def test_a_server_is_not_made_from_bad_input(
    client: FlaskClient, world: World, body: Any, field: str
) -> None:
    alice = world.user("alice")
    before = world.snapshot()
    answer = client.post(SERVERS, json=body, headers=alice.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_lists_hold_the_servers_i_am_in_and_the_public_ones_that_i_am_not_in(
    client: FlaskClient, world: World
) -> None:
    alice = world.user("alice")
    mine = world.server(alice, public=True)
    joined = world.server(public=True)
    world.member(joined, alice)
    other = world.server(public=True)
    banned_from = world.server(public=True)
    world.ban(banned_from, alice)
    world.server()

    def ids(path: str) -> list[int]:
        page = client.get(path, headers=alice.headers).get_json()
        return [server["id"] for server in page["items"]]

    assert ids(SERVERS) == [mine.id, joined.id]
    assert ids(f"{SERVERS}/discover") == [other.id, banned_from.id]


@pytest.mark.parametrize("path", [SERVERS, f"{SERVERS}/discover"])
def test_lists_come_in_pages_at_a_constant_number_of_statements(
    app: Flask, client: FlaskClient, world: World, path: str
) -> None:
    alice = world.user("alice")
    owner = alice if path == SERVERS else world.user("owner")
    made = [world.server(owner, public=True).id for _ in range(3)]
    client.get(path, headers=alice.headers)
    with count_statements(app) as for_three:
        client.get(path, headers=alice.headers)
    made += [world.server(owner, public=True).id for _ in range(27)]
    with count_statements(app) as for_thirty:
        whole = client.get(path, headers=alice.headers).get_json()
    assert len(for_thirty) == len(for_three)
    assert [server["id"] for server in whole["items"]] == made
    assert whole["next"] is None

    seen: list[int] = []
    cursor: int | None = 0
    while cursor is not None:
        page = client.get(f"{path}?limit=7&after={cursor}", headers=alice.headers).get_json()
        assert len(page["items"]) <= 7
        seen += [server["id"] for server in page["items"]]
        cursor = page["next"]
    assert seen == made


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=101", "limit"), ("after=x", "after"), ("page=2", "page")],
)
def test_a_wrong_page_is_refused_by_field(
    client: FlaskClient, world: World, query: str, field: str
) -> None:
    alice = world.user("alice")
    answer = client.get(f"{SERVERS}?{query}", headers=alice.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def test_a_private_server_is_shown_to_its_members_alone(client: FlaskClient, world: World) -> None:
    private, public = world.server(), world.server(public=True)
    member, stranger = world.member(private), world.user()
    root = world.user(super_admin=True)
    assert client.get(url(private), headers=member.headers).status_code == 200
    assert client.get(url(private), headers=root.headers).status_code == 200
    refused = client.get(url(private), headers=stranger.headers)
    assert refused.status_code == 404
    assert client.get(url(public), headers=stranger.headers).status_code == 200
    assert client.get(f"{SERVERS}/999999", headers=stranger.headers).status_code == 404


def test_a_change_is_stored_and_audited_with_what_was_there_before(
    client: FlaskClient, world: World
) -> None:
    community = world.server(name="Harbour")
    steward = world.member(community, None, world.role(community, "server.manage"))
    answer = client.patch(
        url(community), json={"name": "Port", "public": False}, headers=steward.headers
    )
    assert answer.get_json()["name"] == "Port"
    (act,) = world.audit(community)
    assert (act.action, act.actor_id) == ("server.update", steward.id)
    assert (act.before, act.after) == ({"name": "Harbour"}, {"name": "Port"})


def test_a_change_without_a_difference_is_no_change(client: FlaskClient, world: World) -> None:
    community = world.server(name="Harbour")
    before = world.snapshot()
    answer = client.patch(url(community), json={"name": "Harbour"}, headers=community.owner.headers)
    assert answer.status_code == 200
    assert world.snapshot() == before


def test_an_owner_deletes_a_server_with_everything_in_it(client: FlaskClient, world: World) -> None:
    community = world.server()
    parent = world.role(community, "message.pin")
    child = world.role(community, "server.manage", parent_id=parent)
    member = world.member(community, None, child)
    world.message(community.channel_id, member)
    world.overwrite(channel=community.channel_id, role=child, deny=["message.send"])
    world.category(community)
    world.invite(community)
    answer = client.delete(url(community), headers=community.owner.headers)
    assert answer.status_code == 204
    for model in (Server, Channel, Member, Message, Role):
        assert world.scalar(select(func.count()).select_from(model)) == 0
    (act,) = world.audit(community)
    assert (act.action, act.subject) == ("server.delete", f"server:{community.id}")


@pytest.mark.parametrize("act", ["delete", "transfer"])
def test_managers_of_a_server_can_neither_delete_it_nor_give_it_away(
    client: FlaskClient, world: World, act: str
) -> None:
    community = world.server()
    steward = world.member(community, None, world.role(community, "server.administrator"))
    before = world.snapshot()
    if act == "delete":
        answer = client.delete(url(community), headers=steward.headers)
    else:
        answer = client.post(
            url(community, "transfer"), json={"user_id": steward.id}, headers=steward.headers
        )
    assert answer.status_code == 403
    assert answer.get_json()["reason"] == "owner_only"
    assert world.snapshot() == before


def test_after_a_transfer_the_new_owner_has_the_rights_and_the_old_one_has_not(
    client: FlaskClient, world: World
) -> None:
    community = world.server()
    heir = world.member(community)
    answer = client.post(
        url(community, "transfer"), json={"user_id": heir.id}, headers=community.owner.headers
    )
    assert answer.status_code == 200
    assert answer.get_json()["owner_id"] == heir.id
    assert client.patch(url(community), json={}, headers=heir.headers).status_code == 200
    old = client.patch(url(community), json={}, headers=community.owner.headers)
    assert old.status_code == 403
    assert client.get(url(community), headers=community.owner.headers).status_code == 200


def test_a_server_goes_only_to_one_of_its_active_members(client: FlaskClient, world: World) -> None:
    community = world.server()
    stranger, banned = world.user(), world.user()
    world.ban(community, banned)
    disabled = world.member(community, world.user(disabled=True))
    before = world.snapshot()
    for user_id in (stranger.id, banned.id, disabled.id, community.owner.id, 999_999):
        answer = client.post(
            url(community, "transfer"),
            json={"user_id": user_id},
            headers=community.owner.headers,
        )
        assert answer.status_code == 422
        assert list(answer.get_json()["errors"]) == ["user_id"]
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("PATCH", (), {"name": "Mine now"}),
        ("DELETE", (), None),
        ("POST", ("transfer",), {"user_id": 1}),
    ],
)
def test_strangers_and_plain_members_change_nothing_and_learn_nothing_about_the_body(
    client: FlaskClient, world: World, method: str, tail: tuple[str, ...], body: Any
) -> None:
    community = world.server()
    stranger, member = world.user(), world.member(community)
    elsewhere = world.server().owner
    before = world.snapshot()
    for person, status in ((stranger, 404), (member, 403), (elsewhere, 404)):
        for sent in (body, {"unknown": 1}):
            answer = client.open(
                url(community, *tail), method=method, json=sent, headers=person.headers
            )
            assert answer.status_code == status
    assert world.snapshot() == before


def test_a_disabled_owner_is_nobody(app: Flask, client: FlaskClient, world: World) -> None:
    owner: Person = world.user(disabled=True)
    community = world.server(owner)
    answer = client.delete(url(community), headers=auth_header(app, owner.id))
    assert answer.status_code == 401


def test_without_a_catalogue_of_permissions_it_is_said_what_is_missing(
    app: Flask, client: FlaskClient, world: World
) -> None:
    alice = world.user("alice")
    with app.app_context():
        db.session.execute(delete(Permission))
        db.session.commit()
    answer = client.post(SERVERS, json={"name": "Harbour"}, headers=alice.headers)
    assert answer.status_code == 503
    assert "run 'flask setup'" in answer.json["detail"]
    assert world.scalar(select(func.count()).select_from(Server)) == 0
