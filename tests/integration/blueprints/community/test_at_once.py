"""Several people at the same moment: limits hold, and nothing ends half-way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from app.blueprints.channels.categories import CATEGORIES_MAX
from app.blueprints.messages.pins import PINS_MAX
from app.blueprints.roles import roles
from app.blueprints.servers import invites, servers
from app.models import Category, Invite, Member, Message, Server
from tests.support.together import together
from tests.support.world import Person, World
from yoto.store.models import Role

Act = Callable[[], int]
ROUNDS = 3


@pytest.fixture
def act(app: Flask) -> Callable[..., Act]:
    """Makes a request to be sent later, by a client of its own; it gives the status."""

    def later(person: Person, method: str, path: str, body: Any = None) -> Act:
        def send() -> int:
            client = app.test_client()
            answer = client.open(
                f"/api/v1/{path}", method=method, json=body, headers=person.headers
            )
            return answer.status_code

        return send

    return later


def test_a_server_given_away_twice_at_once_goes_to_one(
    world: World, act: Callable[..., Act]
) -> None:
    for _ in range(ROUNDS):
        community = world.server()
        heirs = [world.member(community) for _ in range(2)]
        path = f"servers/{community.id}/transfer"
        statuses = together(
            [act(community.owner, "POST", path, {"user_id": heir.id}) for heir in heirs]
        )
        assert sorted(statuses) == [200, 403]
        owner = world.scalar(select(Server.owner_id).where(Server.id == community.id))
        assert owner == heirs[statuses.index(200)].id


def test_the_owner_of_a_server_is_always_in_it(world: World, act: Callable[..., Act]) -> None:
    for _ in range(ROUNDS):
        community = world.server()
        heir = world.member(community)
        given, left = together(
            [
                act(
                    community.owner,
                    "POST",
                    f"servers/{community.id}/transfer",
                    {"user_id": heir.id},
                ),
                act(heir, "POST", f"servers/{community.id}/leave"),
            ]
        )
        assert (given, left) in {(200, 409), (422, 204)}
        owner = world.scalar(select(Server.owner_id).where(Server.id == community.id))
        assert world.scalar(
            select(Member.id).where(Member.server_id == community.id, Member.user_id == owner)
        )


def test_a_ban_holds_against_somebody_who_comes_in_at_that_moment(
    world: World, act: Callable[..., Act]
) -> None:
    for _ in range(ROUNDS):
        community = world.server(public=True)
        pest = world.user()
        banned, joined = together(
            [
                act(community.owner, "PUT", f"servers/{community.id}/bans/{pest.id}"),
                act(pest, "POST", f"servers/{community.id}/join"),
            ]
        )
        assert banned == 200
        assert joined in (201, 403)
        rows = world.rows(select(Member.banned).where(Member.user_id == pest.id))
        assert rows == [(True,)]


def test_the_limit_of_pins_holds(world: World, act: Callable[..., Act]) -> None:
    community = world.server()
    for _ in range(PINS_MAX - 1):
        world.message(community.channel_id, community.owner, pinned_at=World.soon(-1))
    messages = world.messages(community.channel_id, community.owner, 4)
    statuses = together(
        [
            act(
                community.owner,
                "PUT",
                f"channels/{community.channel_id}/messages/{message}/pin",
            )
            for message in messages
        ]
    )
    assert sorted(statuses) == [200, 409, 409, 409]
    pinned = select(func.count()).where(Message.pinned_at.is_not(None))
    assert world.scalar(pinned) == PINS_MAX


def test_the_limit_of_categories_holds(world: World, act: Callable[..., Act]) -> None:
    community = world.server()
    world.run(
        insert(Category),
        [{"server_id": community.id, "name": f"c{n}"} for n in range(CATEGORIES_MAX - 1)],
    )
    path = f"servers/{community.id}/categories"
    statuses = together([act(community.owner, "POST", path, {"name": "x"}) for _ in range(4)])
    assert sorted(statuses) == [201, 409, 409, 409]
    assert world.scalar(select(func.count()).select_from(Category)) == CATEGORIES_MAX


def test_the_limit_of_roles_holds(
    world: World, act: Callable[..., Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "ROLES_MAX", 3)  # @everyone is one of them
    community = world.server()
    path = f"servers/{community.id}/roles"
    statuses = together(
        [act(community.owner, "POST", path, {"name": f"r{number}"}) for number in range(5)]
    )
    assert sorted(statuses) == [201, 201, 409, 409, 409]
    held = select(func.count()).where(Role.server_id == community.id)
    assert world.scalar(held) == 3


def test_the_limit_of_servers_holds_for_what_is_made_and_what_is_given(
    world: World, act: Callable[..., Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "SERVERS_MAX", 2)
    for _ in range(ROUNDS):
        heir = world.user()
        given = [world.server() for _ in range(2)]
        for community in given:
            world.member(community, heir)
        together(
            [
                *(act(heir, "POST", "servers", {"name": f"s{number}"}) for number in range(3)),
                *(
                    act(one.owner, "POST", f"servers/{one.id}/transfer", {"user_id": heir.id})
                    for one in given
                ),
            ]
        )
        assert world.scalar(select(func.count()).where(Server.owner_id == heir.id)) == 2


def test_the_limits_of_invites_hold(
    world: World, act: Callable[..., Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites, "INVITES_MAX", 3)
    monkeypatch.setattr(invites, "INVITES_OF_MEMBER", 2)
    community = world.server()
    path = f"servers/{community.id}/invites"
    people = [world.member(community) for _ in range(2)]
    statuses = together([act(one, "POST", path, {}) for one in people for _ in range(3)])
    assert sorted(statuses) == [201, 201, 201, 409, 409, 409]
    made = select(func.count(Invite.id)).group_by(Invite.created_by)
    assert sorted(count for (count,) in world.rows(made)) == [1, 2]


def test_messages_sent_at_once_are_all_kept(world: World, act: Callable[..., Act]) -> None:
    community = world.server()
    people = [world.member(community) for _ in range(6)]
    path = f"channels/{community.channel_id}/messages"
    statuses = together([act(person, "POST", path, {"content": "hi"}) for person in people])
    assert statuses == [201] * 6
    assert world.scalar(select(func.count()).select_from(Message)) == 6
