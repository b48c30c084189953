"""What a transaction touched becomes few subjects, and never too few."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table

from yoto.permission.outbox.touches import MAX_ROLES, MAX_USERS, Found, Home, Touches

NOTHING_FOUND = Found({}, {})
IDS = Column("id", Integer)


def test_nothing_touched_is_falsy_and_settles_to_nothing() -> None:
    touches = Touches()
    assert not touches
    assert touches.settled(NOTHING_FOUND) == []


def test_few_users_get_an_event_each() -> None:
    touches = Touches()
    for user_id in range(1, MAX_USERS + 1):
        touches.user(user_id, Home("server:7"))
    assert touches.roles_to_find == set()
    assert len(touches.settled(NOTHING_FOUND)) == MAX_USERS


def test_many_users_of_one_server_become_one_event_of_the_server() -> None:
    touches = Touches()
    for user_id in range(1, MAX_USERS + 2):
        touches.user(user_id, Home(role_id=9))
    assert touches.roles_to_find == {9}
    assert touches.settled(Found({9: "server:7"}, {})) == ["server:7"]


def test_many_users_of_two_servers_become_two_events() -> None:
    touches = Touches()
    for user_id in range(1, MAX_USERS + 2):
        touches.user(user_id, Home(f"server:{7 + user_id % 2}"))
    assert touches.settled(NOTHING_FOUND) == ["server:7", "server:8"]


def test_many_users_of_a_global_role_touch_everything() -> None:
    touches = Touches()
    for user_id in range(1, MAX_USERS + 2):
        touches.user(user_id, Home(role_id=9))
    assert touches.settled(Found({9: ""}, {})) == ["global"]


def test_many_users_of_a_role_that_is_gone_touch_everything() -> None:
    touches = Touches()
    for user_id in range(1, MAX_USERS + 2):
        touches.user(user_id, Home(role_id=9))
    assert touches.settled(NOTHING_FOUND) == ["global"]


def test_everything_includes_the_rest_but_not_the_policies() -> None:
    touches = Touches()
    touches.add("policy", "channel:3")
    touches.user(42)
    touches.everything()
    assert touches.settled(NOTHING_FOUND) == ["global", "policy"]


def test_a_group_touches_the_roles_that_have_it() -> None:
    touches = Touches()
    touches.groups.add(5)
    assert touches.settled(Found({}, {5: frozenset({9, 8})})) == ["role:8", "role:9"]


def test_a_group_that_very_many_roles_have_touches_everything() -> None:
    touches = Touches()
    touches.groups.add(5)
    assert touches.settled(Found({}, {5: frozenset(range(1, MAX_ROLES + 2))})) == ["global"]


def test_a_node_that_is_gone_is_touched_and_remembered() -> None:
    touches = Touches()
    touches.node("document", 4, gone=IDS)
    touches.node("document", 5)
    assert touches.settled(NOTHING_FOUND) == ["document:4", "document:5"]
    assert touches.gone == {IDS: {4: "document:4"}}


def test_somebody_who_is_gone_is_touched_and_remembered() -> None:
    touches = Touches()
    touches.person(42, gone=IDS)
    touches.person(43, gone=IDS, id_="mara")
    touches.user(44)
    assert touches.settled(NOTHING_FOUND) == ["user:42", "user:43", "user:44"]
    assert touches.gone_people == {IDS: {42: 42, "mara": 43}}


def test_who_is_touched_by_a_key_again_is_gone_all_the_same() -> None:
    numbers = Table("numbers", MetaData())
    touches = Touches()
    touches.key(numbers, "mara", gone=IDS)
    touches.key(numbers, "mara")
    touches.key(numbers, "tomas")
    assert touches
    assert touches.keys == {numbers: {"mara": IDS, "tomas": None}}
