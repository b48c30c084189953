"""Statements of the community's lists: one for the list, and none to know who may read it.

A warm worker knows callers and their rights; where a list takes two statements the comment says
which. All in one test, because each needs the same community and changes nothing.
"""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from tests.support.round_trips import count_round_trips
from tests.support.statements import count_own_statements
from tests.support.world import World
from yoto.redis import RedisStore

READS = {
    "channels/{channel}/messages": 1,
    "channels/{channel}/messages?before=9": 1,
    "channels/{channel}/messages?after=1": 1,
    "channels/{channel}/messages/{message}": 1,
    "channels/{channel}/pins": 1,
    "channels/{channel}": 1,
    "servers/{server}/channels": 1,
    "servers/{server}/categories": 2,  # channels that are readable, and their categories
    "servers": 1,
    "servers/discover": 1,
    "servers/{server}": 1,
    "servers/{server}/members": 2,  # members, and their roles
    "servers/{server}/members/{member}": 2,
    "servers/{server}/roles": 1,
    "roles/{role}": 1,
    "roles/{role}/members": 2,  # the role, which names the server, and its holders
    "users/{member}/roles?server_id={server}": 1,
    "users/{member}/roles": 1,
    "users/{member}": 1,
    "auth/me": 1,
}


def test_a_read_takes_the_statements_of_what_it_reads_and_no_round_trip(
    app: Flask, client: FlaskClient, world: World
) -> None:
    community = world.server()
    category = world.category(community)
    for number in range(5):
        world.channel(community, f"channel {number}", category_id=category)
    member = world.member(community)
    named = {
        "server": community.id,
        "channel": community.channel_id,
        "role": community.everyone_id,
        "member": member.id,
        "message": world.messages(community.channel_id, member, 3)[0],
    }
    nodes = RedisStore.of(app).topology.router.nodes()
    taken = {}
    for path in READS:
        address = f"/api/v1/{path.format(**named)}"
        assert client.get(address, headers=member.headers).status_code == 200, path
        with count_own_statements() as statements, count_round_trips(nodes) as trips:
            assert client.get(address, headers=member.headers).status_code == 200
        taken[path] = len(statements), trips
    assert taken == {path: (statements, []) for path, statements in READS.items()}


def test_sending_takes_a_statement_for_who_and_where_and_two_to_write_and_a_guard_and_an_event(
    app: Flask, client: FlaskClient, world: World
) -> None:
    community = world.server()
    member = world.member(community)
    address = f"/api/v1/channels/{community.channel_id}/messages"

    def send() -> int:
        sent = client.post(address, json={"content": "Ahoy"}, headers=member.headers)
        return sent.status_code

    nodes = RedisStore.of(app).topology.router.nodes()
    for _ in range(3):  # the end of each travels with the next one; Redis then has the scripts
        assert send() == 201
    with count_own_statements() as statements, count_round_trips(nodes) as trips:
        assert send() == 201
    assert len(trips) == 2, "the limits of sending, and telling those who read"
    words = [statement.split(maxsplit=1)[0] for statement in statements]
    assert words == ["SELECT", "INSERT", "INSERT"], statements
