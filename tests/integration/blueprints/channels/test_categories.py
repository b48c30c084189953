"""Making, listing, changing and deleting categories."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from app.blueprints.channels.categories import CATEGORIES_MAX
from app.models import Category, Channel
from tests.support.world import Community, Person, World


def categories_of(community: Community, *parts: object) -> str:
    return "/".join(("/api/v1/servers", str(community.id), "categories", *map(str, parts)))


def listed(client: FlaskClient, community: Community, person: Person) -> list[int]:
    page = client.get(categories_of(community), headers=person.headers).get_json()
    return [category["id"] for category in page["items"]]


def test_a_category_is_made_listed_in_order_changed_and_deleted(
    client: FlaskClient, world: World, community: Community
) -> None:
    builder = world.member(community, None, world.role(community, "channel.manage"))
    made = client.post(
        categories_of(community), json={"name": "Topics", "position": 2}, headers=builder.headers
    )
    assert made.status_code == 201
    category = made.get_json()
    assert category == {
        "id": category["id"],
        "server_id": community.id,
        "name": "Topics",
        "position": 2,
    }
    first = world.category(community, position=1)
    assert listed(client, community, builder) == [first, category["id"]]
    path = categories_of(community, category["id"])
    changed = client.patch(path, json={"name": "Talk", "position": 0}, headers=builder.headers)
    assert changed.get_json()["name"] == "Talk"
    assert listed(client, community, builder) == [category["id"], first]
    assert client.delete(path, headers=builder.headers).status_code == 204
    assert listed(client, community, builder) == [first]
    assert [act.action for act in world.audit(community)] == [
        "category.create",
        "category.update",
        "category.delete",
    ]


def test_a_list_holds_the_categories_in_which_one_may_read_a_channel(
    client: FlaskClient, world: World, community: Community
) -> None:
    open_, empty, secret = (world.category(community) for _ in range(3))
    world.channel(community, category_id=open_)
    world.channel(community, category_id=secret, synced=True)
    world.overwrite(category=secret, role=community.everyone_id, deny=["channel.read"])
    member = world.member(community)
    assert listed(client, community, member) == [open_]
    assert listed(client, community, community.owner) == [open_, empty, secret]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "position": -1}, "position"),
        ({"name": "x", "server_id": 1}, "server_id"),
    ],
)
def test_a_category_is_not_made_from_bad_input(
    client: FlaskClient, world: World, community: Community, body: Any, field: str
) -> None:
    before = world.snapshot()
    answer = client.post(categories_of(community), json=body, headers=community.owner.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_a_server_holds_a_bounded_number_of_categories(
    client: FlaskClient, world: World, community: Community
) -> None:
    world.run(
        insert(Category),
        [{"server_id": community.id, "name": f"c{n}"} for n in range(CATEGORIES_MAX)],
    )
    answer = client.post(
        categories_of(community), json={"name": "x"}, headers=community.owner.headers
    )
    assert answer.status_code == 409


def test_members_strangers_and_owners_of_other_servers_change_no_category(
    client: FlaskClient, world: World, community: Community
) -> None:
    category = world.category(community)
    other = world.server()
    member = world.member(community)
    before = world.snapshot()
    for person, status in ((member, 403), (other.owner, 404)):
        for method, path in (
            ("POST", categories_of(community)),
            ("PATCH", categories_of(community, category)),
            ("DELETE", categories_of(community, category)),
        ):
            answer = client.open(path, method=method, json={"name": "x"}, headers=person.headers)
            assert answer.status_code == status
    assert world.snapshot() == before


def test_a_category_is_found_only_in_its_own_server(
    client: FlaskClient, world: World, community: Community
) -> None:
    foreign = world.category(world.server())
    before = world.snapshot()
    path = categories_of(community, foreign)
    for method, tail in (
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/overwrites"),
        ("PUT", f"/overwrites/role/{community.everyone_id}"),
        ("DELETE", f"/overwrites/role/{community.everyone_id}"),
    ):
        body = {} if method in ("PATCH", "PUT") else None
        answer = client.open(path + tail, method=method, json=body, headers=community.owner.headers)
        assert answer.status_code == 404, (method, tail)
    assert world.snapshot() == before


def test_deleting_a_category_opens_no_channel_that_was_in_sync_with_it(
    client: FlaskClient, world: World, community: Community
) -> None:
    category = world.category(community)
    world.overwrite(category=category, role=community.everyone_id, deny=["channel.read"])
    insider = world.member(community)
    world.overwrite(category=category, user=insider, allow=["channel.read"])
    synced = [world.channel(community, category_id=category, synced=True) for _ in range(2)]
    own_way = world.channel(community, category_id=category)
    member = world.member(community)
    answer = client.delete(categories_of(community, category), headers=community.owner.headers)
    assert answer.status_code == 204
    for channel in synced:
        path = f"/api/v1/channels/{channel}"
        assert client.get(path, headers=member.headers).status_code == 404
        assert client.get(path, headers=insider.headers).status_code == 200
    assert client.get(f"/api/v1/channels/{own_way}", headers=member.headers).status_code == 200
    rows = world.rows(select(Channel.category_id, Channel.synced))
    assert set(rows) == {(None, False)}
