"""The rows that a transaction touched become few tags, and never too few."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table

from yoto.permission.outbox.dirty_tags import MAX_ROLES, MAX_USERS, DirtyTags, Found, Home

NOTHING_FOUND = Found({}, {})
IDS = Column("id", Integer)


def test_nothing_touched_is_falsy_and_settles_to_nothing() -> None:
    dirty = DirtyTags()
    assert not dirty
    assert dirty.settled(NOTHING_FOUND) == []


def test_few_users_get_an_event_each() -> None:
    dirty = DirtyTags()
    for user_id in range(1, MAX_USERS + 1):
        dirty.user(user_id, Home("server:7"))
    assert dirty.roles_to_find == set()
    assert len(dirty.settled(NOTHING_FOUND)) == MAX_USERS


def test_many_users_of_one_server_become_one_event_of_the_server() -> None:
    dirty = DirtyTags()
    for user_id in range(1, MAX_USERS + 2):
        dirty.user(user_id, Home(role_id=9))
    assert dirty.roles_to_find == {9}
    assert dirty.settled(Found({9: "server:7"}, {})) == ["server:7"]


def test_many_users_of_two_servers_become_two_events() -> None:
    dirty = DirtyTags()
    for user_id in range(1, MAX_USERS + 2):
        dirty.user(user_id, Home(f"server:{7 + user_id % 2}"))
    assert dirty.settled(NOTHING_FOUND) == ["server:7", "server:8"]


def test_many_users_of_a_global_role_touch_everything() -> None:
    dirty = DirtyTags()
    for user_id in range(1, MAX_USERS + 2):
        dirty.user(user_id, Home(role_id=9))
    assert dirty.settled(Found({9: ""}, {})) == ["global"]


def test_many_users_of_a_role_that_is_gone_touch_everything() -> None:
    dirty = DirtyTags()
    for user_id in range(1, MAX_USERS + 2):
        dirty.user(user_id, Home(role_id=9))
    assert dirty.settled(NOTHING_FOUND) == ["global"]


def test_everything_includes_the_rest_but_not_the_policies() -> None:
    dirty = DirtyTags()
    dirty.add("policy", "channel:3")
    dirty.user(42)
    dirty.everything()
    assert dirty.settled(NOTHING_FOUND) == ["global", "policy"]


def test_a_group_touches_the_roles_that_have_it() -> None:
    dirty = DirtyTags()
    dirty.groups.add(5)
    assert dirty.settled(Found({}, {5: frozenset({9, 8})})) == ["role:8", "role:9"]


def test_a_group_that_very_many_roles_have_touches_everything() -> None:
    dirty = DirtyTags()
    dirty.groups.add(5)
    assert dirty.settled(Found({}, {5: frozenset(range(1, MAX_ROLES + 2))})) == ["global"]


def test_a_node_that_is_gone_is_touched_and_remembered() -> None:
    dirty = DirtyTags()
    dirty.node("document", 4, gone=IDS)
    dirty.node("document", 5)
    assert dirty.settled(NOTHING_FOUND) == ["document:4", "document:5"]
    assert dirty.gone == {IDS: {4: "document:4"}}


def test_somebody_who_is_gone_is_touched_and_remembered() -> None:
    dirty = DirtyTags()
    dirty.person(42, gone=IDS)
    dirty.person(43, gone=IDS, id_="mara")
    dirty.user(44)
    assert dirty.settled(NOTHING_FOUND) == ["user:42", "user:43", "user:44"]
    assert dirty.gone_people == {IDS: {42: 42, "mara": 43}}


def test_who_is_touched_by_a_key_again_is_gone_all_the_same() -> None:
    numbers = Table("numbers", MetaData())
    dirty = DirtyTags()
    dirty.key(numbers, "mara", gone=IDS)
    dirty.key(numbers, "mara")
    dirty.key(numbers, "tomas")
    assert dirty
    assert dirty.keys == {numbers: {"mara": IDS, "tomas": None}}
